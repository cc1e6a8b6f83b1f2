// Movies with their people and pictures, and what operators wish to change of them.

import Postgres

/// Somebody's part in a movie.
package struct CreditRecord: Sendable, Hashable {
  /// 1 cast, 2 crew, 3 artist.
  package let kind: Int16
  /// The name.
  package let name: String
  /// Character, job or instrument; may be empty.
  package let role: String

  /// A part.
  package init(kind: Int16, name: String, role: String) {
    self.kind = kind
    self.name = name
    self.role = role
  }
}

/// A movie with all that is known of it.
package struct MovieDetailsRecord: Sendable, Hashable {
  /// What every list has.
  package let movie: MovieRecord
  /// In the order of their billing.
  package let credits: [CreditRecord]
  /// May be empty.
  package let trailerURL: String
  /// May be empty.
  package let posterURL: String
  /// Further pictures.
  package let galleryURLs: [String]
  /// How many ratings count.
  package let ratingCount: Int64
  /// Their sum.
  package let ratingTotal: Int64

  init(_ row: PostgresRow) throws(PostgresError) {
    let first = MovieRecord.columnCount
    let kinds: [Int16] = try row.decode(first + 3)
    let names: [String] = try row.decode(first + 4)
    let roles: [String] = try row.decode(first + 5)
    guard kinds.count == names.count, names.count == roles.count else {
      throw PostgresError(.decoding, "a movie's credits cannot be read")
    }
    movie = try MovieRecord(row)
    trailerURL = try row.decode(first)
    posterURL = try row.decode(first + 1)
    galleryURLs = try row.decode(first + 2)
    credits = kinds.indices.map {
      CreditRecord(kind: kinds[$0], name: names[$0], role: roles[$0])
    }
    ratingCount = try row.decode(first + 6)
    ratingTotal = try row.decode(first + 7)
  }
}

/// What there is to change of a movie; nil leaves a thing as it is, and is empty in a new movie.
package struct MovieChange: Sendable, Hashable {
  /// The title; a new movie needs one.
  package var title: String?
  /// What it is about.
  package var synopsis: String?
  /// Genres.
  package var genres: [String]?
  /// BCP 47 tags.
  package var languages: [String]?
  /// Running time; a new movie needs one.
  package var durationMinutes: Int32?
  /// A day as text; empty for none.
  package var releaseDate: String?
  /// Age certificate.
  package var certificate: String?
  /// Where its trailer is.
  package var trailerURL: String?
  /// Where its poster is.
  package var posterURL: String?
  /// Where further pictures are.
  package var galleryURLs: [String]?
  /// Its people, all of them.
  package var credits: [CreditRecord]?

  /// Changes nothing.
  package init() {}

  /// In the order of add_movie.sql.
  var values: [PostgresValue] {
    [
      .text(title), .text(synopsis), PostgresValue(genres), PostgresValue(languages),
      .int4(durationMinutes), .text(releaseDate), .text(certificate), .text(trailerURL),
      .text(posterURL), PostgresValue(galleryURLs), PostgresValue(credits?.map(\.kind)),
      PostgresValue(credits?.map(\.name)), PostgresValue(credits?.map(\.role)),
    ]
  }
}

/// A theatre and the first of its shows that fit.
package struct TheatreShowsRecord: Sendable, Hashable {
  /// The theatre.
  package let theatre: TheatreRecord
  /// By start.
  package internal(set) var shows: [ShowRecord]
  /// Whether it has more of them.
  package internal(set) var hasMore = false
}

/// A movie and why it may please an account.
package struct RecommendationRecord: Sendable, Hashable {
  /// The movie.
  package let movie: MovieRecord
  /// As the API numbers reasons.
  package let reason: Int16
  /// Genres or names.
  package let inCommon: [String]
  /// The movie that the reason is about; nil for none.
  package let becauseOf: MovieRecord?

  init(_ row: PostgresRow) throws(PostgresError) {
    let first = MovieRecord.columnCount
    movie = try MovieRecord(row)
    reason = try row.decode(first)
    inCommon = try row.decode(first + 1)
    becauseOf =
      try row.decode(first + 2, as: Int64?.self) == nil
      ? nil : try MovieRecord(row, from: first + 2)
  }
}
