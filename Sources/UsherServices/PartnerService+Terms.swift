// usher.v1.PartnerService: offers and prices. What is whose, the store's acts decide in the transaction
// that they are.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension PartnerService {
  // MARK: Offers

  package func createOffer(
    _ request: Usher.V1.CreateOfferRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CreateOfferResponse {
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    let place = request.place ?? .init()
    let wish = OfferWish(request.offer ?? .init(), place, &violations)
    try violations.check()
    guard let id, let wish else { throw .hidden }
    var hash = RequestHash(command: "create_offer")
    hash.add(wish)
    let change = try await change(id, hash, of: ("theatre", place.named), context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.createOffer(wish, identity, by: actor, timeout: timeout)
    }
    return .init(offerId: change.subjectID, showCount: Int32(clamping: change.showCount))
  }

  package func updateOffer(
    _ request: Usher.V1.UpdateOfferRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.UpdateOfferResponse {
    let offer = request.offer ?? .init()
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    violations.require(offer.tier.isEmpty, "offer.tier", "must not be set: it never changes")
    violations.require(offer.seats.isEmpty, "offer.seats", "must not be set: they never change")
    violations.require(
      offer.partnerId == 0, "offer.partner_id", "must not be set: it never changes")
    let terms = OfferTerms(offer, &violations)
    try violations.check()
    guard let id, let terms else { throw .hidden }
    var hash = RequestHash(command: "update_offer")
    hash.add(offer.offerId)
    hash.add(terms)
    let change = try await change(id, hash, of: ("offer", offer.offerId), context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.updateOffer(
        id: offer.offerId, terms, identity, by: actor, timeout: timeout)
    }
    return .init(showCount: Int32(clamping: change.showCount))
  }

  package func endOffer(
    _ request: Usher.V1.EndOfferRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.EndOfferResponse {
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    try violations.check()
    guard let id else { throw .hidden }
    var hash = RequestHash(command: "end_offer")
    hash.add(request.offerId)
    let change = try await change(id, hash, of: ("offer", request.offerId), context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.endOffer(id: request.offerId, identity, by: actor, timeout: timeout)
    }
    return .init(showCount: Int32(clamping: change.showCount))
  }

  package func listOffers(
    _ request: Usher.V1.ListOffersRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListOffersResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    if request.showId != 0 { _ = try await ownShow(request.showId, context) }
    let (store, actor) = (parts[context.loop].terms, try context.seller().termsActor)
    let page = try await failures.translating { () async throws(StoreError) in
      try await store.offers(
        of: actor, showID: request.showId, withEnded: request.withEnded, pageSize: size,
        pageToken: request.pageToken, timeout: context.remaining)
    }
    return .init(
      offers: page.items.map { Usher.V1.ManagedOffer($0) }, nextPageToken: page.nextPageToken)
  }

  // MARK: Prices

  package func setPrices(
    _ request: Usher.V1.SetPricesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SetPricesResponse {
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    let wish = PricesWish(request, &violations)
    try violations.check()
    guard let id, let wish else { throw .hidden }
    var hash = RequestHash(command: "set_prices")
    hash.add(wish)
    let named: (String, Int64) =
      request.shows.map { ("theatre", $0.theatreId) } ?? ("show", request.showIds.first ?? 0)
    let change = try await change(id, hash, of: named, context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.setPrices(wish, identity, by: actor, timeout: timeout)
    }
    await parts.noteOwn(shows: change.showIDs, context)
    return .init(showCount: Int32(clamping: change.showCount))
  }

  // MARK: Shared

  /// Has terms changed, and forgets what this node knows of the shows concerned. `subject` is what an
  /// operator is told that there is none of.
  func change(
    _ id: UniqueID, _ hash: RequestHash, of subject: (type: String, id: Int64),
    _ context: ServerContext,
    _ act: (TermsStore, RequestIdentity, TermsActor, Duration?) async throws(StoreError) ->
      TermsOutcome
  ) async throws(RPCError) -> TermsChange {
    let actor = try context.seller().termsActor
    let identity = RequestIdentity(
      partnerID: actor.partnerID, requestID: id, hash: hash.digest)
    let (store, timeout) = (parts[context.loop].terms, context.remaining)
    let outcome = try await failures.translating { () async throws(StoreError) in
      try await act(store, identity, actor, timeout)
    }
    switch outcome {
    case .done(let change):
      let showIDs = change.showIDs
      parts.onEach { parts in
        for showID in showIDs { parts.shows.forget(id: showID) }
      }
      return change
    case .refused(.beyondReach, _) where !actor.isOperator: throw KnownCaller.beyondReach
    case .refused(.beyondReach, _): throw Self.notFound(subject)
    case .refused(.noPartner, _):
      let field = subject.type == "show" ? "partner_id" : "offer.partner_id"
      throw .violation(field, "there is no such partner")
    case .refused(let refusal, let names): throw .refusal(refusal, names)
    }
  }

  private static func notFound(_ subject: (type: String, id: Int64)) -> RPCError {
    let reason: Reason =
      switch subject.type {
      case "offer": .offerNotFound
      case "allocation": .allocationNotFound
      case "add_on": .addOnNotFound
      case "show": .showNotFound
      case "auditorium": .auditoriumNotFound
      default: .theatreNotFound
      }
    return .notFound(reason, subject.type, String(subject.id))
  }
}

extension Usher.V1.OfferPlace {
  /// What an operator is told of a place that is not there.
  fileprivate var named: Int64 { [showId, auditoriumId, theatreId].first { $0 != 0 } ?? 0 }
}

extension KnownCaller {
  /// Who changes terms.
  var termsActor: TermsActor {
    TermsActor(
      partnerID: partnerID, isOperator: isOperator,
      theatreIDs: isOperator ? nil : theatreIDs?.sorted(), audit: auditActor)
  }
}

extension RPCError {
  /// Why terms were not changed.
  fileprivate static func refusal(_ refusal: TermsRefusal, _ names: [String]) -> RPCError {
    let listed = names.prefix(Limits.labelsPerRefusal).joined(separator: ",")
    switch refusal {
    case .requestIDReused: return requestIDReused
    case .requestFenced: return requestFenced
    case .beyondReach: return KnownCaller.beyondReach
    case .noTarget: return violation("place", "must name a theatre that the key is good for")
    case .noPartner: return .hidden
    case .noMovie: return violation("place.movie_id", "there is no such movie")
    case .unknownSeats:
      return .refusal(
        .seatsNotFound, "There are no seats with these labels: \(listed)",
        metadata: ["seats": listed])
    case .overlap:
      return .refusal(
        .seatsAllocated, "These seats are set aside already: \(listed)",
        metadata: ["seats": listed])
    case .past: return violation("returns_at", "must be to come")
    case .tooManyOffers:
      return .refusal(
        .tooManyOffers,
        "There are \(StoreLimits.activeOffers) offers already that have not ended.")
    case .tooManyAllocations:
      return .refusal(
        .tooManyAllocations,
        "There are \(StoreLimits.activeAllocations) allocations of the show already.")
    case .ended: return .refusal(.offerEnded, "The offer has ended.")
    case .addOnEnded:
      return .refusal(.addOnEnded, "The add-on has ended.")
    case .noShows:
      return .refusal(.noShows, "The theatre has no such shows to come.")
    case .tooManyShows:
      return .refusal(
        .tooManyShows,
        "More than \(StoreLimits.repricedShows) shows are meant: name fewer at a time.")
    case .currencyDiffers:
      return .refusal(
        .currencyDiffers, "Shows are sold in another currency: \(listed)",
        metadata: ["show": names.first ?? ""])
    case .unknownTiers:
      return .refusal(
        .tierNotFound, "No show has tiers of these names: \(listed)",
        metadata: ["tiers": listed])
    }
  }

  fileprivate static func violation(_ field: String, _ description: String) -> RPCError {
    var violations = FieldViolations()
    violations.add(field, description)
    do throws(RPCError) {
      try violations.check()
      return .hidden
    } catch {
      return error
    }
  }
}
