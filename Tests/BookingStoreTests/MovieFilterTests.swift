// Lists and searches of movies with every set of filters, each of which leaves something out.

import Postgres
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct MovieFilterTests {
  /// Three movies that fit one word. The third is spoken in French and shown in German.
  private static let facts = """
    update movie set title = 'Zebra ' || movie_id;
    update movie set genres = '{Comedy}', languages = '{nl}' where movie_id = 2;
    insert into movie (title, duration_minutes, genres, languages)
    values ('Zebra 3', 90, '{Comedy}', '{fr}'), ('Zebra 4', 90, '{Drama}', '{nl}');
    update show set language = 'en' where show_id = 2;
    select create_show(2, 1::smallint, 3, '', 'de', '2D', d + time '20:00', d + time '22:00', 'EUR',
                       '{GOLD,SILVER}', '{1500,1000}')
      from (select date_trunc('day', now()) + interval '3 days') x(d);
    """

  /// What is on: each show's movie, city, theatre, language and day.
  private struct Shown {
    let movie: Int64, city: Int64, theatre: Int64, language: String, day: Int
  }
  private static let shows = [
    Shown(movie: 1, city: 1, theatre: 1, language: "nl", day: 1),
    Shown(movie: 2, city: 2, theatre: 2, language: "en", day: 2),
    Shown(movie: 2, city: 1, theatre: 1, language: "nl", day: 3),
    Shown(movie: 3, city: 2, theatre: 2, language: "de", day: 3),
  ]
  private static let genres: [Int64: String] = [1: "drama", 2: "comedy", 3: "comedy", 4: "drama"]
  private static let spoken: [Int64: Set<String>] = [
    1: ["nl", "fr"], 2: ["nl"], 3: ["fr"], 4: ["nl"],
  ]

  /// A filter, and the day that it means: 0 for any.
  private struct Wish {
    var filter = CatalogStore.MovieFilter()
    var day = 0

    /// The movies with a show that all of it fits.
    func shown(at theatreCounts: Bool) -> [Int64] {
      Set(
        MovieFilterTests.shows.filter {
          (filter.cityID == 0 || filter.cityID == $0.city)
            && (!theatreCounts || filter.theatreID == 0 || filter.theatreID == $0.theatre)
            && (filter.language.isEmpty || filter.language == $0.language)
            && (day == 0 || day == $0.day)
        }.map(\.movie)
      ).filter(isOfGenre).sorted()
    }

    /// The movies that are spoken in the language, whether they are on or not.
    var spoken: [Int64] {
      MovieFilterTests.spoken.filter {
        filter.language.isEmpty || $0.value.contains(filter.language)
      }
      .keys.filter(isOfGenre).sorted()
    }

    private func isOfGenre(_ movie: Int64) -> Bool {
      filter.genre.isEmpty || MovieFilterTests.genres[movie] == filter.genre
    }
  }

  private func days(_ house: House) async throws -> [Int: CalendarDate] {
    var found: [Int: CalendarDate] = [:]
    for (day, show) in [(1, 1), (2, 2), (3, 3)] {
      let result = try await house.connection.query(
        PostgresStatement(
          sql: """
            select to_char(lower(during) at time zone 'Europe/Brussels', 'YYYY-MM-DD') from show
             where show_id = \(show)
            """))
      let text: String = try result.onlyRow().decode(0)
      found[day] = CalendarDate(text)
    }
    #expect(found.count == 3)
    return found
  }

  /// Every wish that can be made of these.
  private func wishes(_ house: House) async throws -> [Wish] {
    let days = try await days(house)
    var wishes: [Wish] = []
    for city: Int64 in 0...2 {
      for language in ["", "nl", "fr", "de", "en"] {
        for genre in ["", "comedy", "drama"] {
          for day in 0...3 {
            var wish = Wish()
            (wish.filter.cityID, wish.filter.language) = (city, language)
            (wish.filter.genre, wish.filter.date, wish.day) = (genre, days[day], day)
            wishes.append(wish)
          }
        }
      }
    }
    return wishes
  }

  @Test func searchesFitAllFiltersAtOnce() async throws {
    try await House.run { house in
      try await house.connection.executeScript(Self.facts)
      let catalog = CatalogStore(house.connection)
      for wish in try await wishes(house) {
        let found = try await catalog.movies(
          fitting: "zebra", wish.filter, pageSize: 0, pageToken: "")
        let isAnywhere = wish.filter.cityID == 0 && wish.day == 0
        let expected = isAnywhere ? wish.spoken : wish.shown(at: false)
        #expect(found.items.map(\.id) == expected, "\(wish.filter)")
      }
    }
  }

  @Test func listsFitAllFiltersAtOnce() async throws {
    try await House.run { house in
      try await house.connection.executeScript(Self.facts)
      let catalog = CatalogStore(house.connection)
      for var wish in try await wishes(house) {
        for theatre: Int64 in 0...2 {
          wish.filter.theatreID = theatre
          let found = try await catalog.movies(wish.filter, pageSize: 0, pageToken: "")
          #expect(found.items.map(\.id) == wish.shown(at: true), "\(wish.filter)")
        }
      }
    }
  }
}
