// What rows of shows may say and who may change them, whichever way they come, against PostgreSQL.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct ScheduleRuleTests {
  private func pricingVersion(_ house: House) async throws -> Int32 {
    try await house.connection.query(
      PostgresStatement(sql: "select pricing_version from show where show_id = 1")
    ).onlyRow().decode(0)
  }

  /// Whoever saw a show before booking saw these too.
  @Test(arguments: [
    "language = 'en'", "format = 'IMAX'", "kind = 2, movie_id = null, title = 'Play'",
    "movie_id = 2", "sales_state = 3",
  ])
  func whatIsShownIsATerm(change: String) async throws {
    try await House.run { house in
      let before = try await pricingVersion(house)
      try await house.run("update show set \(change) where show_id = 1")
      #expect(try await pricingVersion(house) == before + 1)
      try await house.run("update show set \(change) where show_id = 1")
      #expect(try await pricingVersion(house) == before + 1)
    }
  }

  @Test func noShowIsMadeOrMovedTooFarAhead() async throws {
    try await House.run { house in
      let late = "now() + interval '5 years 1 day'"
      for sql in [
        """
        select create_show(1, 1::smallint, 1, '', 'nl', '2D', \(late), \(late) + interval '2 hours',
                           'EUR', '{GOLD,SILVER}', '{1500,1000}')
        """, "update show set during = tstzrange(\(late), \(late) + interval '2 hours')",
      ] {
        await #expect { try await house.run(sql) } throws: { error in
          (error as? PostgresError)?.kind == .checkViolation
        }
      }
      // One that was there before is sold all the same.
      try await house.connection.executeScript(
        """
        alter table show disable trigger show_start;
        update show set during = tstzrange(\(late), \(late) + interval '2 hours') where show_id = 1;
        alter table show enable trigger show_start
        """)
      house.shows.forget(id: 1)
      #expect(try await house.hold([house.request(["A1"], 1)])[0].record != nil)
    }
  }

  /// A row for so many days after the house's show.
  private func wish(_ house: House, _ reference: String, day: Int64) throws -> ScheduleWish {
    let start = house.details.show.startsAtUnixMicroseconds + day * 86_400_000_000
    return ScheduleWish(
      reference: reference, auditoriumID: 1, auditorium: "", kind: 1, movieID: 1, title: "",
      language: "nl", format: "2D", start: .at(start), minutes: 0, currency: try Currency("EUR"),
      prices: [("GOLD", 1_500), ("SILVER", 1_000)], salesState: nil)
  }

  /// Waits until so many sessions of this database wait for locks; the test's time limit ends it otherwise.
  private func waitUntilSomeWait(_ count: Int64, _ connection: PostgresConnection) async throws {
    let waiting = PostgresStatement(
      sql: """
        select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'
        """)
    while try await connection.query(waiting).onlyRow().decode(0, as: Int64.self) < count {
      await Task.yield()
    }
  }

  /// An upload that has the rows of shows and wants the theatre, and a change of the theatre that wants
  /// the rows of shows.
  @Test func aTheatreIsRenamedWhileItsScheduleComes() async throws {
    try await House.run { house in
      try await house.run("update show set partner_reference = 'old' where show_id = 1")
      try await house.run("begin")
      try await house.run("select 1 from show where show_id = 1 for update")
      let uploading = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let renaming = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let rows = try [wish(house, "old", day: 10), wish(house, "new", day: 11)]
      async let results = HouseStore(uploading).upload(
        rows, toTheatre: 1, by: AuditActor(keyID: nil, name: "test"))
      try await waitUntilSomeWait(1, house.connection)
      var change = TheatreChange()
      change.name = "Sphinx Grand"
      change.policies.holdMinutes = 7
      async let renamed = HouseStore(renaming).updateTheatre(
        id: 1, change, by: AuditActor(keyID: 0, name: "test"))
      try await waitUntilSomeWait(2, house.connection)
      try await house.run("commit")
      #expect(try await results.map(\.outcome) == [.updated, .created])
      guard case .done(let theatre) = try await renamed else { throw StoreError(.fault) }
      #expect(theatre.name == "Sphinx Grand" && theatre.policies.holdMinutes == 7)
      await uploading.close()
      await renaming.close()
    }
  }
}
