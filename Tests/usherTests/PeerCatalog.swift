// The catalogue of the test peer.

import RPC
import UsherProtos

struct PeerCatalog: Usher.V1.CatalogServiceServer {
  let holder: PeerHolder

  /// 450 cities, in pages of at most 200, named so that most names are ambiguous.
  func listCities(
    _ request: Usher.V1.ListCitiesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListCitiesResponse {
    let pause = holder.town { town -> Duration? in
      town.cityPages.append(request.pageToken)
      return request.pageToken.isEmpty ? nil : town.cityPauses.popLast()
    }
    if let pause = pause ?? nil {
      throw .refusal(.resourceExhausted, "RATE_LIMITED", "Too often.", retryAfter: pause)
    }
    let start = Int(request.pageToken) ?? 0
    let size = min(request.pageSize == 0 ? 50 : Int(request.pageSize), 200)
    let all = ["Berlin", "São Paulo"] + (3...450).map { "City \($0)" }
    let end = min(start + size, all.count)
    return .init(
      cities: (start..<end).map {
        .init(cityId: Int64($0 + 1), name: all[$0], countryCode: "DE", theatreCount: 1)
      }, nextPageToken: end < all.count ? "\(end)" : "")
  }

  func listTheatres(
    _ request: Usher.V1.ListTheatresRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListTheatresResponse {
    guard request.cityId <= 1 else { return .init() }
    return .init(theatres: [
      .init(
        theatreId: 2, cityId: 1, cityName: "Berlin", name: "Metropol", address: "Hauptstraße 1",
        postalCode: "10827", timeZone: "Europe/Berlin", screenCount: 3)
    ])
  }

  func findTheatres(
    _ request: Usher.V1.FindTheatresRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.FindTheatresResponse {
    let all = try await listTheatres(.init(), context: context).theatres
    return .init(theatres: all.map { .init(theatre: $0, distanceMetres: 1_234) })
  }

  func searchMovies(
    _ request: Usher.V1.SearchMoviesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SearchMoviesResponse {
    .init(movies: try await listMovies(.init(), context: context).movies)
  }

  func listMovies(
    _ request: Usher.V1.ListMoviesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListMoviesResponse {
    .init(movies: [
      .init(
        movieId: 3, title: "The Long Winter", genres: ["Drama"], languages: ["en"],
        durationMinutes: 112, releaseDate: "2027-01-01", certificate: "12A")
    ])
  }

  func getMovie(
    _ request: Usher.V1.GetMovieRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetMovieResponse {
    .init(movie: .init(movie: try await listMovies(.init(), context: context).movies.first))
  }

  func listMovieTheatres(
    _ request: Usher.V1.ListMovieTheatresRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListMovieTheatresResponse {
    let all = try await listTheatres(.init(), context: context).theatres
    return .init(theatres: all.map { .init(theatre: $0, shows: [Peer.show]) })
  }

  func listShows(
    _ request: Usher.V1.ListShowsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListShowsResponse {
    guard request.date != "2027-02-30" else {
      throw .refusal(
        .invalidArgument, "INVALID_FIELDS", "The request has invalid fields.",
        violations: [("date", "is no day")])
    }
    return .init(shows: request.cityId <= 1 && request.movieId <= 3 ? [Peer.show] : [])
  }

  func getShow(
    _ request: Usher.V1.GetShowRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetShowResponse {
    guard request.showId == 7 else { throw PeerMaps.unknownShow }
    return .init(show: Peer.show)
  }

  func listAddOns(
    _ request: Usher.V1.ListAddOnsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListAddOnsResponse {
    throw RPCError(.unimplemented, "add-ons are tested on the real server")
  }
}
