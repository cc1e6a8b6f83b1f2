// Partners and their API keys. A key leaves the node only as its SHA-256.

import Booking
import Postgres

/// Who an API key stands for.
package struct Credential: Sendable, Hashable {
  /// The partner.
  package let partnerID: Int64
  /// The key's own number.
  package let keyID: Int64
  /// False for a closed or blocked partner and a certificate whose time is over, whose calls are refused.
  package let isActive: Bool
  /// First characters of the key, for logs.
  package let prefix: String
  /// What it may do: "read", "sell", "manage", "report", "admin".
  package let scopes: [String]
  /// The theatres it is good for; nil for all.
  package let theatreIDs: [Int64]?
  /// How long it is still good; nil for ever.
  package let validFor: Duration?
  /// Calls per second that sell, and that report and manage; nil for what the node allows everybody.
  package let sellingPerSecond: Int32?
  package let reportingPerSecond: Int32?

  fileprivate init(_ row: PostgresRow, isGood: Bool = true) throws(PostgresError) {
    partnerID = try row.decode(0)
    keyID = try row.decode(1)
    let state: Int16 = try row.decode(2)
    isActive = isGood && state == 1
    prefix = try row.decode(3)
    scopes = try row.decode(4)
    theatreIDs = try row.decode(5)
    validFor = try row.decode(6, as: Int64?.self).map { .microseconds($0) }
    sellingPerSecond = try row.decode(7)
    reportingPerSecond = try row.decode(8)
  }
}

/// Looks up credentials.
package struct CredentialStore: Sendable {
  private let database: any Database

  /// Reads from a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// The credential behind a key; nil for keys that are unknown, revoked, past their time or absurdly
  /// long.
  package func credential(
    forKey key: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Credential? {
    guard (1...StoreLimits.keyBytes).contains(key.utf8.count) else { return nil }
    let hash = SHA256.digest(Array(key.utf8))
    let result = try await database.ask(
      Statements.findCredential, [.bytea(hash)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try Credential(row) }
  }

  /// The credential behind a client certificate by its names, as operators write them, the most exact
  /// first; nil when nobody has been given one of them.
  package func credential(
    forCertificate names: [String], timeout: Duration? = nil
  ) async throws(StoreError) -> Credential? {
    let result = try await database.ask(
      Statements.findCertificate, [.array(names)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in
      try Credential(row, isGood: try row.decode(9))
    }
  }

  /// The id of the partner with a name, made if there is none.
  package func addPartner(named name: String) async throws(StoreError) -> Int64 {
    let result = try await database.ask(Statements.addPartner, [.text(name)], timeout: nil)
    return try reading { () throws(PostgresError) in try result.onlyRow().decode(0) }
  }

  /// Gives a partner a key, or the key it has these scopes.
  package func addKey(
    _ key: String, partnerID: Int64, scopes: [String]
  ) async throws(StoreError) {
    let hash = SHA256.digest(Array(key.utf8))
    _ = try await database.ask(
      Statements.addKey,
      [.bytea(hash), .int8(partnerID), .text(APIKeySecret.prefix(of: key)), .array(scopes)],
      timeout: nil)
  }
}
