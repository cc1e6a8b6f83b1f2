// Accounts and sessions: what only the database sees to.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct AccountStoreTests {
  private func id(_ number: UInt64) -> UniqueID { UniqueID(high: 0x4000, low: number) }

  private func signUp(_ store: AccountStore, _ number: UInt64, _ email: String) async throws {
    let account = try await store.signUp(
      id: id(number), email: email, phone: "", name: "", passwordHash: "hash")
    #expect(account?.email == email && account?.state == .active)
  }

  private func begin(
    _ store: AccountStore, _ session: UInt64, of account: UInt64, lifetimeSeconds: Int64 = 60,
    hash: String = "hash"
  ) async throws -> AccountSession? {
    try await store.beginSession(
      id: id(session), of: id(account), email: "a@b.c", passwordHash: hash,
      refreshToken: "token \(session)",
      lifetimeSeconds: lifetimeSeconds)
  }

  private func isOpen(
    _ store: AccountStore, _ session: UInt64, of account: UInt64, endsAt: Int64 = .max
  ) async throws -> Bool {
    try await store.isOpen(session: id(session), of: id(account), tokenEndsAt: endsAt)
  }

  /// One that waits for one that came later is not locked by it.
  @Test func attemptsAtOnceAreNotLocked() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      _ = try await store.beginLogin(email: "a@b.c")
      let other = try await PostgresConnection.connect(house.configuration, on: house.loop)
      _ = try await other.query("begin")
      _ = try await other.query("select from login_failure for update")
      async let waiting = store.beginLogin(email: "a@b.c")
      try await House.untilAwaited(other)
      _ = try await other.query("update login_failure set locked_until = clock_timestamp()")
      _ = try await other.query("commit")
      guard case .check = try await waiting else { throw StoreError(.fault) }
      await other.close()
    }
  }

  @Test func anAddressIsTakenInAnyCase() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      try await signUp(store, 1, "Ada@Example.org")
      try await signUp(store, 2, "eve@example.org")
      let again = try await store.signUp(
        id: id(3), email: "aDA@eXAMPLE.ORG", phone: "", name: "", passwordHash: "hash")
      #expect(again == nil)
      #expect(try await store.account(email: "ADA@example.org")?.id == id(1))
      var change = AccountChange()
      change.email = "ADA@EXAMPLE.ORG"
      #expect(try await store.update(id: id(2), change) == .emailTaken)
      #expect(try await store.update(id: id(9), change) == .notFound)
      // Its own address in another case is no conflict.
      guard case .done(let account) = try await store.update(id: id(1), change) else {
        throw StoreError(.fault)
      }
      #expect(account.email == "ADA@EXAMPLE.ORG")
    }
  }

  @Test func theNewestTwentySessionsStay() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      try await signUp(store, 1, "a@b.c")
      for session in 1...UInt64(23) { #expect(try await begin(store, session, of: 1) != nil) }
      for session in 1...UInt64(23) {
        #expect(try await isOpen(store, session, of: 1) == (session > 3), "\(session)")
      }
      #expect(try await store.renewSession("token 3", next: "x") == nil)
      #expect(try await store.renewSession("token 4", next: "next 4")?.id == id(4))
    }
  }

  @Test func aSessionIsOpenForItsAccountAndItsTime() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      try await signUp(store, 1, "a@b.c")
      try await signUp(store, 2, "d@e.f")
      let session = try #require(try await begin(store, 5, of: 1))
      #expect(try await isOpen(store, 5, of: 1))
      #expect(try await !isOpen(store, 5, of: 2))
      #expect(try await !isOpen(store, 6, of: 1))
      // The database's time counts, whatever a node makes of a token.
      #expect(try await !isOpen(store, 5, of: 1, endsAt: session.nowSeconds))
      try await house.run("update account_session set expires_at = clock_timestamp()")
      #expect(try await !isOpen(store, 5, of: 1))
      #expect(try await store.renewSession("token 5", next: "x") == nil)
      #expect(try await begin(store, 7, of: 99) == nil, "there is no such account")
    }
  }

  @Test func failuresLockLongerAndLongerAndAreForgotten() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      var waits: [Int64] = []
      for _ in 0..<16 {
        guard
          case .check(nil, nil, passwordHash: nil, begunAt: _) = try await store.beginLogin(
            email: "A@b.c")
        else { throw StoreError(.fault) }
        if case .locked(let span) = try await store.beginLogin(email: "a@B.c") {
          waits.append(Int64((span / .seconds(5)).rounded(.up)))
        }
        try await house.run("update login_failure set locked_until = clock_timestamp()")
      }
      // Steps of five seconds. The first four attempts lock nothing.
      #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128] + repeatElement(180, count: 6))
      try await house.run("update login_failure set last_at = last_at - interval '2 days'")
      _ = try await store.beginLogin(email: "other@b.c")
      guard case .check = try await store.beginLogin(email: "a@b.c") else {
        Issue.record("what is a day old was not forgotten")
        return
      }
    }
  }

  @Test func blockingEndsSessionsAndClosingErases() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      let operators = OperatorStore(house.connection)
      let host = AuditActor(keyID: nil, name: "the tests")
      try await signUp(store, 1, "a@b.c")
      _ = try await begin(store, 5, of: 1)
      let blocked = try await operators.setAccountState(id: id(1), .blocked, by: host)
      #expect(blocked?.state == .blocked)
      #expect(try await !isOpen(store, 5, of: 1))
      #expect(try await begin(store, 6, of: 1) == nil)
      #expect(
        try await !store.close(id: id(1), passwordHash: "hash"),
        "a blocked account does not get away")
      _ = try await operators.setAccountState(id: id(1), .active, by: host)
      #expect(try await !isOpen(store, 5, of: 1), "a session that ended stays over")
      #expect(try await store.close(id: id(1), passwordHash: "hash"))
      #expect(try await store.account(id: id(1))?.email == "")
      #expect(try await operators.setAccountState(id: id(1), .active, by: host) == nil)
      let log = try await operators.auditEntries(AuditFilter(), pageSize: 0, pageToken: "")
      #expect(log.items.map(\.accountID) == [id(1).description, id(1).description])
    }
  }

  @Test func aPasswordCountsOnlyWhileItIsTheAccounts() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      try await signUp(store, 1, "a@b.c")
      _ = try await begin(store, 5, of: 1)
      // Two log-ins, a change and a closing have checked the old password when the new one comes.
      #expect(
        try await store.changePassword(of: id(1), from: "hash", toHash: "new", keeping: id(5)))
      #expect(try await begin(store, 6, of: 1) == nil)
      #expect(
        try await !store.changePassword(
          of: id(1), from: "hash", toHash: "thief's", keeping: id(6)))
      #expect(try await !store.close(id: id(1), passwordHash: "hash"))
      #expect(try await begin(store, 7, of: 1, hash: "new") != nil)
    }
  }

  @Test func whatNobodyLookedAtHasNotFailed() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      try await signUp(store, 1, "a@b.c")
      for _ in 0..<20 {
        let begun = try await begin(store, "A@b.c")
        try await store.forgiveLogin(email: "a@B.c", begunAt: begun)
      }
      // Four wrong ones before and one that waits in line: the fifth wrong one locks, and only that.
      for _ in 0..<5 { _ = try await store.beginLogin(email: "a@b.c") }
      guard case .locked = try await store.beginLogin(email: "a@b.c") else {
        Issue.record("wrong passwords are not counted any more")
        return
      }
    }
  }

  /// When an attempt began, which nothing locks.
  private func begin(_ store: AccountStore, _ email: String) async throws -> Int64 {
    guard case .check(_, _, _, let begunAt) = try await store.beginLogin(email: email) else {
      Issue.record("locked out")
      throw StoreError(.fault)
    }
    return begunAt
  }

  /// How many seconds an address is locked for, rounded up.
  private func secondsLocked(_ store: AccountStore) async throws -> Double {
    guard case .locked(let span) = try await store.beginLogin(email: "a@b.c") else { return 0 }
    return (span / .seconds(1)).rounded(.up)
  }

  /// However many others have failed before.
  @Test func whatIsForgivenLeavesNoLock() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      let unlock = "update login_failure set locked_until = clock_timestamp()"
      for _ in 0..<6 {
        _ = try await begin(store, "a@b.c")
        try await house.run(unlock)
      }
      for _ in 0..<3 {
        try await store.forgiveLogin(email: "a@b.c", begunAt: try await begin(store, "a@b.c"))
      }
      // One that is forgiven late: the eighth failure is the seventh, and waits for that.
      let late = try await begin(store, "a@b.c")
      try await house.run(unlock)
      let wrong = try await begin(store, "a@b.c")
      #expect((30...40).contains(try await secondsLocked(store)))
      try await store.forgiveLogin(email: "a@b.c", begunAt: late)
      #expect((10...20).contains(try await secondsLocked(store)))
      try await store.forgiveLogin(email: "a@b.c", begunAt: wrong)
      #expect(try await secondsLocked(store) == 0)
    }
  }

  /// Five at once, four of which nobody looks at: one wrong password locks nothing.
  @Test func whatIsForgivenHasAddedToNoLock() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      var begun: [Int64] = []
      for _ in 0..<5 { begun.append(try await begin(store, "a@b.c")) }
      #expect((1...5).contains(try await secondsLocked(store)))
      for attempt in begun.dropLast() {
        try await store.forgiveLogin(email: "a@b.c", begunAt: attempt)
      }
      #expect(try await secondsLocked(store) == 0)
    }
  }

  /// A node of before the attempt had a time.
  @Test func anOlderNodeBeginsAttemptsToo() async throws {
    try await House.run { house in
      let store = AccountStore(house.connection)
      try await signUp(store, 1, "a@b.c")
      let begun = try await house.connection.query(
        "select password_hash, locked_ms from begin_login('a@b.c', sha256('a@b.c'))"
      ).onlyRow()
      #expect(try begun.decode(0, as: String.self) == "hash")
      #expect(try begun.decode(1, as: Int64.self) == 0)
      for _ in 0..<4 { _ = try await begin(store, "a@b.c") }
      #expect(try await secondsLocked(store) == 5)
    }
  }
}
