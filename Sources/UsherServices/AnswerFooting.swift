// What an answer of the catalogue rests on, and so which changes make it untrue.

import BookingStore

/// A part of the catalogue that changes together.
enum CatalogueScope: Hashable {
  /// Cities, theatres, auditoriums.
  case places
  /// What movies are.
  case movies
  /// Shows of every kind.
  case shows
  /// Shows in a city.
  case showsInCity(Int64)
  /// Shows at a theatre.
  case showsAtTheatre(Int64)
  /// Shows of a movie.
  case showsOfMovie(Int64)
  /// Ratings and reviews of a movie.
  case reviews(Int64)

  /// The narrowest of the scopes that have all shows of these; 0 for any.
  static func shows(theatre: Int64 = 0, movie: Int64 = 0, city: Int64 = 0) -> CatalogueScope {
    if theatre != 0 { return .showsAtTheatre(theatre) }
    if movie != 0 { return .showsOfMovie(movie) }
    return city == 0 ? .shows : .showsInCity(city)
  }
}

/// What an answer rests on.
struct AnswerFooting {
  /// The parts of the catalogue it was made from.
  let scopes: [CatalogueScope]
  /// Whether time alone can change it, as shows end.
  let isTimely: Bool

  init(_ scopes: [CatalogueScope], isTimely: Bool = false) {
    self.scopes = scopes
    self.isTimely = isTimely
  }
}

extension CatalogueChange {
  /// What it changes.
  var scopes: [CatalogueScope] {
    switch subject {
    case .places: [.places]
    case .movies: [.movies]
    case .shows:
      [.shows, .showsInCity(cityID), .showsAtTheatre(theatreID), .showsOfMovie(movieID)]
    case .reviews: [.reviews(movieID)]
    }
  }
}
