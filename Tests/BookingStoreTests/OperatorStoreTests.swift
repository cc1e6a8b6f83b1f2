// Partners, keys and the log of who did what to them.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

private let host = AuditActor(keyID: nil, name: "the tests")

@Suite(.timeLimit(.minutes(3))) struct OperatorStoreTests {
  private func made(_ creation: OperatorStore.KeyCreation) throws -> APIKeyRecord {
    guard case .done(let key) = creation else { throw StoreError(.fault) }
    return key
  }

  private func actions(_ store: OperatorStore) async throws -> [String] {
    try await store.auditEntries(ofPartner: 0, pageSize: 0, pageToken: "").items.map(\.action)
  }

  @Test func namesOfPartnersAreTakenOnce() async throws {
    try await House.run { house in
      let store = OperatorStore(house.connection)
      let lumen = try #require(try await store.createPartner(named: "Lumen", by: host))
      #expect(lumen.state == .active)
      #expect(try await store.createPartner(named: "Lumen", by: host) == nil)
      let other = try #require(try await store.createPartner(named: "Capitol", by: host))
      #expect(
        try await store.updatePartner(id: other.id, name: "Lumen", state: nil, by: host)
          == .nameTaken)
      #expect(
        try await store.updatePartner(id: 99_999, name: "X", state: nil, by: host) == .notFound)
      let page = try await store.partners(pageSize: 1, pageToken: "")
      #expect(page.items.map(\.name) == ["Capitol"])
      let rest = try await store.partners(pageSize: 9, pageToken: page.nextPageToken)
      #expect(rest.items.map(\.name) == ["Lumen", "Ours", "Theirs", "Usher, to accounts"])
      // What was refused was not done, and is not noted.
      #expect(try await actions(store) == ["CREATE_PARTNER", "CREATE_PARTNER"])
    }
  }

  @Test func aChangeIsNotedWithWhatWasBefore() async throws {
    try await House.run { house in
      let store = OperatorStore(house.connection)
      let actor = AuditActor(keyID: 7, name: "somebody")
      for state in [PartnerState.blocked, .blocked] {
        let update = try await store.updatePartner(
          id: House.partner, name: nil, state: state, by: actor)
        guard case .done(let partner) = update else { throw StoreError(.fault) }
        #expect(partner.state == .blocked && partner.name == "Ours")
      }
      let entries = try await store.auditEntries(
        ofPartner: House.partner, pageSize: 0, pageToken: ""
      ).items
      #expect(entries.map(\.action) == ["UPDATE_PARTNER"], "what changes nothing is not noted")
      let entry = try #require(entries.first)
      #expect(entry.actorKeyID == 7 && entry.actor == "somebody" && entry.keyID == 0)
      #expect(entry.detail.contains(#""before": {"name": "Ours", "state": 1}"#))
      #expect(entry.detail.contains(#""after": {"name": "Ours", "state": 3}"#))
      #expect(
        try await store.auditEntries(ofPartner: House.otherPartner, pageSize: 0, pageToken: "")
          .items.isEmpty)
    }
  }

  @Test func aKeyIsKeptAsItsHashAndSaysWhatItMay() async throws {
    try await House.run { house in
      let store = OperatorStore(house.connection)
      let secret = APIKeySecret.make(forOperator: false)
      #expect(secret.wholeMatch(of: /usher_pk_[0-9a-z]{52}/) != nil)
      let key = try made(
        try await store.createKey(
          .init(
            partnerID: House.partner, label: "till", scopes: ["sell"], theatreIDs: [2, 1],
            lifetime: .seconds(3_600)),
          secret: secret, by: host))
      #expect(key.prefix == String(secret.prefix(14)) && key.label == "till")
      let found = try #require(
        try await CredentialStore(house.connection).credential(forKey: secret))
      #expect(found.partnerID == House.partner && found.keyID == key.id && found.isActive)
      #expect(found.scopes == ["sell"] && found.theatreIDs == [2, 1])
      let left = try #require(found.validFor)
      #expect(left > .seconds(3_000) && left <= .seconds(3_600))
      let kept = try await house.connection.query(
        PostgresStatement(
          sql: "select count(*) from api_key k where k::text like '%' || $1 || '%'"),
        [.text(String(secret.dropFirst(14)))])
      #expect(try kept.onlyRow().decode(0, as: Int64.self) == 0, "nothing of the secret is kept")
      let log = try await store.auditEntries(ofPartner: 0, pageSize: 0, pageToken: "").items
      #expect(log.first?.keyID == key.id && log.first?.detail.contains(secret) == false)
    }
  }

  @Test func aKeyForNobodyOrForNoTheatreIsNotMade() async throws {
    try await House.run { house in
      let store = OperatorStore(house.connection)
      let secret = APIKeySecret.make(forOperator: false)
      let forNobody = try await store.createKey(
        .init(partnerID: 99_999, scopes: ["sell"]), secret: secret, by: host)
      #expect(forNobody == .partnerNotFound)
      let forNoTheatre = try await store.createKey(
        .init(partnerID: House.partner, scopes: ["sell"], theatreIDs: [1, 77, 55]),
        secret: secret, by: host)
      #expect(forNoTheatre == .theatresNotFound([55, 77]))
      #expect(try await CredentialStore(house.connection).credential(forKey: secret) == nil)
      #expect(try await actions(store).isEmpty)
    }
  }

  @Test func aKeyPastItsTimeOrRevokedIsNoKey() async throws {
    try await House.run { house in
      let (store, credentials) = (
        OperatorStore(house.connection), CredentialStore(house.connection)
      )
      let (brief, revoked) = (
        APIKeySecret.make(forOperator: false), APIKeySecret.make(forOperator: true)
      )
      _ = try await store.createKey(
        .init(partnerID: House.partner, scopes: ["sell"], lifetime: .seconds(60)), secret: brief,
        by: host)
      let key = try made(
        try await store.createKey(
          .init(partnerID: House.partner, scopes: ["admin"]), secret: revoked, by: host))
      #expect(try await credentials.credential(forKey: brief) != nil)
      #expect(try await credentials.credential(forKey: revoked)?.validFor == nil)
      try await house.connection.executeScript(
        "update api_key set expires_at = clock_timestamp() where expires_at is not null")
      let first = try await store.revokeKey(id: key.id, by: host)
      #expect(try await credentials.credential(forKey: brief) == nil)
      #expect(try await credentials.credential(forKey: revoked) == nil)
      // Again changes nothing.
      #expect(try await store.revokeKey(id: key.id, by: host) == first)
      #expect(first?.revokedAt != nil)
      #expect(try await store.revokeKey(id: 99_999, by: host) == nil)
      #expect(try await actions(store) == ["REVOKE_API_KEY", "CREATE_API_KEY", "CREATE_API_KEY"])
    }
  }

  @Test func aSuccessorMayTheSameAndTheOldKeyEnds() async throws {
    try await House.run { house in
      let (store, credentials) = (
        OperatorStore(house.connection), CredentialStore(house.connection)
      )
      let secrets = (0..<3).map { _ in APIKeySecret.make(forOperator: false) }
      let key = try made(
        try await store.createKey(
          .init(
            partnerID: House.partner, label: "till", scopes: ["sell"], theatreIDs: [1],
            lifetime: .seconds(86_400)), secret: secrets[0], by: host))
      let next = try #require(
        try await store.rotateKey(
          id: key.id, secret: secrets[1], overlap: .seconds(600), by: host))
      #expect(next.id != key.id && next.label == "till" && next.theatreIDs == [1])
      let old = try #require(try await credentials.credential(forKey: secrets[0]))
      #expect(try #require(old.validFor) <= .seconds(600))
      let new = try #require(try await credentials.credential(forKey: secrets[1]))
      #expect(new.scopes == ["sell"] && (new.validFor ?? .zero) > .seconds(86_000))
      // One successor.
      #expect(
        try await store.rotateKey(id: key.id, secret: secrets[2], overlap: .zero, by: host) == nil)
      // Without an overlap the old one is over at once.
      _ = try await store.rotateKey(id: next.id, secret: secrets[2], overlap: .zero, by: host)
      #expect(try await credentials.credential(forKey: secrets[1]) == nil)
      #expect(try await credentials.credential(forKey: secrets[2]) != nil)
      let keys = try await store.keys(ofPartner: House.partner, pageSize: 0, pageToken: "")
      #expect(keys.items.map(\.prefix) == secrets.map { String($0.prefix(14)) })
    }
  }

  @Test func theLogIsOnlyAddedTo() async throws {
    try await House.run { house in
      let store = OperatorStore(house.connection)
      _ = try await store.createPartner(named: "Lumen", by: host)
      for change in [
        "update audit_entry set actor = 'nobody'", "delete from audit_entry",
        "truncate audit_entry",
      ] {
        await #expect(throws: PostgresError.self, "\(change)") {
          try await house.connection.executeScript(change)
        }
      }
      #expect(try await actions(store) == ["CREATE_PARTNER"])
    }
  }

  @Test func pagesOfTheLogGoBackInTime() async throws {
    try await House.run { house in
      let store = OperatorStore(house.connection)
      for name in ["A", "B", "C"] { _ = try await store.createPartner(named: name, by: host) }
      var (token, seen) = ("", [Int64]())
      repeat {
        let page = try await store.auditEntries(ofPartner: 0, pageSize: 2, pageToken: token)
        seen += page.items.map(\.id)
        token = page.nextPageToken
      } while !token.isEmpty
      #expect(seen.count == 3 && seen == seen.sorted(by: >))
      let keys = try await store.partners(pageSize: 1, pageToken: "").nextPageToken
      await #expect(throws: StoreError(.invalidPageToken)) {
        try await store.auditEntries(ofPartner: 0, pageSize: 2, pageToken: keys)
      }
    }
  }
}

extension OperatorStore {
  /// Acts that concern a partner, or all (0), newest first.
  fileprivate func auditEntries(
    ofPartner partnerID: Int64, pageSize: Int, pageToken: String
  ) async throws(StoreError) -> Page<AuditRecord> {
    var filter = AuditFilter()
    filter.partnerID = partnerID
    return try await auditEntries(filter, pageSize: pageSize, pageToken: pageToken)
  }
}
