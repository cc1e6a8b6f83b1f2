// Figures about sales: what counts, whose, and how many at a time.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct SalesStatisticsTests {
  private static let all = SalesReach(partnerID: nil)

  private func question(_ house: House, _ grouping: SalesGrouping) async throws -> SalesQuestion {
    let days = try await house.connection.query(
      PostgresStatement(
        sql:
          "select (min(lower(during)) - interval '1 day')::date::text, max(lower(during) + interval '1 day')::date::text from show"
      )
    ).onlyRow()
    let first = try #require(CalendarDate(try days.decode(0, as: String.self)))
    let last = try #require(CalendarDate(try days.decode(1, as: String.self)))
    return SalesQuestion(firstDay: first, lastDay: last, grouping: grouping)
  }

  private func figures(
    _ house: House, _ grouping: SalesGrouping, _ reach: SalesReach = all
  ) async throws -> [SalesFigures] {
    let found = try await SalesStore(house.connection).statistics(
      question(house, grouping), reach)
    guard case .figures(let figures) = found else { return [] }
    return figures
  }

  @Test func whatIsLeftOfABookingIsWhatCounts() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1", "B1", "B2"], 1)
      _ = try await house.change(.cancel, sale.id, 2, seats: ["B1"])
      let gone = try await house.sold(["C3"], 3)
      _ = try await house.change(.cancel, gone.id, 4)
      let moved = try await house.sold(["C4"], 5)
      _ = try await house.serve([house.exchange(moved.id, ["A5"], 6, show: 2, lane: 9)])
      // Neither a hold nor what it is exchanged for is a sale.
      let held = try await house.held(["C7"], 7)
      _ = try await house.serve([house.exchange(held.id, ["C8"], 8)])
      let shows = try await figures(house, .show)
      #expect(shows.map(\.id) == [1, 2, 3] && shows.allSatisfy { $0.seatCount == 30 })
      #expect(shows.map(\.bookingCount) == [1, 1, 0] && shows.map(\.soldSeatCount) == [2, 1, 0])
      // The third seat was sold at half its price: A1, the cheapest.
      #expect(shows.map(\.soldAmount.minorUnits) == [2_000, 1_000, 0])
      #expect(shows.map(\.cancelledSeatCount) == [2, 0, 0])
      #expect(shows.map(\.refundedAmount.minorUnits) == [1_500 + 1_500 + 500, 0, 0])
      let theatres = try await figures(house, .theatre)
      #expect(theatres.map(\.name) == ["Sphinx", "Rex"] && theatres.map(\.showCount) == [2, 1])
      let sellers = try await figures(house, .seller)
      #expect(sellers.map(\.id) == [House.partner] && sellers.map(\.soldSeatCount) == [3])
      #expect(try await figures(house, .show, SalesReach(partnerID: 1)).map(\.id) == [1, 2])
      #expect(try await figures(house, .show, SalesReach(partnerID: 2)) == [])
      #expect(try await house.faults() == [])
    }
  }

  /// The sums that are kept are what the bookings themselves come to, whoever asks.
  @Test(arguments: SalesGrouping.allCases.filter { $0 != .dayOfSale })
  func sumsAreWhatBookingsComeTo(_ grouping: SalesGrouping) async throws {
    try await House.run { house in
      try await house.run("update theatre set partner_id = 2 where theatre_id = 2")
      let sale = try await house.sold(["A1", "B1", "B2"], 1)
      _ = try await house.change(.cancel, sale.id, 2, seats: ["B1"])
      _ = try await house.change(.cancel, try await house.sold(["C3", "C4"], 3).id, 4)
      let moved = try await house.sold(["A3", "A4", "A6"], 5)
      _ = try await house.change(.cancel, moved.id, 6, seats: ["A6"])
      _ = try await house.serve([house.exchange(moved.id, ["A5"], 7, show: 2, lane: 9)])
      _ = try await house.held(["C5"], 8)
      _ = try await SalesStore(house.connection).numberAll()
      let question = try await question(house, grouping)
      let days = [question.firstDay, question.lastDay].map {
        PostgresValue.date(PostgresDate(unixDays: $0.daysSince1970))
      }
      for (partner, seller) in [
        (nil, nil), (1, nil), (2, nil), (3, nil), (nil, 1), (2, 1), (nil, 2),
      ] as [(Int64?, Int64?)] {
        let reach = SalesReach(partnerID: partner).values + [.int8(100), .int8(100)]
        let none = PostgresValue.int8(0)
        let asked: [(PostgresStatement, [PostgresValue])] = [
          (Statements.readSalesStatistics, [none, none, none]), (Statements.readSalesSums, [none]),
        ]
        var found: [[SalesFigures]] = []
        for (statement, filters) in asked {
          let parameters = days + [.int4(grouping.rawValue)] + filters + [.int8(seller)] + reach
          let result = try await house.connection.query(statement, parameters)
          found.append(try result.rows.map { try SalesFigures($0) })
        }
        #expect(found[0] == found[1], "partner \(partner ?? -1), seller \(seller ?? -1)")
        #expect(!found[0].isEmpty || partner == 3 || seller == 2)
      }
      #expect(try await house.faults() == [])
    }
  }

  @Test func salesAreToldByTheDayOnWhichTheyWere() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1", "B1", "B2"], 1)
      _ = try await house.change(.cancel, sale.id, 2, seats: ["B1"])
      func days(_ reach: SalesReach = Self.all) async throws -> [SalesFigures] {
        var question = try await question(house, .dayOfSale)
        question.lastDay = question.firstDay
        guard
          case .figures(let days) = try await SalesStore(house.connection).statistics(
            question, reach)
        else { return [] }
        return days
      }
      let day = try #require(try await days().first)
      #expect((day.soldSeatCount, day.soldAmount.minorUnits) == (3, 3_500))
      #expect((day.cancelledSeatCount, day.refundedAmount.minorUnits) == (1, 1_500))
      #expect((day.showCount, day.seatCount, day.bookingCount) == (0, 0, 0))
      #expect(try await days(SalesReach(partnerID: House.otherPartner)) == [])
      #expect(try await days(SalesReach(partnerID: House.partner)) == [day])
    }
  }

  @Test func currenciesAreToldApart() async throws {
    try await House.run { house in
      try await house.run("update show set currency = 'USD' where show_id = 2")
      let movies = try await figures(house, .movie)
      #expect(Set(movies.map(\.soldAmount.currency.code)) == ["EUR", "USD"])
      #expect(movies.map(\.showCount).reduce(0, +) == 3)
    }
  }

  @Test func tooManyAreRefused() async throws {
    try await House.run { house in
      try await house.run("alter table show drop constraint show_overlap")
      try await house.run(
        """
        insert into show (lane, movie_id, theatre_id, auditorium_id, layout_version, during,
                          currency, seat_count)
        select lane, movie_id, theatre_id, auditorium_id, layout_version, during, currency, 30
          from show, generate_series(1, 1000) where show_id = 1
        """)
      let store = SalesStore(house.connection)
      #expect(
        try await store.statistics(question(house, .show), Self.all) == .tooManyGroups)
      #expect(try await figures(house, .theatre).map(\.showCount) == [1_002, 1])
      try await house.run(
        """
        insert into show (lane, movie_id, theatre_id, auditorium_id, layout_version, during,
                          currency, seat_count)
        select lane, movie_id, theatre_id, auditorium_id, layout_version, during, currency, 30
          from show, generate_series(1, 9000) where show_id = 1
        """)
      var narrow = try await question(house, .theatre)
      narrow.theatreID = 1
      #expect(try await store.statistics(narrow, Self.all) == .tooManyShows)
      // Of a whole house sums are read, of many more shows.
      #expect(try await figures(house, .theatre).map(\.showCount) == [10_002, 1])
    }
  }
}
