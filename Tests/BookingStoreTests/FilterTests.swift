// Lists with every set of filters: each has a statement of its own.

import Postgres
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct FilterTests {
  @Test func linesCountWithTheirFilters() {
    let statement = FilteredStatement(
      name: "list",
      sql: "-- About $1, if $3.\nselect\n and $1 -- if $1\n and $3 -- if $3\n and 3 -- if $1 $3",
      isShort: { $0 == [1] })
    let cases: [(Int64?, Int64?, String, String)] = [
      (nil, nil, "list", ""), (7, nil, "list+1", "\n and $1 -- if $1\n and 3 -- if $1 $3"),
      (nil, 0, "list+3", "\n and $3 -- if $3\n and 3 -- if $1 $3"),
      (7, 7, "list+1+3", "\n and $1 -- if $1\n and $3 -- if $3\n and 3 -- if $1 $3"),
    ]
    for (first, third, name, lines) in cases {
      let form = statement.form(for: [.int8(first), .int8(1), .int8(third)])
      #expect(form.name == name && form.sql == "-- About $1, if $3.\nselect" + lines)
      #expect(form.mayFollow == (name == "list+1"))
    }
  }

  @Test func zeroAndTheEmptyTextLeaveAFilterOut() {
    #expect(PostgresValue.filter(0).bytes == nil && PostgresValue.filter("").bytes == nil)
    #expect(PostgresValue.filter(7) == .int8(7) && PostgresValue.filter("a") == .text("a"))
  }

  /// Show 3, of movie 2 at theatre 1, fits every filter; of the others each fits some.
  private static let facts = """
    update movie set title = 'Zebra ' || movie_id, genres = '{Comedy}', languages = '{nl}'
     where movie_id = 2;
    update movie set title = 'Zebra ' || movie_id where movie_id = 1;
    update show set language = 'en', format = '3D' where show_id = 2;
    update theatre set postal_code = '9000 AB';
    """

  private func run(
    _ body: @escaping @Sendable (CatalogStore, House, CalendarDate) async throws -> Void
  ) async throws {
    try await House.run { house in
      try await house.connection.executeScript(Self.facts)
      let result = try await house.connection.query(
        """
        select to_char(lower(during) at time zone 'Europe/Brussels', 'YYYY-MM-DD') from show
         where show_id = 3
        """)
      let day = try #require(CalendarDate(try result.onlyRow().decode(0, as: String.self)))
      try await body(CatalogStore(house.connection), house, day)
    }
  }

  @Test func showsFitAllFiltersAtOnce() async throws {
    try await run { catalog, _, day in
      for set in 0..<64 {
        var filter = CatalogStore.ShowFilter()
        var expected: Set<Int64> = [1, 2, 3]
        if set & 1 != 0 { (filter.movieID, expected) = (2, expected.intersection([2, 3])) }
        if set & 2 != 0 { (filter.cityID, expected) = (1, expected.intersection([1, 3])) }
        if set & 4 != 0 { (filter.theatreID, expected) = (1, expected.intersection([1, 3])) }
        if set & 8 != 0 { (filter.date, expected) = (day, expected.intersection([3])) }
        if set & 16 != 0 { (filter.language, expected) = ("NL", expected.intersection([1, 3])) }
        if set & 32 != 0 { (filter.format, expected) = ("2d", expected.intersection([1, 3])) }
        let shows = try await catalog.shows(filter, pageSize: 0, pageToken: "")
        #expect(shows.items.map(\.id) == expected.sorted(), "set \(set)")
      }
    }
  }

  @Test func moviesFitAllFiltersAtOnce() async throws {
    try await run { catalog, _, day in
      for set in 0..<32 {
        var filter = CatalogStore.MovieFilter()
        if set & 1 != 0 { filter.cityID = 1 }
        if set & 2 != 0 { filter.theatreID = 1 }
        if set & 4 != 0 { filter.language = "nl" }
        if set & 8 != 0 { filter.genre = "comedy" }
        if set & 16 != 0 { filter.date = day }
        let expected: [Int64] = set & 24 == 0 ? [1, 2] : [2]
        let listed = try await catalog.movies(filter, pageSize: 0, pageToken: "")
        #expect(listed.items.map(\.id) == expected, "set \(set)")
        let found = try await catalog.movies(
          fitting: "zebra", filter, pageSize: 0, pageToken: "")
        #expect(found.items.map(\.id) == expected, "set \(set)")
        let rest = try await catalog.movies(
          fitting: "zebra", filter, pageSize: 1, pageToken: "")
        #expect(rest.nextPageToken.isEmpty == (expected.count == 1), "set \(set)")
        guard expected.count == 2 else { continue }
        let second = try await catalog.movies(
          fitting: "zebra", filter, pageSize: 1, pageToken: rest.nextPageToken)
        #expect(second.items.map(\.id) == [2], "set \(set)")
      }
    }
  }

  @Test func theatresFitAllFiltersAtOnce() async throws {
    try await run { catalog, _, _ in
      for set in 0..<8 {
        let listed = try await catalog.theatres(
          cityID: set & 1 == 0 ? 0 : 1, movieID: set & 2 == 0 ? 0 : 2,
          postalCode: set & 4 == 0 ? "" : "9000ab", pageSize: 0, pageToken: "")
        #expect(listed.items.map(\.id) == (set & 1 == 0 ? [2, 1] : [1]), "set \(set)")
      }
      for set in 0..<4 {
        let metres: Int64 = set & 1 == 0 ? 0 : 1_000
        let near = try await catalog.theatres(
          latitude: 51.05, longitude: 3.72, withinMetres: metres, movieID: set & 2 == 0 ? 0 : 2,
          pageSize: 1, pageToken: "")
        #expect(near.items.map(\.theatre.id) == [1], "set \(set)")
        guard set & 1 == 0 else { continue }
        let far = try await catalog.theatres(
          latitude: 51.05, longitude: 3.72, withinMetres: metres, movieID: set & 2 == 0 ? 0 : 2,
          pageSize: 1, pageToken: near.nextPageToken)
        #expect(far.items.map(\.theatre.id) == [2], "set \(set)")
      }
    }
  }

  @Test func theatresOfAMovieFitAllFiltersAtOnce() async throws {
    try await run { _, house, day in
      for set in 0..<16 {
        var filter = CatalogStore.ShowFilter()
        filter.movieID = 2
        if set & 1 != 0 { filter.cityID = 1 }
        if set & 2 != 0 { filter.language = "nl" }
        if set & 4 != 0 { filter.format = "2D" }
        if set & 8 != 0 { filter.date = day }
        let found = try await MovieStore(house.connection).theatres(
          showing: filter, pageSize: 0, pageToken: "")
        #expect(found.items.map(\.theatre.id) == (set == 0 ? [2, 1] : [1]), "set \(set)")
      }
    }
  }
}
