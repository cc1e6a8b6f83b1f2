// `usher search`: movies, and what is no film, by words.

import ArgumentParser
import UsherProtos

struct Search: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Searches movies by their titles and synopses, and other shows by their titles.",
    discussion: """
      The best match comes first; the beginning of a title will do, and so will one with a slip of the pen. \
      A table has the movies and, under a heading of their own, plays, concerts and other shows that are no \
      films. Other formats have one kind of thing: movies, or with --shows those shows, as 'usher shows' \
      has them.

        usher search "long winter"
        usher search hamlet --city Berlin --shows -o csv
      """)

  @Argument(help: "The words.") var words: [String]
  @Flag(help: "Only shows that are no films.") var shows = false
  @Option(help: FilterHelp.city) var city: String?
  @OptionGroup var traits: MovieTraits
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard !shows || traits.genre == nil else {
      throw ValidationError("--genre is of movies and does not go with --shows.")
    }
  }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let cityId = try await session.cityId(city)
      let (wanted, other) = (movieFilter(cityId), showFilter(cityId))
      let catalog = session.catalog
      if shows {
        try await list.print("shows", CatalogTables.shows, session, other, catalog.listShows)
      } else if session.output.presentation.output == .table {
        try await printBoth(wanted, other, session)
      } else {
        try await list.print("movies", CatalogTables.movies, session, wanted, catalog.searchMovies)
      }
    }
  }

  private var text: String { words.joined(separator: " ") }

  private func movieFilter(_ cityId: Int64) -> Usher.V1.SearchMoviesRequest {
    .init(
      text: text, genre: traits.genre ?? "", language: traits.language ?? "", cityId: cityId,
      date: traits.day)
  }

  private func showFilter(_ cityId: Int64) -> Usher.V1.ListShowsRequest {
    .init(cityId: cityId, date: traits.day, language: traits.language ?? "", text: text)
  }

  /// Two tables with a heading each; of what there is none there is no heading. What is no film has no
  /// genre.
  private func printBoth(
    _ wanted: Usher.V1.SearchMoviesRequest, _ other: Usher.V1.ListShowsRequest, _ session: Session
  ) async throws(Failure) {
    let output = session.output
    let movies = try await session.all(wanted, session.catalog.searchMovies, limit: list.limit)
    let shows =
      traits.genre == nil
      ? try await session.all(other, session.catalog.listShows, limit: list.limit) : .init()
    let parts = [
      part("Movies", CatalogTables.movies, movies.items, output.style),
      part("Shows that are no films", CatalogTables.shows, shows.items, output.style),
    ].filter { !$0.isEmpty }
    try output.print(lines: Array(parts.joined(separator: [""])))
    guard !parts.isEmpty else { return output.notice("no movies and no other shows") }
    if movies.isCut { list.remark(movies.items.count, isCut: true, "movies", output) }
    if shows.isCut { list.remark(shows.items.count, isCut: true, "shows", output) }
  }

  private func part<Item>(
    _ heading: String, _ columns: [Column<Item>], _ items: [Item], _ style: Style
  ) -> [String] {
    guard !items.isEmpty else { return [] }
    return [style.paint(heading, .strong)]
      + Column.table(columns, of: items, style).lines(width: Console.width)
  }
}
