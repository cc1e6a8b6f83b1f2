// Which lists of the catalogue are answered from memory, and what each of them rests on.

import ProtoWire
package import RPC
import Reactor
import UsherProtos

extension CatalogService {
  private typealias Methods = Usher.V1.CatalogServiceMethods

  /// Makes `router`, which has the service, answer from memory what is there, without a task.
  package func answerFromMemory(in router: inout Router) {
    router.remember(Methods.listCities, parts, listCities) { _ in .init([.places]) }
    router.remember(Methods.listTheatres, parts, listTheatres) {
      Self.places(showing: $0.movieId)
    }
    router.remember(Methods.findTheatres, parts, findTheatres) {
      Self.places(showing: $0.movieId)
    }
    router.remember(Methods.listMovies, parts, listMovies) { request in
      .init(
        [.places, .movies, .shows(theatre: request.theatreId, city: request.cityId)],
        isTimely: true)
    }
    router.remember(Methods.searchMovies, parts, searchMovies) { request in
      request.cityId == 0 && request.date.isEmpty
        ? .init([.movies])
        : .init([.places, .movies, .shows(city: request.cityId)], isTimely: true)
    }
    router.remember(Methods.listShows, parts, listShows) { request in
      let shows = CatalogueScope.shows(
        theatre: request.theatreId, movie: request.movieId, city: request.cityId)
      return .init([.places, .movies, shows], isTimely: true)
    }
    router.remember(Methods.getMovie, parts, getMovie) { request in
      .init([.movies, .reviews(request.movieId)])
    }
    router.remember(Methods.listMovieTheatres, parts, listMovieTheatres) { request in
      .init([.places, .movies, .showsOfMovie(request.movieId)], isTimely: true)
    }
  }

  private static func places(showing movieID: Int64) -> AnswerFooting {
    movieID == 0
      ? .init([.places]) : .init([.places, .showsOfMovie(movieID)], isTimely: true)
  }
}

extension Router {
  /// Answers a method that is served from memory, and by asking where that has nothing. What the answer
  /// is must not depend on who asks.
  mutating func remember<Request: ProtoMessage, Answer: ProtoMessage>(
    _ method: MethodDescriptor, _ parts: PerLoop<NodeParts>,
    _ ask:
      @escaping @Sendable (Request, ServerContext) async throws(RPCError) -> Answer,
    footing: @escaping @Sendable (Request) -> AnswerFooting
  ) {
    answerBytesAtOnce(method) { (bytes, context) throws(RPCError) in
      let key = AnswerKey(method, bytes)
      if let known = parts[context.loop].answers.answer(key) { return .answer(known) }
      let request: Request = try decodeMessage(bytes)
      return .waiting { () async throws(RPCError) in
        try await parts[context.loop].answers.answer(key, footing(request)) {
          () async throws(RPCError) in try await ask(request, context)
        }
      }
    }
  }
}
