// The two offers that a new database has: what their rows say, and what they do to a show's prices.

import Postgres
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct ShippedOfferTests {
  @Test func thereAreTwo() async throws {
    try await House.run { house in
      let result = try await house.connection.query(
        PostgresStatement(
          sql: """
            select concat_ws(' ', title, kind, discount_basis_points, first_minute, last_minute,
                             ticket_position, partner_id, theatre_id, movie_id, show_id, tier)
              from offer where active order by offer_id
            """))
      #expect(
        try result.rows.map { try $0.decode(0, as: String.self) } == [
          "Matinee 1 2000 720 1019", "Third ticket half price 2 5000 3",
        ])
    }
  }

  /// What seats of show 1 cost when it starts then, by its theatre's clock.
  private func quote(
    _ house: House, _ labels: [String], at local: String, in zone: String
  ) async throws -> Quote {
    try await house.connection.executeScript(
      """
      alter table show disable trigger show_start;
      update theatre set time_zone = '\(zone)' where theatre_id = 1;
      update show set during = tstzrange(s, s + interval '2 hours')
        from (select timestamp '\(local)' at time zone '\(zone)') x(s) where show_id = 1;
      """)
    let details = try #require(try await CatalogStore(house.connection).show(id: 1))
    var moment = Moment(0)
    return try details.prices.quote(
      seats: details.layout.resolve(labels: labels), partnerID: House.partner, &moment
    ).quote
  }

  /// 12:00 to 16:59 by the theatre's clock, in summer, in winter, and where UTC has another day.
  @Test(arguments: [
    ("Europe/Brussels", "2099-01-15"), ("Europe/Brussels", "2099-07-15"),
    ("Pacific/Auckland", "2099-01-15"), ("America/Los_Angeles", "2099-07-15"),
  ])
  func showsOfTheAfternoonAreAFifthOff(_ zone: String, _ day: String) async throws {
    try await House.run { house in
      for (time, price) in [
        ("11:59:59", 1_000), ("12:00", 800), ("16:59", 800), ("16:59:59", 800), ("17:00", 1_000),
      ] {
        let quote = try await quote(house, ["A1"], at: "\(day) \(time)", in: zone)
        #expect(quote.total.minorUnits == Int64(price), "\(time)")
      }
    }
  }

  @Test func ofThreeTicketsTheThirdIsHalfOfWhatIsLeft() async throws {
    try await House.run { house in
      let seats = ["A1", "B1", "B2"]
      let matinee = try await quote(house, seats, at: "2099-01-15 16:59", in: "Europe/Brussels")
      #expect(
        matinee.lines.map(\.minorUnits) == [1_500, -300, 1_500, -300, 1_000, -200, -400])
      #expect(matinee.total.minorUnits == 2_800)
      let evening = try await quote(house, seats, at: "2099-01-15 20:00", in: "Europe/Brussels")
      #expect(evening.total.minorUnits == 3_500)
      // Only position three, however many there are.
      let four = try await quote(
        house, seats + ["A2"], at: "2099-01-15 20:00", in: "Europe/Brussels")
      #expect(four.total.minorUnits == 1_500 + 1_500 + 500 + 1_000)
      let two = try await quote(
        house, Array(seats.prefix(2)), at: "2099-01-15 20:00", in: "Europe/Brussels")
      #expect(two.total.minorUnits == 2_500)
    }
  }
}
