// What the database announces of the catalogue: every change that an answer may show, and nothing else.

import Logging
import Postgres
import Support
import Testing

@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct CatalogueChangeTests {
  private static let place = CatalogueChange(.places)
  private static let movie = CatalogueChange(.movies)

  private static func show(
    _ theatre: Int64, _ movie: Int64, city: Int64? = nil
  ) -> CatalogueChange {
    CatalogueChange(.shows, cityID: city ?? theatre, theatreID: theatre, movieID: movie)
  }

  private static let create = """
    select create_show(1, 1::smallint, 1, '', 'nl', '', now() + interval '90 days',
                       now() + interval '91 days', 'EUR', '{GOLD,SILVER}', '{1,1}')
    """

  /// What each statement makes the database say, one after another.
  private static let told: [(String, [CatalogueChange])] = [
    ("insert into city (name, country_code) values ('Bruges', 'BE')", [place]),
    ("update city set region = 'x' where city_id = 1", [place]),
    ("delete from city where city_id = 3", [place]),
    ("update theatre set name = 'Sphinx 2' where theatre_id = 1", [place]),
    ("update theatre set postal_code = '9000'", [place]),
    (
      """
      insert into theatre (lane, city_id, name, time_zone, latitude, longitude)
      values (1, 1, 'New', 'UTC', 0, 0)
      """, [place]
    ),
    ("insert into auditorium (theatre_id, name) values (1, 'Screen 2')", [place]),
    ("update auditorium set name = 'x' where auditorium_id = 1", [place]),
    ("insert into movie (title, duration_minutes) values ('New', 1), ('Newer', 1)", [movie]),
    ("update movie set synopsis = 'x'", [movie]),
    (create, [show(1, 1)]),
    ("update show set format = 'IMAX' where show_id = 1", [show(1, 1)]),
    ("update show set sales_state = 4", [show(1, 1), show(1, 2), show(2, 2)]),
    ("update show_price set minor_units = 7 where show_id = 1", [show(1, 1)]),
    ("delete from show_price where show_id = 2", [show(2, 2)]),
    ("update theatre set hold_minutes = 7 where theatre_id = 2", [show(2, 2)]),
    ("update show set movie_id = 2 where show_id = 1", [show(1, 1), show(1, 2)]),
    // Nothing that anybody is told.
    ("update show set format = format", []),
    ("update show set version = version + 1, queue_version = 9", []),
    ("update show_seat set state = 4", []),
    ("insert into partner (name) values ('x')", []),
  ]

  @Test func everyChangeThatAnAnswerMayShowIsTold() async throws {
    try await House.run { house in
      let events = Mailbox<ChangeFeedEvent>()
      let name: String = try await house.connection.query("select current_database()").onlyRow()
        .decode(0)
      let feed = ChangeFeed(
        house.configuration, slotName: "told_\(name)", on: house.loop,
        logger: Logger(label: "test"), onEvent: { events.put($0) })
      feed.start()
      _ = await events.wait(for: 1)
      let outcome: Result<Void, any Error>
      do {
        outcome = .success(try await Self.check(house, events))
      } catch {
        outcome = .failure(error)
      }
      await feed.stop()
      try outcome.get()
    }
  }

  private static func check(_ house: House, _ events: Mailbox<ChangeFeedEvent>) async throws {
    var readCount = 1
    for (index, (statement, expected)) in told.enumerated() {
      let mark = CatalogueChange(.reviews, movieID: Int64(index))
      try await house.run(statement)
      // Comes after whatever the statement said.
      try await house.run("select tell_catalogue(4, 0, 0, \(index))")
      var changes: [CatalogueChange] = []
      while changes.last != mark {
        guard case .catalogue(let change) = await events.wait(for: readCount + 1)[readCount] else {
          Issue.record("something else is told: \(statement)")
          return
        }
        readCount += 1
        changes.append(change)
      }
      #expect(Set(changes.dropLast()) == Set(expected), "\(statement)")
    }
  }

  @Test func aMessageIsReadExactly() {
    let message: [UInt8] = [0, 3] + [1, 2, 3].flatMap { [0, 0, 0, 0, 0, 0, 1, $0 as UInt8] }
    #expect(
      CatalogueChange(message: message)
        == CatalogueChange(.shows, cityID: 257, theatreID: 258, movieID: 259))
    for count in message.indices {
      #expect(CatalogueChange(message: Array(message[..<count])) == nil)
    }
    #expect(CatalogueChange(message: message + [0]) == nil)
    for subject in [UInt8(0), 5, 255] {
      #expect(CatalogueChange(message: [0, subject] + message.dropFirst(2)) == nil)
    }
    #expect(CatalogueChange(message: [1] + message.dropFirst()) == nil)
  }
}
