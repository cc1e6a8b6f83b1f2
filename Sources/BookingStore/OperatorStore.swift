// What operators do to partners and their keys. Each act is one statement that does it and notes it,
// so that there is no act without its entry in the audit log.

package import Booking
import Postgres

/// Partners, API keys and the audit log.
package struct OperatorStore: Sendable {
  private let database: any Database

  /// Reads and writes a database.
  package init(_ database: any Database) {
    self.database = database
  }

  // MARK: Partners

  /// Makes a partner; nil when another has the name.
  package func createPartner(
    named name: String, by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> PartnerRecord? {
    let result = try await database.ask(
      Statements.createPartner, actor.values + [.text(name)], timeout: timeout)
    return try reading { () throws(PostgresError) in try result.firstRow.map(PartnerRecord.init) }
  }

  /// What became of a wish to change a partner.
  package enum PartnerUpdate: Sendable, Hashable {
    /// This is what it is now.
    case done(PartnerRecord)
    /// There is no such partner.
    case notFound
    /// Another partner has the name.
    case nameTaken
  }

  /// Changes a partner; nil leaves a thing as it is.
  package func updatePartner(
    id: Int64, name: String?, state: PartnerState?, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> PartnerUpdate {
    let values: [PostgresValue] = [.int8(id), .text(name), .int2(state?.rawValue)]
    do throws(StoreError) {
      let result = try await database.ask(
        Statements.updatePartner, actor.values + values, timeout: timeout)
      guard let row = result.firstRow else { return .notFound }
      return .done(try reading { () throws(PostgresError) in try PartnerRecord(row) })
    } catch {
      guard error.cause?.kind == .uniqueViolation else { throw error }
      return .nameTaken
    }
  }

  /// A partner; nil when there is none.
  package func partner(
    id: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> PartnerRecord? {
    let result = try await database.ask(Statements.getPartner, [.int8(id)], timeout: timeout)
    return try reading { () throws(PostgresError) in try result.firstRow.map(PartnerRecord.init) }
  }

  /// Partners by name.
  package func partners(
    pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<PartnerRecord> {
    try await database.page(
      Statements.listPartners, RequestHash(command: "partners"), [], pageSize, pageToken, timeout,
      key: { ($0.name, $0.id) }, PartnerRecord.init)
  }

  // MARK: Keys

  /// What became of a wish for a key.
  package enum KeyCreation: Sendable, Hashable {
    /// It was made.
    case done(APIKeyRecord)
    /// There is no such partner.
    case partnerNotFound
    /// There are no such theatres.
    case theatresNotFound([Int64])
    /// Another key has the certificate.
    case certificateTaken
  }

  /// Gives a partner a key with this secret; nil when its certificate is.
  package func createKey(
    _ wish: APIKeyWish, secret: String?, by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> KeyCreation {
    let values: [PostgresValue] = [
      .int8(wish.partnerID), secret.map { .secretHash($0) } ?? .bytea(nil),
      .text(secret.map(APIKeySecret.prefix) ?? "certificate"), .text(wish.label),
      .array(wish.scopes), PostgresValue(wish.theatreIDs),
      .int8(wish.lifetime?.wholeMicroseconds), .text(wish.certificate),
      .int4(wish.sellingPerSecond), .int4(wish.reportingPerSecond),
    ]
    let result: PostgresResult
    do throws(StoreError) {
      result = try await database.ask(
        Statements.createKey, actor.values + values, timeout: timeout)
    } catch {
      guard error.cause?.kind == .uniqueViolation else { throw error }
      return .certificateTaken
    }
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      guard try row.decode(0, as: Bool.self) else { return .partnerNotFound }
      let unknown: [Int64] = try row.decode(1)
      return unknown.isEmpty
        ? .done(try APIKeyRecord(row, from: 2)) : .theatresNotFound(unknown)
    }
  }

  /// A key; nil when there is none.
  package func key(
    id: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> APIKeyRecord? {
    let result = try await database.ask(Statements.getKey, [.int8(id)], timeout: timeout)
    return try Self.key(result)
  }

  /// Gives a key a successor that may do the same, and ends the key after an overlap; nil when there is
  /// no such key, it is over, has a successor, or a certificate for a secret.
  package func rotateKey(
    id: Int64, secret: String, overlap: Duration, by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> APIKeyRecord? {
    let result = try await database.ask(
      Statements.rotateKey,
      actor.values + [
        .int8(id), .secretHash(secret), .text(APIKeySecret.prefix(of: secret)),
        .int8(overlap.wholeMicroseconds),
      ], timeout: timeout)
    return try Self.key(result)
  }

  /// Ends a key at once; nil when there is no such key.
  package func revokeKey(
    id: Int64, by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> APIKeyRecord? {
    let result = try await database.ask(
      Statements.revokeKey, actor.values + [.int8(id)], timeout: timeout)
    return try Self.key(result)
  }

  private static func key(_ result: PostgresResult) throws(StoreError) -> APIKeyRecord? {
    try reading { () throws(PostgresError) in
      try result.firstRow.map { (row) throws(PostgresError) in try APIKeyRecord(row) }
    }
  }

  /// Keys of a partner, or of all (0), oldest first.
  package func keys(
    ofPartner partnerID: Int64, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<APIKeyRecord> {
    var filter = RequestHash(command: "api_keys")
    filter.add(partnerID)
    return try await database.page(
      Statements.listKeys, filter, [.int8(partnerID)], pageSize, pageToken, timeout,
      key: { ("", $0.id) }, { (row) throws(PostgresError) in try APIKeyRecord(row) })
  }

  // MARK: Accounts

  /// Blocks an account, which ends its sessions, or readmits it; nil when there is none that is not
  /// closed.
  package func setAccountState(
    id: UniqueID, _ state: AccountState, by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> AccountRecord? {
    let result = try await database.ask(
      Statements.setAccountState,
      actor.values + [.uuid(PostgresUUID(id)), .int2(state.rawValue)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.firstRow.map { (row) throws(PostgresError) in try AccountRecord(row) }
    }
  }

  // MARK: The log

  /// Acts that concern a partner, or all (0), newest first.
  package func auditEntries(
    _ wanted: AuditFilter, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<AuditRecord> {
    var filter = RequestHash(command: "audit")
    for id in [wanted.partnerID, wanted.actorKeyID, wanted.from ?? -1, wanted.until ?? -1] {
      filter.add(id)
    }
    filter.add([wanted.accountID?.description ?? "", wanted.action])
    let (from, until) = (wanted.from, wanted.until)
    return try await database.page(
      Statements.listAuditEntries, filter,
      [
        .int8(wanted.partnerID), .uuid(wanted.accountID.map { PostgresUUID($0) }),
        .text(wanted.action), .int8(wanted.actorKeyID),
        .timestamp(from.map { PostgresTimestamp(unixMicroseconds: $0) }),
        .timestamp(until.map { PostgresTimestamp(unixMicroseconds: $0) }),
      ], pageSize, pageToken, timeout, key: { ("", $0.id) }, AuditRecord.init)
  }
}

extension AuditActor {
  /// The first two parameters of every act.
  var values: [PostgresValue] { [.int8(keyID), .text(name)] }
}

extension PostgresValue {
  /// What is kept of a secret.
  static func secretHash(_ secret: String) -> PostgresValue {
    .bytea(SHA256.digest(Array(secret.utf8)))
  }
}

extension Duration {
  var wholeMicroseconds: Int64 {
    components.seconds &* 1_000_000 &+ components.attoseconds / 1_000_000_000_000
  }
}
