// `usher shows`: what is on, by start.

import ArgumentParser
import UsherProtos

struct Shows: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists shows that have not ended, by start.",
    discussion: "Starts are on the theatre's own wall clock.")

  @Option(help: FilterHelp.city) var city: String?
  @Option(help: FilterHelp.movie) var movie: String?
  @Option(help: FilterHelp.theatre) var theatre: String?
  @Option(help: FilterHelp.date, completion: .list(["today", "tomorrow"])) var date: String?
  @Option(help: FilterHelp.language) var language: String?
  @Option(help: ArgumentHelp("Only in this technical format, as imax.", valueName: "format"))
  var format: String?
  @Option(help: "Only of this kind.") var kind: Kind?
  @Option(
    help: ArgumentHelp(
      "Only what is no film and has such words in its title.", valueName: "words"))
  var text: String?
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  /// What a show is.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case film, play, concert, other

    var value: Usher.V1.ShowKind {
      switch self {
      case .film: .film
      case .play: .play
      case .concert: .concert
      case .other: .other
      }
    }
  }

  func validate() throws { try WantedDay.validate(date) }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let filter = Usher.V1.ListShowsRequest(
        movieId: try await session.movieId(movie), cityId: try await session.cityId(city),
        theatreId: try await session.theatreId(theatre), date: WantedDay.text(date),
        language: language ?? "", format: format ?? "", kind: kind?.value ?? .unspecified,
        text: text ?? "")
      try await list.print("shows", CatalogTables.shows, session, filter, session.catalog.listShows)
    }
  }
}
