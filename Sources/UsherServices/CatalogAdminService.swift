// usher.admin.v1.CatalogAdminService: operators keep movies and moderate what is said of them. What is
// done, and noted, is the store's.

import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct CatalogAdminService: Usher.Admin.V1.CatalogAdminServiceServer {
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  // MARK: Movies

  package func createMovie(
    _ request: Usher.Admin.V1.CreateMovieRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.CreateMovieResponse {
    let wish = try MovieWishes.creation(request)
    let outcome = try await ask(context) { (parts, actor, timeout) async throws(StoreError) in
      try await parts.movies.create(wish, by: actor, timeout: timeout)
    }
    let id = try outcome.done(0)
    parts.noteOwn(CatalogueChange(.movies))
    return .init(movie: try await movie(id, context))
  }

  package func updateMovie(
    _ request: Usher.Admin.V1.UpdateMovieRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.UpdateMovieResponse {
    let (change, fields) = try MovieWishes.change(request)
    let id = request.movie?.movie?.movieId ?? 0
    let outcome = try await ask(context) { (parts, actor, timeout) async throws(StoreError) in
      try await parts.movies.update(
        id: id, change, fields: fields, by: actor, timeout: timeout)
    }
    _ = try outcome.done(id)
    parts.noteOwn(CatalogueChange(.movies))
    return .init(movie: try await movie(id, context))
  }

  private func movie(
    _ id: Int64, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.MovieDetails {
    let movie = try await ask(context) { (parts, _, timeout) async throws(StoreError) in
      try await parts.movies.movie(id: id, timeout: timeout)
    }
    guard let movie else { throw .noMovie(id) }
    return .init(movie)
  }

  // MARK: Moderation

  package func listReports(
    _ request: Usher.Admin.V1.ListReportsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ListReportsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let page = try await ask(context) { (parts, _, timeout) async throws(StoreError) in
      try await parts.reviews.reports(
        pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    return .init(reports: page.items.map { .init($0) }, nextPageToken: page.nextPageToken)
  }

  package func moderateContent(
    _ request: Usher.Admin.V1.ModerateContentRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ModerateContentResponse {
    let content = try ReviewWishes.judgement(request)
    let objection = request.hidden ? Int16(truncatingIfNeeded: request.objection.rawValue) : nil
    let movieID = try await ask(context) { (parts, actor, timeout) async throws(StoreError) in
      try await parts.reviews.moderate(
        content, hiddenFor: objection, by: actor, timeout: timeout)
    }
    guard let movieID else { throw .noContent(content) }
    parts.noteOwn(CatalogueChange(.reviews, movieID: movieID))
    return .init()
  }

  private func ask<Answer>(
    _ context: ServerContext,
    _ body: (NodeParts, AuditActor, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    // The interceptor admits nobody else to this service.
    guard let caller = context.caller as? KnownCaller else { throw .hidden }
    let actor = AuditActor(
      keyID: caller.keyID, name: "\(caller.keyPrefix) of partner \(caller.partnerID)")
    let parts = parts[context.loop]
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(parts, actor, timeout)
    }
  }
}

extension MovieStore.Outcome {
  /// The movie that is as it was wished; `id` is the one that was named.
  func done(_ id: Int64) throws(RPCError) -> Int64 {
    switch self {
    case .done(let id): return id
    case .known(let other):
      throw .refusal(
        .movieExists, "There is a movie with this title and release date.",
        metadata: ["movie": String(other)])
    case .missing: throw .noMovie(id)
    }
  }
}
