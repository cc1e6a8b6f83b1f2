// `usher admin create-movie`, `update-movie`, `reports`, `moderate`: movies, and what is said of them.

import ArgumentParser
import UsherProtos

struct CreateMovie: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Makes a movie.")
  @Argument(help: "Its title.") var title: String
  @Argument(help: "How many minutes it runs.") var minutes: Int32
  @OptionGroup var traits: MovieFields
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      var wish = traits.details
      wish.movie?.title = title
      wish.movie?.durationMinutes = minutes
      let answer = try await session.act(.init(movie: wish), session.catalogAdmin.createMovie)
      try session.output.print(
        answer,
        lines: MovieText.lines(
          answer.movie, flags: session.settings.repeatedFlags, session.output.style))
    }
  }
}

struct UpdateMovie: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Changes what is given of a movie; lists replace those there were.")
  @Argument(help: "Its id.") var movie: Int64
  @Option(help: "Its title.") var title: String?
  @Option(help: "How many minutes it runs.") var minutes: Int32?
  @OptionGroup var traits: MovieFields
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard title != nil || minutes != nil || !traits.paths.isEmpty else {
      throw ValidationError("There is nothing to change.")
    }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      var wish = traits.details
      var paths = traits.paths
      wish.movie?.movieId = movie
      if let title {
        wish.movie?.title = title
        paths.append("movie.title")
      }
      if let minutes {
        wish.movie?.durationMinutes = minutes
        paths.append("movie.duration_minutes")
      }
      let request = Usher.Admin.V1.UpdateMovieRequest(
        movie: wish, updateMask: .init(paths: paths))
      let answer = try await session.act(request, session.catalogAdmin.updateMovie)
      try session.output.print(
        answer,
        lines: MovieText.lines(
          answer.movie, flags: session.settings.repeatedFlags, session.output.style))
    }
  }
}

/// What there is to say of a movie besides title and minutes.
struct MovieFields: ParsableArguments {
  @Option(help: "What it is about.") var synopsis: String?
  @Option(help: "A genre; may be repeated.") var genre: [String] = []
  @Option(help: "A language it is spoken in, as en; may be repeated.") var language: [String] = []
  @Option(help: ArgumentHelp("Day of first release.", valueName: "day")) var released: String?
  @Option(help: "Age certificate.") var certificate: String?
  @Option(help: ArgumentHelp("Where its trailer is.", valueName: "url")) var trailer: String?
  @Option(help: ArgumentHelp("Where its poster is.", valueName: "url")) var poster: String?
  @Option(help: ArgumentHelp("Where a picture is; may be repeated.", valueName: "url"))
  var picture: [String] = []
  @Option(help: ArgumentHelp("Who plays; may be repeated.", valueName: "name[=character]"))
  var cast: [String] = []
  @Option(help: ArgumentHelp("Who made it; may be repeated.", valueName: "name[=job]"))
  var crew: [String] = []
  @Option(help: ArgumentHelp("Who performs; may be repeated.", valueName: "name[=part]"))
  var artist: [String] = []

  /// The fields that are given.
  var paths: [String] {
    let given: [(String, Bool)] = [
      ("movie.synopsis", synopsis != nil), ("movie.genres", !genre.isEmpty),
      ("movie.languages", !language.isEmpty), ("movie.release_date", released != nil),
      ("movie.certificate", certificate != nil), ("trailer_url", trailer != nil),
      ("poster_url", poster != nil), ("gallery_urls", !picture.isEmpty),
      ("credits", !(cast + crew + artist).isEmpty),
    ]
    return given.filter(\.1).map(\.0)
  }

  var details: Usher.V1.MovieDetails {
    .init(
      movie: .init(
        synopsis: synopsis ?? "", genres: genre, languages: language,
        releaseDate: released ?? "", certificate: certificate ?? ""),
      credits: Self.credits(cast, .cast) + Self.credits(crew, .crew)
        + Self.credits(artist, .artist),
      trailerUrl: trailer ?? "", posterUrl: poster ?? "", galleryUrls: picture)
  }

  private static func credits(
    _ texts: [String], _ kind: Usher.V1.CreditKind
  ) -> [Usher.V1.Credit] {
    texts.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return .init(
        kind: kind, name: String(parts.first ?? ""),
        role: parts.count > 1 ? String(parts[1]) : "")
    }
  }
}

struct Reports: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists reviews and comments that customers object to.")
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      try await list.print(
        "reports", ReviewText.reports, session, Usher.Admin.V1.ListReportsRequest(),
        session.catalogAdmin.listReports)
    }
  }
}

struct Moderate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hides a review or a comment, or lets it stand.",
    discussion: "What customers reported of it is settled with that.")
  @OptionGroup var content: ContentOptions
  @Option(help: "Hide it, for this reason; without, it stands.") var hide: ObjectionName?
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let request = Usher.Admin.V1.ModerateContentRequest(
        content: content.comment.map { .commentId($0) } ?? content.review.map { .reviewId($0) },
        hidden: hide != nil, objection: hide?.value ?? .unspecified)
      let answer = try await session.act(request, session.catalogAdmin.moderateContent)
      try session.output.print(answer, lines: [hide == nil ? "It stands." : "It is hidden."])
    }
  }
}
