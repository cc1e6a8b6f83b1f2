// `usher movie`, `showing`, `recommendations`: one movie, who shows it, and what one may like.

import ArgumentParser
import UsherProtos

struct ShowMovie: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "movie", abstract: "Shows a movie: its people, its pictures and its rating.")
  @Argument(help: "Its id or title.") var movie: String
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let request = Usher.V1.GetMovieRequest(movieId: try await session.movieId(movie))
      let answer = try await session.read(request, session.catalog.getMovie)
      let flags = session.settings.repeatedFlags
      try session.output.print(
        answer, lines: MovieText.lines(answer.movie, flags: flags, session.output.style))
    }
  }
}

struct Showing: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the theatres that show a movie, each with its first shows.")
  @Argument(help: "The movie's id or title.") var movie: String
  @Option(help: FilterHelp.city) var city: String?
  @Option(help: FilterHelp.date, completion: .list(["today", "tomorrow"])) var date: String?
  @Option(help: FilterHelp.language) var language: String?
  @Option(help: ArgumentHelp("Only in this technical format, as imax.", valueName: "format"))
  var format: String?
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws { try WantedDay.validate(date) }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let filter = Usher.V1.ListMovieTheatresRequest(
        movieId: try await session.movieId(movie), cityId: try await session.cityId(city),
        date: WantedDay.text(date), language: language ?? "", format: format ?? "")
      let (output, call) = (session.output, session.catalog.listMovieTheatres)
      guard output.presentation.output == .table else {
        return try await list.print("theatres", MovieText.theatres, session, filter, call)
      }
      let listing = try await session.all(filter, call, limit: list.limit)
      try output.print(
        lines: MovieText.programme(
          listing.items, movieId: filter.movieId, flags: session.settings.repeatedFlags,
          output.style))
      list.remark(listing.items.count, isCut: listing.isCut, "theatres", output)
    }
  }
}

struct Recommendations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says which movies the account may like, and why.",
    discussion: "Needs a customer's access token: 'usher account log-in'.")
  @Option(help: FilterHelp.city) var city: String?
  @Option(help: ArgumentHelp("At most so many, 1 to 50.", valueName: "count")) var count = 10
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (1...50).contains(count) else { throw ValidationError("--count must be 1 to 50.") }
  }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let request = Usher.V1.GetRecommendationsRequest(
        cityId: try await session.cityId(city), count: Int32(count))
      let answer = try await session.read(request, session.recommendations.getRecommendations)
      try session.output.print(
        answer, items: answer.recommendations,
        MovieText.recommendations)
    }
  }
}
