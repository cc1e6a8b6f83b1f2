// Offers that reach more shows than one transaction raises: every show once and in the end all of them,
// whoever is cut off, whatever comes meanwhile, and with sales going on.

import Logging
import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

/// A database that does something before each transaction that raises shows, and may fail it.
private struct WatchedDatabase: Database {
  let connection: PostgresConnection
  /// Is given how many shows have been raised.
  let beforeRaise: @Sendable (Int64) async throws -> Void

  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    if statement.name == Statements.raiseShowsOfOffer.name {
      let sum = try await connection.query(
        PostgresStatement(sql: "select sum(pricing_version - 1) from show"))
      do {
        try await beforeRaise(try sum.onlyRow().decode(0))
      } catch {
        throw PostgresError(.cancelled, "the caller is gone")
      }
    }
    return try await connection.query(statement, parameters, timeout: timeout)
  }

  func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await connection.inTransaction(body)
  }
}

@Suite struct OfferRaiseTests {
  private let operators = TermsActor(
    partnerID: House.partner, isOperator: true, theatreIDs: nil,
    audit: AuditActor(keyID: 3, name: "operator"))
  private let half = OfferWish(
    terms: OfferTerms(
      title: "Half", discount: .share(basisPoints: 5_000), condition: .everySeat),
    place: OfferPlace(), channelID: nil, tier: nil, seatLabels: [])

  /// Those at the second theatre, which are raised last.
  private static let farShows: Set<Int64> = [2, 8, 9, 10, 11]

  /// A house with eleven shows.
  private func manyShows(
    _ body: @escaping @Sendable (House) async throws -> Void
  ) async throws {
    try await House.run { house in
      try await house.run(
        """
        select create_show(a, 1::smallint, 1, '', 'nl', '2D', d + time '20:00', d + time '22:00',
                           'EUR', '{GOLD,SILVER}', '{1500,1000}')
          from (select a, date_trunc('day', now()) + n * interval '1 day' as d
                  from generate_series(4, 7) n, generate_series(1, 2) a order by a, n) x
        """)
      try await body(house)
    }
  }

  private func raises(_ house: House) async throws -> [Int32] {
    let result = try await house.connection.query(
      PostgresStatement(sql: "select pricing_version - 1 from show order by show_id"))
    return try result.all { row throws(PostgresError) in try row.decode(0) }
  }

  private func store(
    _ house: House, _ size: Int, _ beforeRaise: @escaping @Sendable (Int64) async throws -> Void
  ) -> TermsStore {
    TermsStore(
      WatchedDatabase(connection: house.connection, beforeRaise: beforeRaise), raisedShows: size)
  }

  private func price(
    _ house: House, _ label: String, _ id: UInt64, show: Int64
  ) async throws -> Int64? {
    let seat = try house.details.layout.resolve(labels: [label]).map(\.number)
    let wish = HoldRequest(
      identity: house.identity(id),
      bookingID: house.newBookingID(lane: Self.farShows.contains(show) ? 9 : 5), showID: show,
      customerRef: "", selection: .named(seat))
    let outcome = try await house.hold([wish])[0]
    return outcome.record?.quote.total.minorUnits
  }

  /// Makes an offer whose caller goes when so many shows are raised.
  private func cutOff(_ house: House, after count: Int64, _ id: UInt64) async throws {
    let terms = store(house, 3) { raised in
      if raised >= count { throw StoreError(.cancelled) }
    }
    do {
      _ = try await terms.createOffer(half, house.identity(id), by: operators)
      Issue.record("a call that was cut off is answered")
    } catch {
      #expect(error.kind == .cancelled)
    }
  }

  private func sweeper(_ house: House) -> HoldSweeper {
    let lanes = Lanes([LaneWorker(house.connection, house.shows, on: house.loop)])
    return HoldSweeper(house.connection, lanes, on: house.loop, logger: Logger(label: "test"))
  }

  private func abandon(_ house: House) async throws {
    try await house.run("update offer_raise set begun_at = begun_at - interval '1 minute'")
  }

  @Test(arguments: [1, 3, 11, 12])
  func everyShowIsRaisedOnceHoweverManyAtATime(size: Int) async throws {
    try await manyShows { house in
      let terms = TermsStore(house.connection, raisedShows: size)
      let made = try await terms.createOffer(half, house.identity(100), by: operators)
      guard case .done(let change) = made else {
        return #expect(Bool(false), "an offer is refused")
      }
      #expect(change.showCount == 11 && Set(change.showIDs) == Set(1...11))
      #expect(try await raises(house) == Array(repeating: 1, count: 11))
      // The request remembers, and raises nothing again.
      let again = try await terms.createOffer(half, house.identity(100), by: operators)
      #expect(
        again
          == .done(TermsChange(subjectID: change.subjectID, showCount: 11, showIDs: [])))
      #expect(try await raises(house) == Array(repeating: 1, count: 11))
      let ended = try await terms.endOffer(
        id: change.subjectID, house.identity(101), by: operators)
      guard case .done(let end) = ended else { return #expect(Bool(false), "it does not end") }
      #expect(end.showCount == 11)
      #expect(try await raises(house) == Array(repeating: 2, count: 11))
    }
  }

  /// Shows that are raised are sold under the offer, the others as before, and nobody waits.
  @Test func salesGoOnWhileShowsAreRaised() async throws {
    try await manyShows { house in
      #expect(try await price(house, "A1", 1, show: 1) == 1_000)
      #expect(try await price(house, "A1", 2, show: 11) == 1_000)
      let terms = store(house, 4) { (raised) async throws in
        guard raised == 4 else { return }
        #expect(try await price(house, "A2", 3, show: 1) == 500)
        #expect(try await price(house, "A2", 4, show: 11) == 1_000)
      }
      _ = try await terms.createOffer(half, house.identity(100), by: operators)
      #expect(try await price(house, "A3", 5, show: 11) == 500)
      #expect(try await house.faults().isEmpty)
    }
  }

  @Test func sweepersFinishWhatWasCutOff() async throws {
    try await manyShows { house in
      try await cutOff(house, after: 3, 100)
      #expect(try await raises(house).reduce(0, +) == 3)
      // As long as its caller may be at it, it is the caller's.
      #expect(try await sweeper(house).sweep() == 0)
      try await abandon(house)
      #expect(try await sweeper(house).sweep() > 0)
      #expect(try await sweeper(house).sweep() == 0)
      #expect(try await raises(house) == Array(repeating: 1, count: 11))
      #expect(try await price(house, "A1", 1, show: 11) == 500)
      let again = try await TermsStore(house.connection).createOffer(
        half, house.identity(100), by: operators)
      #expect(again == .done(TermsChange(subjectID: 3, showCount: 11, showIDs: [])))
    }
  }

  /// Whoever lost the answer sends the request once more, and hears when all shows are raised.
  @Test func theSameRequestFinishesWhatWasCutOff() async throws {
    try await manyShows { house in
      for count: Int64 in [0, 6] { try await cutOff(house, after: count, 100) }
      let again = try await TermsStore(house.connection, raisedShows: 2).createOffer(
        half, house.identity(100), by: operators)
      guard case .done(let change) = again else { return #expect(Bool(false), "refused") }
      #expect(change.showCount == 11 && change.showIDs.count == 5)
      #expect(try await raises(house) == Array(repeating: 1, count: 11))
    }
  }

  /// A change while a raise is under way has one of its own, from the beginning.
  @Test func aChangeMeanwhileReachesEveryShow() async throws {
    try await manyShows { house in
      try await cutOff(house, after: 6, 100)
      var whole = half.terms
      whole.discount = .share(basisPoints: 10_000)
      let terms = TermsStore(house.connection, raisedShows: 4)
      let changed = try await terms.updateOffer(
        id: 3, whole, house.identity(101), by: operators)
      guard case .done(let change) = changed else { return #expect(Bool(false), "refused") }
      #expect(change.showCount == 11)
      for show: Int64 in 1...11 {
        #expect(try await price(house, "A1", UInt64(show), show: show) == 0)
      }
      try await abandon(house)
      while try await sweeper(house).sweep() > 0 {}
      #expect(try await raises(house).reduce(0, +) == 22)
      #expect(try await price(house, "A2", 20, show: 1) == 0)
    }
  }

  /// A show whose maker has not committed when all others are raised.
  @Test func aShowMadeMeanwhileHasTheOffer() async throws {
    try await manyShows { house in
      let other = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let terms = TermsStore(house.connection)
      let made = try await other.transaction { (maker) async throws(PostgresError) in
        _ = try await maker.query(
          """
          select create_show(1, 1::smallint, 1, '', 'nl', '2D', d + time '20:00',
                             d + time '22:00', 'EUR', '{GOLD,SILVER}', '{1500,1000}')
            from (select date_trunc('day', now()) + interval '9 days') x(d)
          """)
        return try? await terms.createOffer(half, house.identity(100), by: operators)
      }
      await other.close()
      guard case .done(let change) = made else { return #expect(Bool(false), "refused") }
      #expect(change.showCount == 11)
      #expect(try await price(house, "A1", 1, show: 12) == 500)
    }
  }

  // MARK: Bounds

  @Test func anOwnerHasSoManyOffersThatHaveNotEnded() async throws {
    try await House.run { house in
      try await house.run(
        """
        insert into offer (title, kind, discount_basis_points, owner_id)
        select 'Old', 3, 1, 1 from generate_series(1, \(StoreLimits.activeOffers))
        """)
      let owner = TermsActor(
        partnerID: House.partner, isOperator: false, theatreIDs: nil, audit: operators.audit)
      let terms = TermsStore(house.connection)
      let refused = try await terms.createOffer(half, house.identity(100), by: owner)
      #expect(refused == .refused(.tooManyOffers, []))
      _ = try await terms.endOffer(id: 3, house.identity(101), by: owner)
      // What is over by itself need not be ended.
      try await house.run(
        "update offer set valid_until = clock_timestamp() - interval '1 s' where offer_id = 5")
      guard case .done = try await terms.createOffer(half, house.identity(100), by: owner),
        case .done = try await terms.createOffer(half, house.identity(104), by: owner),
        case .refused = try await terms.createOffer(half, house.identity(102), by: owner),
        case .done = try await terms.createOffer(half, house.identity(103), by: operators)
      else { return #expect(Bool(false), "the bound is another") }
    }
  }

  @Test func soMuchOfAShowIsSetAsideAtMost() async throws {
    try await House.run { house in
      let count = StoreLimits.activeAllocations
      try await house.run(
        """
        insert into seat_allocation (lane, show_id, partner_id, tier, seat_count, returns_at)
        select 5, 1, 2, 'GOLD', 1, now() + n * interval '1 hour'
          from generate_series(0, \(count)) n
        """)
      let terms = TermsStore(house.connection)
      let wish = AllocationWish(
        showID: 1, channelID: 2, share: .quota(tier: "GOLD", count: 1),
        returnsAt: 4_000_000_000_000_000)
      let refused = try await terms.createAllocation(wish, house.identity(100), by: operators)
      #expect(refused == .refused(.tooManyAllocations, ["GOLD"]))
      _ = try await terms.endAllocation(id: 2, house.identity(101), by: operators)
      guard
        case .done = try await terms.createAllocation(wish, house.identity(100), by: operators)
      else { return #expect(Bool(false), "what has returned counts") }
    }
  }
}
