// usher.v1.PartnerService: what partners keep themselves. Here are theatres, auditoriums and movies;
// layouts have a file of their own. Whose a theatre is, is asked before anything is done.

import Booking
package import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct PartnerService: Usher.V1.PartnerServiceServer {
  private typealias API = Usher.V1
  let parts: PerLoop<NodeParts>
  let lanes: Lanes
  let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, _ lanes: Lanes, logger: Logger) {
    self.parts = parts
    self.lanes = lanes
    failures = StoreFailures(logger: logger)
  }

  // MARK: Theatres

  package func createTheatre(
    _ request: Usher.V1.CreateTheatreRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CreateTheatreResponse {
    let caller = try context.seller()
    let wish = try PartnerWishes.theatre(request, by: caller)
    // A key for some theatres is for no new one.
    guard caller.isOperator || caller.theatreIDs == nil else { throw KnownCaller.beyondReach }
    let outcome = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.createTheatre(wish, by: actor, timeout: timeout)
    }
    return .init(theatre: try theatre(outcome))
  }

  package func updateTheatre(
    _ request: Usher.V1.UpdateTheatreRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.UpdateTheatreResponse {
    let id = request.theatre?.theatreId ?? 0
    let change = try PartnerWishes.theatreChange(request)
    try await requireOwn(theatre: id, context)
    let outcome = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.updateTheatre(id: id, change, by: actor, timeout: timeout)
    }
    return .init(theatre: try theatre(outcome))
  }

  package func getOwnTheatre(
    _ request: Usher.V1.GetOwnTheatreRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetOwnTheatreResponse {
    try await requireOwn(theatre: request.theatreId, context)
    let theatre = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.theatre(id: request.theatreId, timeout: timeout)
    }
    guard let theatre else { throw .hidden }
    return .init(theatre: .init(theatre))
  }

  package func listOwnTheatres(
    _ request: Usher.V1.ListOwnTheatresRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListOwnTheatresResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let caller = try context.seller()
    let page = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.theatres(
        ofPartner: caller.isOperator ? nil : caller.partnerID,
        among: caller.isOperator ? nil : caller.theatreIDs?.sorted(), pageSize: size,
        pageToken: request.pageToken, timeout: timeout)
    }
    return .init(
      theatres: page.items.map { API.OwnTheatre($0) }, nextPageToken: page.nextPageToken)
  }

  private func theatre(
    _ outcome: HouseStore.TheatreOutcome
  ) throws(RPCError) -> Usher.V1.OwnTheatre {
    var violations = FieldViolations()
    switch outcome {
    case .done(let theatre):
      parts.noteOwn(CatalogueChange(.places))
      return .init(theatre)
    case .nameTaken:
      throw .refusal(.theatreNameTaken, "Another theatre of the city has this name.")
    case .cityNotFound: violations.add("theatre.city.city_id", "there is no such city")
    case .partnerNotFound: violations.add("theatre.partner_id", "there is no such partner")
    case .timeZoneNotKnown:
      violations.add("theatre.time_zone", "must be an IANA name, for example Europe/Berlin")
    }
    try violations.check()
    throw .hidden
  }

  // MARK: Auditoriums

  package func createAuditorium(
    _ request: Usher.V1.CreateAuditoriumRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CreateAuditoriumResponse {
    try PartnerWishes.checkAuditorium(name: request.name)
    try await requireOwn(theatre: request.theatreId, context)
    let made = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.createAuditorium(
        inTheatre: request.theatreId, named: request.name, by: actor, timeout: timeout)
    }
    let caller = try context.seller()
    return .init(
      auditorium: try auditorium(made, missing: caller.missing(theatre: request.theatreId)))
  }

  package func renameAuditorium(
    _ request: Usher.V1.RenameAuditoriumRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.RenameAuditoriumResponse {
    try PartnerWishes.checkAuditorium(name: request.name)
    let theatreID = try await requireOwn(auditorium: request.auditoriumId, context)
    let renamed = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.renameAuditorium(
        id: request.auditoriumId, inTheatre: theatreID, to: request.name, by: actor,
        timeout: timeout)
    }
    let caller = try context.seller()
    return .init(
      auditorium: try auditorium(
        renamed, missing: caller.missing(auditorium: request.auditoriumId)))
  }

  package func listAuditoriums(
    _ request: Usher.V1.ListAuditoriumsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListAuditoriumsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    try await requireOwn(theatre: request.theatreId, context)
    let page = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.auditoriums(
        inTheatre: request.theatreId, pageSize: size, pageToken: request.pageToken,
        timeout: timeout)
    }
    return .init(
      auditoriums: page.items.map { API.Auditorium($0) }, nextPageToken: page.nextPageToken)
  }

  /// `missing` is what is thrown when something was closed since its owner was looked up.
  private func auditorium(
    _ outcome: HouseStore.AuditoriumOutcome, missing: RPCError
  ) throws(RPCError) -> Usher.V1.Auditorium {
    switch outcome {
    case .done(let auditorium):
      parts.noteOwn(CatalogueChange(.places))
      return .init(auditorium)
    case .nameTaken:
      throw .refusal(.auditoriumNameTaken, "Another auditorium of the theatre has this name.")
    case .notFound: throw missing
    }
  }

  // MARK: Movies

  package func createMovie(
    _ request: Usher.V1.CreateMovieRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CreateMovieResponse {
    var movie = request.movie ?? .init()
    let wish = try MovieWishes.creation(request)
    let (movies, caller) = (parts[context.loop].movies, try context.seller())
    let outcome = try await ask(context) { (_, actor, timeout) async throws(StoreError) in
      try await movies.create(
        wish, by: actor, ofPartner: caller.isOperator ? nil : caller.partnerID,
        timeout: timeout)
    }
    movie.movieId = try outcome.done(0)
    parts.noteOwn(CatalogueChange(.movies))
    return .init(movie: movie)
  }

  // MARK: Shared

  /// Throws unless a theatre is the caller's to run, or was before it closed.
  func requireOwn(
    theatre id: Int64, evenClosed: Bool = false, _ context: ServerContext
  ) async throws(RPCError) {
    let catalog = parts[context.loop].catalog
    let owned = try await failures.translating { () async throws(StoreError) in
      try await catalog.owner(ofTheatre: id, evenClosed: evenClosed, timeout: context.remaining)
    }
    let caller = try context.seller()
    guard let owned else { throw caller.missing(theatre: id) }
    try caller.requireOwn(owned)
  }

  /// The theatre of an auditorium that is the caller's to run, or was before the auditorium closed; throws
  /// otherwise.
  @discardableResult
  func requireOwn(
    auditorium id: Int64, evenClosed: Bool = false, _ context: ServerContext
  ) async throws(RPCError) -> Int64 {
    let houses = parts[context.loop].houses
    let owned = try await failures.translating { () async throws(StoreError) in
      try await houses.owner(ofAuditorium: id, evenClosed: evenClosed, timeout: context.remaining)
    }
    let caller = try context.seller()
    guard let owned else { throw caller.missing(auditorium: id) }
    try caller.requireOwn(owned)
    return owned.theatreID
  }

  func ask<Answer>(
    _ context: ServerContext,
    _ body: (HouseStore, AuditActor, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    let actor = try context.seller().auditActor
    let store = parts[context.loop].houses
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, actor, timeout)
    }
  }
}
