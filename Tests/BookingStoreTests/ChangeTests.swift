// Confirming, releasing, cancelling and expiring bookings.

import Logging
import Postgres
import Reactor
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct ChangeTests {
  @Test func aBookingIsConfirmedAndCancelled() async throws {
    try await House.run { house in
      let held = try await house.held(["A1", "A2"], 1)
      guard case .done(let sold) = try await house.change(.confirm, held.id, 2, payment: "pay")
      else {
        Issue.record("not confirmed")
        return
      }
      #expect(sold.state == .confirmed && sold.paymentReference == "pay" && sold.expiresInMs == 0)
      #expect(!sold.isTakenAgain)
      #expect(sold.quote == held.quote && sold.version == held.version + 1)
      #expect(try await house.seats(.sold) == ["A1", "A2"])
      #expect(try await house.faults() == [])
      #expect(try await house.change(.cancel, held.id, 3).state == .cancelled)
      #expect(try await house.seats(.sold) == [])
      #expect(try await house.hold([house.request(["A1"], 4)])[0].record != nil)
      #expect(try await house.faults() == [])
    }
  }

  @Test func refusalsTellTheStateOrTheOwner() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      #expect(
        try await house.change(.confirm, held.id, 2, partner: House.otherPartner)
          == .refused(.foreignBooking))
      let unknown = house.newBookingID()
      #expect(try await house.change(.confirm, unknown, 3) == .refused(.bookingNotFound))
      guard case .refused(.wrongState(let same)) = try await house.change(.cancel, held.id, 4)
      else {
        Issue.record("a hold was cancelled")
        return
      }
      #expect(same.state == .held)
      #expect(try await house.change(.release, held.id, 5).state == .released)
      guard case .refused(.wrongState(let released)) = try await house.change(.confirm, held.id, 6)
      else {
        Issue.record("a released hold was confirmed")
        return
      }
      #expect(released.state == .released && released.expiresInMs == 0)
      #expect(try await house.seats(.available).count == 30)
    }
  }

  @Test func anExpiredHoldIsOverWhetherSweptOrNot() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      try await house.endHold(held.id, inSeconds: -6)
      #expect(try await house.seats(.held) == ["A1"])
      let lanes = Lanes([LaneWorker(house.connection, house.shows, on: house.loop)])
      let sweeper = HoldSweeper(
        house.connection, lanes, on: house.loop, logger: Logger(label: "test"))
      #expect(try await sweeper.sweep() == 1)
      #expect(try await sweeper.sweep() == 0)
      #expect(try await house.seats(.held) == [])
      #expect(try await house.change(.release, held.id, 2).state == .expired)
      let unswept = try await house.held(["A2"], 3)
      try await house.endHold(unswept.id, inSeconds: -6)
      #expect(try await house.change(.extend, unswept.id, 4).state == .expired)
      #expect(try await house.seats(.held) == [])
      #expect(try await house.faults() == [])
    }
  }

  /// A show whose seats contradict its bookings comes first, and is left out.
  @Test func aShowThatCannotBeSweptKeepsNoOthersFromIt() async throws {
    try await House.run { house in
      let bad = try await house.held(["A1"], 1)
      guard case .done(let good) = try await house.hold([house.request(["A1"], 2, show: 3)])[0]
      else { throw StoreError(.fault) }
      try await house.endHold(bad.id, inSeconds: -90)
      try await house.endHold(good.id, inSeconds: -60)
      try await house.run(
        "delete from show_seat where show_id = 1 and booking_id is not null")
      let lanes = Lanes([LaneWorker(house.connection, house.shows, on: house.loop)])
      let sweeper = HoldSweeper(
        house.connection, lanes, on: house.loop, logger: Logger(label: "test"))
      #expect(try await sweeper.sweep() == 1)
      #expect(try await sweeper.sweep() == 0)
      let states = try await house.connection.query(
        PostgresStatement(sql: "select show_id, state from booking order by show_id"))
      let rows = try states.rows.map {
        (try $0.decode(0, as: Int64.self), try $0.decode(1, as: Int16.self))
      }
      #expect(rows.map(\.0) == [1, 3] && rows.map(\.1) == [1, 4])
    }
  }

  /// Looked up in the index by their end, however many others there are.
  @Test func aSweepReadsOnlyHoldsThatAreOver() async throws {
    try await House.run { house in
      try await house.run("set enable_seqscan = off")
      let explain = PostgresStatement(sql: "explain \(Statements.findDueShows.sql)")
      let plan = try await house.connection.query(explain, [.int4(1), .array([Int64]())])
      let lines = try plan.rows.map { try $0.decode(0, as: String.self) }
      #expect(lines.contains { $0.contains("Index Cond: (hold_until <=") }, "\(lines)")
    }
  }

  @Test func aLatePaymentTakesTheSeatsAgainWhenAllAreFree() async throws {
    try await House.run { house in
      let lucky = try await house.held(["A1", "A2"], 1)
      let unlucky = try await house.held(["B1", "B2"], 2)
      for booking in [lucky, unlucky] { try await house.endHold(booking.id, inSeconds: -6) }
      _ = try await house.held(["B2"], 3)
      let paid = try await house.change(.confirm, lucky.id, 4, payment: "late")
      #expect(paid.record?.state == .confirmed && paid.record?.paymentReference == "late")
      #expect(paid.record?.isTakenAgain == true)
      #expect(try await house.change(.confirm, lucky.id, 4, payment: "late") == paid)
      #expect(try await house.seats(.sold) == ["A1", "A2"])
      #expect(try await house.change(.confirm, unlucky.id, 5, payment: "late").state == .expired)
      #expect(try await house.seats(.held) == ["B2"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func aHoldIsExtendedOnce() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let longer = try #require(try await house.change(.extend, held.id, 2).record)
      #expect(longer.holdUntil == held.holdUntil + 300_000_000 && longer.isExtended)
      #expect(longer.version == held.version + 1)
      #expect(try await house.change(.extend, held.id, 2).record?.holdUntil == longer.holdUntil)
      // The hold's own answer is from before.
      #expect(try await house.hold([house.request(["A1"], 1)])[0].record?.isExtended == false)
      guard case .refused(.extendedBefore) = try await house.change(.extend, held.id, 3) else {
        Issue.record("extended twice")
        return
      }
      #expect(try await house.faults() == [])
    }
  }

  @Test func aHoldInItsGraceCanStillBeConfirmed() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      try await house.endHold(held.id, inSeconds: -3)
      let now = try await BookingLookup(house.connection)
        .booking(id: held.id, partnerID: House.partner)
      #expect(now?.state == .held && now?.expiresInMs == 0)
      #expect(try await house.change(.confirm, held.id, 2, payment: "p").state == .confirmed)
    }
  }

  @Test func aRepeatedChangeIsAnsweredAgain() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let first = try await house.change(.confirm, held.id, 2, payment: "p")
      _ = try await house.change(.cancel, held.id, 3)
      #expect(try await house.change(.confirm, held.id, 2, payment: "p") == first)
      #expect(
        try await house.change(.confirm, held.id, 2, payment: "q") == .refused(.requestIDReused))
      // The hold's own id is no id for a confirmation.
      #expect(
        try await house.change(.confirm, held.id, 1, payment: "p") == .refused(.requestIDReused))
    }
  }

  @Test func ofTwoChangesInABatchTheFirstWins() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let requests = (2...4).map { id in
        ChangeRequest(
          .confirm, house.identity(UInt64(id)), bookingID: held.id, paymentReference: "p\(id)")
      }
      let outcomes = try await house.serve(requests.map { .change($0) })
      guard case .done(let first) = outcomes[0],
        case .refused(.wrongState(let second)) = outcomes[1],
        case .refused(.wrongState) = outcomes[2]
      else {
        Issue.record("\(outcomes)")
        return
      }
      #expect(first.paymentReference == "p2" && second.paymentReference == "p2")
      #expect(second.state == .confirmed)
      #expect(try await house.faults() == [])
    }
  }

  @Test func aSweepEndsAllThatIsOverInOneVersion() async throws {
    try await House.run { house in
      var held: [BookingID] = []
      for (id, label) in ["A1", "A2", "A3"].enumerated() {
        held.append(try await house.held([label], UInt64(id + 1)).id)
      }
      for (id, seconds) in zip(held, [-6.0, -6, -2]) {
        try await house.endHold(id, inSeconds: seconds)
      }
      let version = try await house.snapshot().version
      #expect(try await house.serve([.sweep(lane: 5, showID: 1)]) == [.swept])
      #expect(try await house.snapshot().version == version + 1)
      #expect(try await house.seats(.held) == ["A3"])
      #expect(try await house.serve([.sweep(lane: 5, showID: 1)]) == [.swept])
      #expect(try await house.snapshot().version == version + 1)
    }
  }

  @Test func aBookingIsShownToItsPartnerOnly() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1, customer: "ann")
      let lookup = BookingLookup(house.connection)
      let mine = try #require(try await lookup.booking(id: held.id, partnerID: House.partner))
      #expect(mine.customerRef == "ann" && mine.quote == held.quote && mine.state == .held)
      #expect(try await lookup.booking(id: held.id, partnerID: House.otherPartner) == nil)
    }
  }

  // MARK: Two nodes, each with a ledger and a live feed that has not told yet

  private func otherDesk(_ house: House) async throws -> SaleDesk {
    let desk = SaleDesk(house.connection, house.shows, on: house.loop) { _ in }
    house.desk.value.setFeedLive(true)
    desk.setFeedLive(true)
    _ = try await desk.serve([.hold(house.request(["B5"], 100))], timeout: nil)
    return desk
  }

  @Test func aHoldOfOneNodeIsConfirmedAtOnceByAnother() async throws {
    try await House.run { house in
      let other = try await otherDesk(house)
      let held = try await house.held(["A1"], 1)
      let confirm = ChangeRequest(
        .confirm, house.identity(2), bookingID: held.id, paymentReference: "p")
      #expect(try await other.serve([.change(confirm)], timeout: nil)[0].state == .confirmed)
      #expect(try await house.seats(.sold) == ["A1"])
      #expect(try await house.faults() == [])
    }
  }

  /// Whoever confirms on one node and cancels on another is not told that the booking is held still.
  @Test func aBookingThatOneNodeConfirmedIsCancelledAtOnceByAnother() async throws {
    try await House.run { house in
      let other = try await otherDesk(house)
      let held = try await house.held(["A1"], 1)
      let confirm = ChangeRequest(
        .confirm, house.identity(2), bookingID: held.id, paymentReference: "p")
      #expect(try await other.serve([.change(confirm)], timeout: nil)[0].state == .confirmed)
      #expect(try await house.change(.cancel, held.id, 3).state == .cancelled)
      #expect(try await house.seats(.sold) == [])
      #expect(try await house.faults() == [])
    }
  }

  /// A wish for A1 that this node has refused and another one granted since, and what it granted.
  private func refusedAndGranted(
    _ house: House
  ) async throws -> (wish: HoldRequest, granted: BookingID) {
    let other = try await otherDesk(house)
    let first = try await house.held(["A1"], 1)
    let wish = try house.request(["A1"], 2)
    #expect(try await house.hold([wish])[0].lost != nil)
    _ = try await house.change(.release, first.id, 3)
    let granted = try #require(try await other.serve([.hold(wish)], timeout: nil)[0].record)
    #expect(granted.state == .held)
    return (wish, granted.id)
  }

  @Test func aRefusalIsForgottenWhenAnotherNodeHasGranted() async throws {
    try await House.run { house in
      let (wish, granted) = try await refusedAndGranted(house)
      #expect(try await house.hold([wish])[0].record?.id == granted)
    }
  }

  @Test func aRefusalIsForgottenByACallOfSeveralToo() async throws {
    try await House.run { house in
      let (wish, granted) = try await refusedAndGranted(house)
      let parts = try [SaleRequest.hold(wish), .hold(house.request(["A2"], 4))]
      guard case .together(let outcomes) = try await house.serve([.together(parts)])[0] else {
        Issue.record("what was done before counts as done")
        return
      }
      #expect(outcomes[0].record?.id == granted)
      #expect(try await house.seats(.held) == ["A1", "A2", "B5"])
    }
  }

  /// The feed tells of a commit a moment before other sessions see it: a refusal must not rest on
  /// what was read in between.
  @Test func aToldCommitThatDoesNotShowYetIsWaitedFor() async throws {
    try await House.run { house in
      house.desk.value.setFeedLive(true)
      let held = try await house.held(["A1"], 1)
      let session = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let other = SaleDesk(session, house.shows, on: house.loop) { _ in }
      _ = try await session.query(PostgresStatement(sql: "begin"))
      let release = ChangeRequest(.release, house.identity(2), bookingID: held.id)
      let released = try await other.serve([.change(release)], timeout: nil)[0].record
      house.desk.value.note(1, version: try #require(released).version)
      async let answer = house.hold([house.request(["A1"], 3)])
      try await waitUntilSomebodyWaits(for: session)
      _ = try await session.query(PostgresStatement(sql: "commit"))
      #expect(try await answer[0].record?.state == .held)
      await session.close()
    }
  }

  /// Waits until some session waits for the end of this one's transaction; the test's time limit ends
  /// it otherwise.
  private func waitUntilSomebodyWaits(for session: PostgresConnection) async throws {
    let waiting = PostgresStatement(
      sql: """
        select exists (select from pg_locks where not granted and locktype = 'transactionid'
                         and transactionid = pg_current_xact_id()::xid)
        """)
    while try await !session.query(waiting).onlyRow().decode(0, as: Bool.self) {
      await Task.yield()
    }
  }

  @Test func aShowPutOnSaleAgainIsSoldWithoutAWordFromTheFeed() async throws {
    try await House.run { house in
      _ = try await otherDesk(house)
      try await house.run("update show set sales_state = 3 where show_id = 1")
      #expect(try await house.hold([house.request(["A1"], 1)])[0] == .refused(.salesClosed))
      try await house.run("update show set sales_state = 2 where show_id = 1")
      #expect(try await house.hold([house.request(["A1"], 2)])[0].record != nil)
    }
  }
}
