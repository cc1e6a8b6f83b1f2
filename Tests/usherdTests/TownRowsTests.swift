// The town in a real PostgreSQL: complete, quick, resumed without a change, right about local time.

import Booking
import BookingStore
import Postgres
import Reactor
import Support
import Testing

@testable import usherd

@Suite struct TownRowsTests {
  /// Sunday 2026-03-22: a week before the clocks go forward in Germany, after they did in the USA,
  /// two weeks before they go back in New Zealand.
  private static let today = PostgresDate(unixDays: 20_534)

  /// Runs a body with a database that holds the town from `today` on.
  private static func withTown(
    _ body: @escaping @Sendable (PostgresConnection) async throws -> Void
  ) async throws {
    try await TestCluster.shared.withDatabase(template: "town", prepare: prepare) { string in
      let connection = try await connect(string)
      try await body(connection)
      await connection.close()
    }
  }

  private static func prepare(_ string: String) async throws {
    let loop = TestLoops.next()
    _ = try await Migrations.migrator().up(PostgresConfiguration(string), on: loop)
    let connection = try await connect(string)
    _ = try await TownSeed.apply(to: connection, today: today)
    await connection.close()
  }

  private static func connect(_ string: String) async throws -> PostgresConnection {
    var configuration = PostgresConfiguration(string)
    configuration.statementTimeout = .seconds(60)
    return try await PostgresConnection.connect(configuration, on: TestLoops.next())
  }

  private static func count(
    _ connection: PostgresConnection, _ sql: String
  ) async throws -> Int64 {
    try await connection.query(PostgresStatement(sql: sql)).onlyRow().decode(0)
  }

  @Test func theWholeTownIsThere() async throws {
    try await Self.withTown { connection in
      let town = try TownSeed()
      let rooms = TownRoom.all(of: town)
      let seats = try rooms.reduce(0) { sum, room in
        try sum + #require(town.drawings[room.auditorium.layout]).layout.seats.count
      }
      for (table, expected) in [
        ("city", town.cities.count), ("theatre", town.cities.flatMap(\.theatres).count),
        ("auditorium", rooms.count), ("layout_seat", seats), ("movie", town.movies.count),
        ("add_on", town.cities.flatMap(\.theatres).reduce(0) { $0 + $1.addOns.count }),
      ] {
        let count = try await Self.count(connection, "select count(*) from \(table)")
        #expect(count == expected, "\(table)")
      }
      let shows = try await Self.count(connection, "select count(*) from show")
      #expect(shows > 1_000)
      let wrong = """
        select count(*) from show s where s.seat_count <>
          (select count(*) from show_seat t where (t.lane, t.show_id) = (s.lane, s.show_id))
          or not exists (select 1 from show_price p where p.show_id = s.show_id)
        """
      let wrongCount = try await Self.count(connection, wrong)
      #expect(wrongCount == 0)
    }
  }

  @Test func aSecondStartResumes() async throws {
    try await Self.withTown { connection in
      let again = try await TownSeed.apply(to: connection, today: Self.today)
      #expect(again == TownSeed.Summary())
      let last = try await Self.count(connection, "select max(show_id) from show")
      let before = try await Self.fingerprint(connection, last: nil)
      let tomorrow = PostgresDate(unixDays: Self.today.unixDays + 1)
      let later = try await TownSeed.apply(to: connection, today: tomorrow)
      #expect((30..<200).contains(later.shows))
      #expect(later.movies == 0 && later.seats == 0)
      let after = try await Self.fingerprint(connection, last: last)
      #expect(before == after)
    }
  }

  @Test func whatATheatreSellsIsItsOwnFromThenOn() async throws {
    try await Self.withTown { connection in
      let theatre = "(select min(theatre_id) from theatre)"
      let ended = try await Self.count(
        connection,
        """
        with ended as (
          update add_on set active = false, title = 'Of before' where theatre_id = \(theatre)
          returning 1)
        select count(*) from ended
        """)
      #expect(ended > 1)
      let gone = try await Self.count(
        connection,
        """
        with gone as (delete from add_on where theatre_id > \(theatre) returning 1)
        select count(*) from gone
        """)
      let again = try await TownSeed.apply(to: connection, today: Self.today)
      #expect(again.addOns == Int(gone))
      let kept = try await Self.count(
        connection,
        """
        select count(*) from add_on where theatre_id = \(theatre) and title = 'Of before'
        """)
      #expect(kept == ended)
    }
  }

  /// What a partner has made under the name of a theatre that was closed is the partner's.
  @Test func whatTookTheNameOfAClosedTheatreIsLeftAlone() async throws {
    try await Self.withTown { connection in
      try await connection.executeScript(
        """
        update show set sales_state = 4 where theatre_id = 1;
        update theatre set closed_at = now() where theatre_id = 1;
        insert into theatre (lane, city_id, name, time_zone, latitude, longitude)
        select lane, city_id, name, time_zone, latitude, longitude from theatre where theatre_id = 1;
        insert into auditorium (theatre_id, name)
        select max(t.theatre_id), (select min(a.name) from auditorium a where a.theatre_id = 1)
          from theatre t
        """)
      let again = try await TownSeed.apply(to: connection, today: Self.today)
      #expect(again == TownSeed.Summary())
      // Nor on another day, on which the others have shows.
      let later = PostgresDate(unixDays: Self.today.unixDays + 1)
      let next = try await TownSeed.apply(to: connection, today: later)
      #expect(next.shows > 0)
      let theirs = try await Self.count(
        connection,
        "select count(*) from show where theatre_id = (select max(theatre_id) from theatre)")
      #expect(theirs == 0)
    }
  }

  /// A digest of everything but the shows that were added later.
  private static func fingerprint(
    _ connection: PostgresConnection, last: Int64?
  ) async throws -> String {
    let shows = last.map { "where show_id <= \($0)" } ?? ""
    let sql = """
      select md5((select string_agg(s::text, ';' order by s.show_id)
                    from (select * from show \(shows)) s)
                 || (select string_agg(m::text, ';' order by m.movie_id) from movie m)
                 || (select string_agg(l::text, ';' order by l.auditorium_id, l.seat_no)
                       from layout_seat l))
      """
    return try await connection.query(PostgresStatement(sql: sql)).onlyRow().decode(0)
  }

  @Test func wallClocksKeepTheirTimeWhenTheClocksChange() async throws {
    try await Self.withTown { connection in
      // The same production, Saturday before and after the change in Germany.
      let sql = """
        select array_agg(distinct to_char(lower(during) at time zone 'Europe/Berlin', 'HH24:MI')),
               count(distinct to_char(lower(during) at time zone 'UTC', 'HH24:MI'))
          from show where title = 'Two Keys, One Door'
           and extract(isodow from lower(during) at time zone 'Europe/Berlin') in (3, 4, 5)
        """
      let row = try await connection.query(PostgresStatement(sql: sql)).onlyRow()
      #expect(try row.decode(0, as: [String].self) == ["20:00"])
      #expect(try row.decode(1, as: Int64.self) == 2)
    }
  }

  @Test func aCancelledShowIsNotPutBack() async throws {
    try await Self.withTown { connection in
      try await connection.executeScript("update show set sales_state = 4 where show_id = 1")
      let again = try await TownSeed.apply(to: connection, today: Self.today)
      #expect(again.shows == 0)
    }
  }

  @Test func aShowWithSixtySeatsIsToCome() async throws {
    try await Self.withTown { connection in
      let sql = "select count(*) from show where seat_count = 60"
      let count = try await Self.count(connection, sql)
      #expect(count > 50)
    }
  }
}
