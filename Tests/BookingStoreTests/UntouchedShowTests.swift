// Shows whose seats nobody has touched yet: they have no rows of seats, and look like all others.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

extension House {
  /// Uploads a show of auditorium 1, so many days after the house's own, and returns what became of it.
  fileprivate func upload(
    _ reference: String = "new", day: Int64 = 10
  ) async throws -> ScheduleResult {
    let start = details.show.startsAtUnixMicroseconds + day * 86_400_000_000
    let wish = ScheduleWish(
      reference: reference, auditoriumID: 1, auditorium: "", kind: 1, movieID: 1, title: "",
      language: "nl", format: "2D", start: .at(start), minutes: 0, currency: try Currency("EUR"),
      prices: [("GOLD", 1_500), ("SILVER", 1_000)], salesState: nil)
    return try await HouseStore(connection).upload(
      [wish], toTheatre: 1, by: AuditActor(keyID: nil, name: "test"))[0]
  }

  /// A show that nobody has touched.
  fileprivate func untouched() async throws -> Int64 {
    let result = try await upload()
    #expect(result.outcome == .created)
    return result.showID
  }

  /// Rows of seats of a show, and whether it is said to have some.
  fileprivate func rows(_ showID: Int64) async throws -> (count: Int64, hasSeats: Bool) {
    let row = try await connection.query(
      PostgresStatement(
        sql: """
          select (select count(*) from show_seat h where (h.lane, h.show_id) = (s.lane, s.show_id)),
                 s.has_seats
            from show s where s.show_id = \(showID)
          """)
    ).onlyRow()
    return (try row.decode(0), try row.decode(1))
  }

  fileprivate func map(_ showID: Int64) async throws -> SeatSnapshot {
    try await snapshot(of: showID)
  }

  fileprivate func counts(_ showID: Int64) async throws -> [Int32]? {
    try await SalesStore(connection).digest(ofShow: showID, SalesReach(partnerID: nil))?.counts
  }
}

@Suite(.timeLimit(.minutes(3))) struct UntouchedShowTests {
  @Test func anUploadedShowLooksLikeAllOthers() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      #expect(try await house.rows(show) == (0, false))
      let (map, other) = try await (house.map(show), house.snapshot())
      #expect(map.seats == other.seats && map.version == other.version)
      #expect(map.lane == other.lane && map.showID == show)
      #expect(try await house.counts(show) == [30, 0, 0, 0])
      let blocked = try await SeatMapStore(house.connection).blocked(lane: 5, showID: show)
      #expect(blocked.isEmpty)
      #expect(try await house.faults() == [])
    }
  }

  @Test func theFirstHoldMakesTheRows() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      let outcomes = try await house.hold([
        house.request(["A1", "A2"], 1, show: show), house.request(["A2"], 2, show: show),
        house.request(["B1"], 3),
      ])
      #expect(outcomes[0].seats(in: house) == ["A1", "A2"])
      #expect(outcomes[1].lost?.map(\.state) == [.held])
      #expect(outcomes[2].record != nil)
      #expect(try await house.rows(show) == (30, true))
      #expect(try await house.map(show).version == 2)
      #expect(try await house.counts(show) == [28, 2, 0, 0])
      #expect(try await house.faults() == [])
      let booking = try #require(outcomes[0].record)
      _ = try await house.change(.confirm, booking.id, 4, payment: "p")
      #expect(try await house.counts(show) == [28, 0, 2, 0])
      #expect(try await house.faults() == [])
    }
  }

  /// Whoever comes second waits for the rows and finds them.
  @Test func twoNodesThatTouchAShowAtOnceMakeItsRowsOnce() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      let first = try await PostgresConnection.connect(house.configuration, on: house.loop)
      _ = try await first.query("begin")
      let other = SaleDesk(
        first, ShowDirectory(CatalogStore(first), on: house.loop), on: house.loop
      ) { _ in }
      let early = try await other.serve(
        [.hold(house.request(["A1"], 1, show: show))], timeout: nil)
      #expect(early[0].record != nil)
      async let late = house.hold([house.request(["A1", "A2"], 2, show: show)])
      let isAwaited: PostgresStatement = """
        select exists (select from pg_locks where not granted and locktype = 'transactionid'
                         and transactionid = pg_current_xact_id()::xid)
        """
      while try await !first.query(isAwaited).onlyRow().decode(0, as: Bool.self) {
        await Task.yield()
      }
      _ = try await first.query("commit")
      #expect(try await late[0].lost == [SeatStatus(number: 0, state: .held)])
      #expect(try await house.rows(show) == (30, true))
      #expect(try await house.faults() == [])
      await first.close()
    }
  }

  /// A sale that is not committed leaves no rows behind.
  @Test func rowsComeWithTheTransactionThatNeedsThem() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      for isLocked in [true, false] {
        try await house.run("begin")
        let keys = [SaleStatements.ShowKey(lane: 5, showID: show), .init(lane: 5, showID: 1)]
        let states = try await SaleStatements.shows(
          keys, locked: isLocked, on: house.connection, timeout: nil)
        #expect(Set(states.map(\.showID)) == [1, show])
        #expect(try await house.rows(show) == (30, true))
        try await house.run("rollback")
        #expect(try await house.rows(show) == (0, false))
      }
      #expect(try await house.faults() == [])
    }
  }

  @Test func seatsAreWithdrawnBeforeAnyIsSold() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      let block = BlockRequest(
        house.identity(1), actorKeyID: 1, actor: "ours", lane: 5, showID: show,
        seatNumbers: [0, 1], isBlock: true, reason: "broken")
      #expect(try await house.serve([.block(block)]) == [.seatsChanged(version: 2)])
      #expect(try await house.counts(show) == [28, 0, 0, 2])
      let blocked = try await SeatMapStore(house.connection).blocked(lane: 5, showID: show)
      #expect(blocked.map(\.seatNumbers) == [[0, 1]])
      #expect(try await house.faults() == [])
    }
  }

  @Test func seatsAreExchangedForThoseOfAnUntouchedShow() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      let sale = try await house.sold(["A1"], 1)
      let outcome = try await house.serve([house.exchange(sale.id, ["C5"], 2, show: show)])[0]
      #expect(outcome.record?.showID == show)
      #expect(try await house.rows(show) == (30, true))
      #expect(try await house.faults() == [])
    }
  }

  /// A show is of the layout that was the newest when it was made, whenever its rows are.
  @Test func aShowKeepsItsLayout() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      let old = house.details.layout
      let smaller = try SeatLayout(
        columns: old.columns, lines: old.lines, focalPoint: old.focalPoint,
        seats: old.seats.filter { $0.row != "A" })
      let outcome = try await HouseStore(house.connection).importLayout(
        smaller, auditoriumID: 1, expectedVersion: nil, isDryRun: false,
        by: AuditActor(keyID: 0, name: "test"))
      guard case .done(let made) = outcome else { throw StoreError(.fault) }
      #expect(made.version == 2)
      let next = try await house.upload("next", day: 11).showID
      #expect(try await house.map(show).seats.count == 30)
      #expect(try await house.map(next).seats.map(\.number) == Array(10..<30))
      let outcomes = try await house.hold([
        house.request(["A1"], 1, show: show), house.request(["A1"], 2, show: next),
        house.request(["B1"], 3, show: next),
      ])
      #expect(outcomes[0].record != nil && outcomes[2].record != nil)
      #expect(outcomes[1].record == nil)
      #expect(try await house.rows(show) == (30, true))
      #expect(try await house.rows(next) == (20, true))
      #expect(try await house.faults() == [])
    }
  }

  /// Its time and what it is may change, and it may be withdrawn, without rows.
  @Test func anUntouchedShowIsChangedAndWithdrawn() async throws {
    try await House.run { house in
      let show = try await house.untouched()
      let moved = try await house.upload(day: 12)
      #expect(moved.outcome == .updated && moved.showID == show)
      let withdrawn = try await HouseStore(house.connection).withdrawShows(
        [show], ofTheatre: 1, by: AuditActor(keyID: nil, name: "test"))
      #expect(withdrawn == [show])
      #expect(try await house.rows(show) == (0, false))
      #expect(try await house.map(show).seats.count == 30)
      #expect(try await house.faults() == [])
    }
  }

  /// What a layout is said to have follows its seats.
  @Test func aLayoutKnowsItsSeatsAndTiers() async throws {
    try await House.run { house in
      let layout = PostgresStatement(
        sql: "select seat_count, tiers from layout where auditorium_id = 1 and layout_version = 1")
      for (change, count, tiers) in [
        ("select", 30, ["GOLD", "SILVER"]),
        (
          "update layout_seat set tier = 'BEST' where label = 'C1'", 30, ["BEST", "GOLD", "SILVER"]
        ),
        ("delete from layout_seat where row_label = 'A'", 20, ["BEST", "GOLD"]),
        ("delete from layout_seat", 0, []),
      ] as [(String, Int32, [String])] {
        try await house.run(change)
        let row = try await house.connection.query(layout).onlyRow()
        #expect(try row.decode(0, as: Int32.self) == count)
        #expect(try row.decode(1, as: [String].self).sorted() == tiers)
      }
      #expect(try await house.upload().outcome == .layoutNotFound)
    }
  }
}
