// Movies as people read them: details, programmes, recommendations.

import ProtoWire
import UsherProtos

enum MovieText {
  static func lines(
    _ details: Usher.V1.MovieDetails?, flags: String, _ style: Style
  ) -> [String] {
    guard let details, let movie = details.movie else { return [] }
    let facts: [(String, String)] = [
      ("Movie", "\(movie.movieId)"), ("Rating", rating(details.rating)),
      ("Runs", "\(movie.durationMinutes) min"), ("Released", movie.releaseDate),
      ("Certificate", movie.certificate), ("Genres", movie.genres.joined(separator: ", ")),
      ("Languages", movie.languages.joined(separator: ", ")), ("Trailer", details.trailerUrl),
      ("Poster", details.posterUrl), ("Pictures", details.galleryUrls.joined(separator: " ")),
    ]
    let synopsis = movie.synopsis.split(separator: "\n").map { style.clean(String($0)) }
    return [style.paint(style.clean(movie.title), .strong)]
      + facts.filter { !$0.1.isEmpty }.map { TextWidth.pad($0.0, 13) + style.clean($0.1) }
      + (synopsis.isEmpty ? [] : [""] + synopsis) + people(details.credits, style)
      + ["", "  next: usher showing \(movie.movieId)\(flags)"]
  }

  /// `7.4 of 10 by 12`; nothing when nobody has rated it.
  private static func rating(_ rating: Usher.V1.MovieRating?) -> String {
    guard let rating, rating.count > 0, (0...10).contains(rating.average) else { return "" }
    let tenths = Int((rating.average * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) of 10 by \(rating.count)"
  }

  private static func people(_ credits: [Usher.V1.Credit], _ style: Style) -> [String] {
    let kinds: [(Usher.V1.CreditKind, String)] = [
      (.cast, "Cast"), (.crew, "Crew"), (.artist, "Artists"),
    ]
    return kinds.flatMap { kind, title in
      let own = credits.filter { $0.kind == kind }
      let lines = own.map { credit in
        "  " + style.clean(credit.name)
          + (credit.role.isEmpty ? "" : " \(style.dash) \(style.clean(credit.role))")
      }
      return lines.isEmpty ? [] : ["", title] + lines
    }
  }

  /// Theatres with their shows.
  static func programme(
    _ theatres: [Usher.V1.TheatreShows], movieId: Int64, flags: String, _ style: Style
  ) -> [String] {
    theatres.flatMap { item in
      let theatre = item.theatre ?? .init()
      let shows = item.shows.map { show in
        let facts = [show.auditoriumName, show.format, show.language].filter { !$0.isEmpty }
        return "  \(TextWidth.pad("\(show.showId)", 8))\(Clock.localTime(show.localStart))  "
          + style.clean(facts.joined(separator: ", "))
      }
      let rest =
        item.hasMore
        ? ["  more: usher shows --movie \(movieId) --theatre \(theatre.theatreId)\(flags)"] : []
      return [style.paint(style.clean("\(theatre.name), \(theatre.cityName)"), .strong)] + shows
        + rest
    }
  }

  /// The same for programs: a theatre's own columns, and what of it is shown.
  static let theatres: [Column<Usher.V1.TheatreShows>] =
    CatalogTables.theatres.map { $0.of { $0.theatre ?? .init() } } + [
      .data("show_ids") { $0.shows.map { "\($0.showId)" }.joined(separator: ";") },
      .data("has_more") { "\($0.hasMore)" },
    ]

  static let recommendations: [Column<Usher.V1.Recommendation>] = [
    .number("ID", "movie_id") { $0.movie?.movieId ?? 0 },
    .text("TITLE", "title") { $0.movie?.title ?? "" },
    .text("WHY", "why") { $0.explanation },
  ]
}
