// Days are the theatres' own: of sales in statements, and of shows in figures.

import Postgres
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct TheatreDayTests {
  private static let all = SalesReach(partnerID: nil)
  private static let zones: [Int64: String] = [1: "Pacific/Auckland", 2: "America/Los_Angeles"]

  private func day(_ house: House, _ sql: String) async throws -> CalendarDate {
    let result = try await house.connection.query(PostgresStatement(sql: "select (\(sql))::text"))
    return try #require(CalendarDate(try result.onlyRow().decode(0, as: String.self)))
  }

  /// Tickets sold and given back in a theatre on a day, so many days after another one.
  private func counted(
    _ house: House, theatre: Int64, on day: CalendarDate, plus days: Int
  ) async throws -> [[Int64]] {
    let other = try await self.day(house, "date '\(day)' + (\(days))")
    var question = SettlementQuestion(firstDay: other, lastDay: other)
    question.theatreID = theatre
    return try await SalesStore(house.connection).settlement(
      question, Self.all, pageSize: 0, pageToken: ""
    ).0.items.map { [$0.soldCount, $0.returnedCount] }
  }

  /// The clocks of these two are nearly a day apart.
  @Test func moneyMovesOnTheTheatresOwnDay() async throws {
    try await House.run { house in
      let store = SalesStore(house.connection)
      for (theatre, zone) in Self.zones {
        try await house.run(
          "update theatre set time_zone = '\(zone)' where theatre_id = \(theatre)")
      }
      let sale = try await house.sold(["A1", "A2"], 1)
      _ = try await house.serve([house.exchange(sale.id, ["A5"], 2, show: 2, lane: 9)])
      var days: [Int64: CalendarDate] = [:]
      for (theatre, zone) in Self.zones {
        days[theatre] = try await day(
          house, "select min(created_at at time zone '\(zone)')::date from sales_outbox")
      }
      _ = try await store.numberAll()
      for (theatre, expected) in [(Int64(1), [Int64(2), 2]), (2, [1, 0])] {
        let day = try #require(days[theatre])
        #expect(try await counted(house, theatre: theatre, on: day, plus: -1) == [])
        #expect(try await counted(house, theatre: theatre, on: day, plus: 0) == [expected])
        #expect(try await counted(house, theatre: theatre, on: day, plus: 1) == [])
      }
    }
  }

  /// What is given back counts on the day on which it is, not on the sale's.
  @Test func whatIsGivenBackTheNextDayCountsThen() async throws {
    try await House.run { house in
      let store = SalesStore(house.connection)
      let sale = try await house.sold(["A1", "A2"], 1)
      let day = try await day(
        house, "select min(created_at at time zone 'Europe/Brussels')::date from sales_outbox")
      _ = try await store.numberAll()
      _ = try await house.change(.cancel, sale.id, 2, seats: ["A2"])
      try await house.run(
        """
        update request_log set created_at = created_at + interval '1 day' where effect = 'cancelled'
        """)
      _ = try await store.numberAll()
      #expect(try await counted(house, theatre: 1, on: day, plus: 0) == [[2, 0]])
      #expect(try await counted(house, theatre: 1, on: day, plus: 1) == [[0, 1]])
    }
  }

  private func figures(
    _ house: House, _ grouping: SalesGrouping, from first: CalendarDate, to last: CalendarDate
  ) async throws -> [SalesFigures] {
    let found = try await SalesStore(house.connection).statistics(
      SalesQuestion(firstDay: first, lastDay: last, grouping: grouping), Self.all)
    guard case .figures(let figures) = found else { return [] }
    return figures
  }

  /// 23:30 UTC is the next day in Brussels.
  @Test func showsCountOnTheTheatresOwnDay() async throws {
    try await House.run { house in
      try await house.run(
        """
        update show set during = tstzrange(
          date_trunc('day', now(), 'UTC') + interval '9 days 23 hours 30 minutes',
          date_trunc('day', now(), 'UTC') + interval '10 days 1 hour') where show_id = 3
        """)
      let utc = try await day(house, "(now() at time zone 'UTC')::date + 9")
      let own = try await day(house, "(now() at time zone 'UTC')::date + 10")
      for grouping in [SalesGrouping.day, .show] {
        #expect(try await figures(house, grouping, from: utc, to: utc) == [])
        #expect(try await figures(house, grouping, from: own, to: own).map(\.showCount) == [1])
      }
      let days = try await figures(house, .day, from: utc, to: own)
      #expect(days.map(\.day) == ["\(own)"])
    }
  }

  @Test func moviesAreNamedAndPlaysAreOneGroup() async throws {
    try await House.run { house in
      for (day, title) in [(4, "A play"), (5, "Another")] {
        try await house.run(
          """
          select create_show(1, 2::smallint, null, '\(title)', 'nl', '', d + time '20:00',
                             d + time '22:00', 'EUR', '{GOLD,SILVER}', '{1500,1000}')
            from (select date_trunc('day', now()) + interval '\(day) days') x(d)
          """)
      }
      _ = try await house.sold(["A1", "B1"], 1)
      let moved = try await house.sold(["C4"], 2)
      _ = try await house.serve([house.exchange(moved.id, ["A5"], 3, show: 2, lane: 9)])
      let first = try await day(house, "now()::date"),
        last = try await day(house, "now()::date + 9")
      let movies = try await figures(house, .movie, from: first, to: last)
      let told = movies.map { "\($0.id) \($0.name): \($0.showCount), \($0.soldSeatCount)" }.sorted()
      #expect(told == ["0 : 2, 0", "1 Zebra: 1, 2", "2 Aardvark: 2, 1"])
    }
  }
}
