// What operators and partners wish movies to be, checked field by field.

import Booking
import BookingStore
import RPC
import UsherProtos

/// The checks.
enum MovieWishes {
  /// Every field that can be changed, in the order of the schema.
  static let fields = [
    "movie.title", "movie.synopsis", "movie.genres", "movie.languages",
    "movie.duration_minutes", "movie.release_date", "movie.certificate", "credits",
    "trailer_url", "poster_url", "gallery_urls",
  ]

  static func creation(
    _ request: Usher.Admin.V1.CreateMovieRequest
  ) throws(RPCError) -> MovieChange {
    let wanted = request.movie ?? .init()
    var violations = FieldViolations()
    violations.require(
      wanted.movie?.movieId ?? 0 == 0, "movie.movie.movie_id", "must be empty: it is given")
    violations.require(wanted.rating == nil, "movie.rating", "must be empty")
    let change = change(wanted, fields, &violations)
    try violations.check()
    return change
  }

  static func creation(
    _ request: Usher.V1.CreateMovieRequest
  ) throws(RPCError) -> MovieChange {
    let movie = request.movie ?? .init()
    var violations = FieldViolations()
    violations.require(movie.movieId == 0, "movie.movie_id", "must be empty: it is given")
    let change = change(.init(movie: movie), fields, inside: "", &violations)
    try violations.check()
    return change
  }

  /// What is to be changed, and what the log says of it.
  static func change(
    _ request: Usher.Admin.V1.UpdateMovieRequest
  ) throws(RPCError) -> (MovieChange, fields: [String]) {
    let paths = request.updateMask?.paths ?? []
    var violations = FieldViolations()
    violations.require(!paths.isEmpty, "update_mask", "must name what to change")
    violations.require(
      paths.allSatisfy(fields.contains) && Set(paths).count == paths.count, "update_mask",
      "can name only \(fields.joined(separator: ", ")), each once")
    let change = change(request.movie ?? .init(), paths, &violations)
    try violations.check()
    return (change, paths)
  }

  private static func change(
    _ wanted: Usher.V1.MovieDetails, _ paths: [String], inside message: String = "movie.",
    _ violations: inout FieldViolations
  ) -> MovieChange {
    let movie = wanted.movie ?? .init()
    var change = MovieChange()
    for path in paths {
      let field = message + path
      switch path {
      case "movie.title":
        change.title = violations.requireLine(movie.title, field, 1...Limits.titleCharacters)
      case "movie.synopsis":
        change.synopsis = violations.requireText(
          movie.synopsis, field, 0...Limits.proseCharacters)
      case "movie.genres":
        change.genres = violations.requireEach(
          movie.genres, field, atMost: Limits.genresPerMovie, Limits.genreCharacters)
      case "movie.languages":
        check(languages: movie.languages, field, &violations)
        change.languages = movie.languages
      case "movie.duration_minutes":
        violations.require(
          (1...1_000).contains(movie.durationMinutes), field, "must be 1 to 1,000")
        change.durationMinutes = movie.durationMinutes
      case "movie.release_date":
        violations.require(
          movie.releaseDate.isEmpty || CalendarDate(movie.releaseDate) != nil, field,
          "must be empty or a day of the calendar, for example 2027-03-28")
        change.releaseDate = movie.releaseDate
      case "movie.certificate":
        change.certificate = violations.requireLine(
          movie.certificate, field, 0...Limits.certificateCharacters)
      default: media(wanted, path, field, &change, &violations)
      }
    }
    return change
  }

  private static func media(
    _ wanted: Usher.V1.MovieDetails, _ path: String, _ field: String,
    _ change: inout MovieChange, _ violations: inout FieldViolations
  ) {
    switch path {
    case "credits": change.credits = credits(wanted.credits, field, &violations)
    case "trailer_url":
      check(url: wanted.trailerUrl, field, &violations)
      change.trailerURL = wanted.trailerUrl
    case "poster_url":
      check(url: wanted.posterUrl, field, &violations)
      change.posterURL = wanted.posterUrl
    case "gallery_urls":
      violations.require(
        wanted.galleryUrls.count <= Limits.picturesPerMovie, field,
        "must be at most \(Limits.picturesPerMovie)")
      for (index, url) in wanted.galleryUrls.prefix(Limits.picturesPerMovie).enumerated() {
        check(url: url, "\(field)[\(index)]", &violations)
        violations.require(!url.isEmpty, "\(field)[\(index)]", "must not be empty")
      }
      change.galleryURLs = wanted.galleryUrls
    default: break  // A name that the mask must not have: it has been refused.
    }
  }

  private static func credits(
    _ wanted: [Usher.V1.Credit], _ field: String, _ violations: inout FieldViolations
  ) -> [CreditRecord] {
    violations.require(
      wanted.count <= Limits.creditsPerMovie, field,
      "must be at most \(Limits.creditsPerMovie)")
    return wanted.prefix(Limits.creditsPerMovie).enumerated().map { index, credit in
      let place = "\(field)[\(index)]"
      violations.require(
        (1...3).contains(credit.kind.rawValue), "\(place).kind", "must be CAST, CREW or ARTIST")
      return CreditRecord(
        kind: Int16(truncatingIfNeeded: credit.kind.rawValue),
        name: violations.requireLine(
          credit.name, "\(place).name", 1...Limits.partnerNameCharacters),
        role: violations.requireLine(
          credit.role, "\(place).role", 0...Limits.partnerNameCharacters))
    }
  }

  private static func check(
    languages: [String], _ field: String, _ violations: inout FieldViolations
  ) {
    violations.require(
      languages.count <= Limits.languagesPerMovie && Set(languages).count == languages.count,
      field, "must be at most \(Limits.languagesPerMovie), each once")
    violations.require(
      languages.allSatisfy { !$0.isEmpty && FieldViolations.isLanguage($0) }, field,
      "must be BCP 47 tags, for example en or en-GB")
  }

  private static func check(
    url: String, _ field: String, _ violations: inout FieldViolations
  ) {
    let isURL =
      url.hasPrefix("https://") && url.utf8.count > 8 && url.utf8.count <= Limits.urlBytes
      && url.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    violations.require(
      url.isEmpty || isURL, field,
      "must be empty, or begin with https:// and have at most \(Limits.urlBytes) bytes")
  }
}

// MARK: Texts

extension FieldViolations {
  /// Takes a text of so many characters without line breaks and other control characters.
  @discardableResult
  mutating func requireLine(
    _ text: String, _ field: String, _ characters: ClosedRange<Int>
  ) -> String {
    require(
      characters.contains(text.unicodeScalars.count) && text.isPrintable, field,
      "must have \(Self.span(characters)) characters, none for control")
    return text
  }

  /// Takes a text of so many characters that may have line breaks; when it must have any, not only white
  /// space.
  @discardableResult
  mutating func requireText(
    _ text: String, _ field: String, _ characters: ClosedRange<Int>
  ) -> String {
    require(
      characters.contains(text.unicodeScalars.count)
        && (characters.lowerBound == 0 || text.contains { !$0.isWhitespace })
        && text.unicodeScalars.allSatisfy {
          $0 == "\n" || $0.properties.generalCategory != .control
        },
      field, "must have \(Self.span(characters)) characters, none for control but line breaks")
    return text
  }

  /// Takes some lines, each once.
  mutating func requireEach(
    _ texts: [String], _ field: String, atMost count: Int, _ characters: Int
  ) -> [String] {
    require(
      texts.count <= count && Set(texts).count == texts.count, field,
      "must be at most \(count), each once")
    for (index, text) in texts.prefix(count).enumerated() {
      requireLine(text, "\(field)[\(index)]", 1...characters)
    }
    return texts
  }

  private static func span(_ characters: ClosedRange<Int>) -> String {
    characters.lowerBound == 0
      ? "at most \(characters.upperBound)"
      : "\(characters.lowerBound) to \(characters.upperBound)"
  }
}
