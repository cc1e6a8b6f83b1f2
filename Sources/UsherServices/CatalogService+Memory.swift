// Which lists of the catalogue are answered from memory, and what each of them rests on.

import ProtoWire
package import RPC
import Reactor
import UsherProtos

extension CatalogService {
  private typealias Methods = Usher.V1.CatalogServiceMethods

  /// Makes `router`, which has the service, answer from memory what is there, without a task.
  package func answerFromMemory(in router: inout Router) {
    remember(Methods.listCities, in: &router, listCities) { _ in .init([.places]) }
    remember(Methods.listTheatres, in: &router, listTheatres) {
      Self.places(showing: $0.movieId)
    }
    remember(Methods.findTheatres, in: &router, findTheatres) {
      Self.places(showing: $0.movieId)
    }
    remember(Methods.listMovies, in: &router, listMovies) { request in
      .init(
        [.places, .movies, .shows(theatre: request.theatreId, city: request.cityId)],
        isTimely: true)
    }
    remember(Methods.searchMovies, in: &router, searchMovies) { request in
      request.cityId == 0 && request.date.isEmpty
        ? .init([.movies])
        : .init([.places, .movies, .shows(city: request.cityId)], isTimely: true)
    }
    remember(Methods.listShows, in: &router, listShows) { request in
      let shows = CatalogueScope.shows(
        theatre: request.theatreId, movie: request.movieId, city: request.cityId)
      return .init([.places, .movies, shows], isTimely: true)
    }
  }

  private static func places(showing movieID: Int64) -> AnswerFooting {
    movieID == 0
      ? .init([.places]) : .init([.places, .showsOfMovie(movieID)], isTimely: true)
  }

  /// Answers a method from memory, and by asking where that has nothing.
  private func remember<Request: ProtoMessage, Answer: ProtoMessage>(
    _ method: MethodDescriptor, in router: inout Router,
    _ ask:
      @escaping @Sendable (Request, ServerContext) async throws(RPCError) -> Answer,
    footing: @escaping @Sendable (Request) -> AnswerFooting
  ) {
    router.answerAtOnce(method) { (request: Request, context) throws(RPCError) in
      let key = AnswerKey(method, request)
      if let known = parts[context.loop].answers.answer(key) {
        context.answer(with: known)
        return .answer(Answer())
      }
      return .waiting { () async throws(RPCError) in
        let answers = parts[context.loop].answers
        let answer = try await answers.answer(key, footing(request)) {
          () async throws(RPCError) in try await ask(request, context)
        }
        context.answer(with: answer)
        return Answer()
      }
    }
  }
}
