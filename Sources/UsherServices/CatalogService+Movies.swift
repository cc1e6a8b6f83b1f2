// Movies one by one, and theatres with what they show.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension CatalogService {
  package func getMovie(
    _ request: Usher.V1.GetMovieRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetMovieResponse {
    let store = parts[context.loop].movies
    let movie = try await failures.translating { () async throws(StoreError) in
      try await store.movie(id: request.movieId, timeout: context.remaining)
    }
    guard let movie else { throw .noMovie(request.movieId) }
    return .init(movie: .init(movie))
  }

  package func listMovieTheatres(
    _ request: Usher.V1.ListMovieTheatresRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListMovieTheatresResponse {
    var (violations, filter) = (FieldViolations(), CatalogStore.ShowFilter())
    violations.require(request.movieId > 0, "movie_id", "must be a movie's id")
    violations.require(request.pageSize >= 0, "page_size", "must not be negative")
    filter.movieID = request.movieId
    filter.cityID = request.cityId
    filter.date = violations.requireDate(request.date)
    filter.language = violations.requireLanguage(request.language)
    filter.format = violations.requireName(request.format, "format")
    try violations.check()
    let store = parts[context.loop].movies
    let page = try await failures.translating { [filter] () async throws(StoreError) in
      try await store.theatres(
        showing: filter, pageSize: Int(request.pageSize), pageToken: request.pageToken,
        timeout: context.remaining)
    }
    let theatres = page.items.map { item in
      Usher.V1.TheatreShows(
        theatre: .init(item.theatre), shows: item.shows.map { .init($0) },
        hasMore: item.hasMore)
    }
    return .init(theatres: theatres, nextPageToken: page.nextPageToken)
  }
}

extension RPCError {
  static func noMovie(_ id: Int64) -> RPCError { .notFound(.movieNotFound, "movie", String(id)) }
}

// MARK: Answers

extension Usher.V1.MovieDetails {
  init(_ record: MovieDetailsRecord) {
    let count = record.ratingCount
    self.init(
      movie: .init(record.movie), credits: record.credits.map { .init($0) },
      trailerUrl: record.trailerURL, posterUrl: record.posterURL,
      galleryUrls: record.galleryURLs,
      rating: .init(
        average: count == 0 ? 0 : Double(record.ratingTotal) / Double(count), count: count))
  }
}

extension Usher.V1.Credit {
  init(_ record: CreditRecord) {
    self.init(kind: .init(rawValue: Int32(record.kind)), name: record.name, role: record.role)
  }
}
