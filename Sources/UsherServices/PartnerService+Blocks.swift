// usher.v1.PartnerService: seats that theatres withdraw from sale. They are changes of seats, and so the
// lane's.

import Booking
import BookingStore
package import RPC
import Reactor
import SeatFeed
package import UsherProtos

extension PartnerService {
  package func blockSeats(
    _ request: Usher.V1.BlockSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.BlockSeatsResponse {
    var violations = FieldViolations()
    violations.require(
      request.reason.unicodeScalars.count <= Limits.reasonCharacters
        && request.reason.isPrintable, "reason",
      "must have at most \(Limits.reasonCharacters) characters, none for control")
    let wish = try BlockWish(
      showID: request.showId, labels: request.seats, isBlock: true, reason: request.reason,
      requestID: request.requestId, violations)
    return .init(version: try await serve(wish, context))
  }

  package func unblockSeats(
    _ request: Usher.V1.UnblockSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.UnblockSeatsResponse {
    let wish = try BlockWish(
      showID: request.showId, labels: request.seats, isBlock: false, reason: "",
      requestID: request.requestId, FieldViolations())
    return .init(version: try await serve(wish, context))
  }

  package func listBlockedSeats(
    _ request: Usher.V1.ListBlockedSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListBlockedSeatsResponse {
    let show = try await ownShow(request.showId, context)
    let maps = parts[context.loop].seatMaps
    let blocks = try await failures.translating { () async throws(StoreError) in
      try await maps.blocked(
        lane: show.show.lane, showID: show.show.id, timeout: context.remaining)
    }
    return .init(
      blocks: blocks.map { block in
        .init(
          seats: show.layout.labels(block.seatNumbers), reason: block.reason,
          blockedAt: block.createdAt.map { .init(unixMicroseconds: $0) })
      })
  }

  private func serve(
    _ wish: BlockWish, _ context: ServerContext
  ) async throws(RPCError) -> Int64 {
    for attempt in 1...Limits.pricingAttempts {
      let show = try await ownShow(wish.showID, context, fresh: attempt > 1)
      let request = try wish.request(show, by: try context.seller())
      let outcome = try await failures.translating { () async throws(StoreError) in
        try await lanes[show.show.lane].serve(.block(request), deadline: context.deadline)
      }
      switch outcome {
      case .seatsChanged(let version):
        parts[context.loop].feed.noteTold(show.show.id, version: version)
        return version
      case .refused(.staleShow): continue
      case .refused(let refusal): throw .refusal(refusal, ofBlocking: show)
      case .done, .swept, .inLine, .together, .refusedTogether: throw .hidden
      }
    }
    throw failures.status(StoreError(.contended))
  }

  /// A show of a theatre that is the caller's to run; throws otherwise.
  func ownShow(
    _ id: Int64, _ context: ServerContext, fresh: Bool = false
  ) async throws(RPCError) -> ShowDetails {
    let directory = parts[context.loop].shows
    if fresh { directory.forget(id: id) }
    let show = try await failures.translating { () async throws(StoreError) in
      try await directory.show(id: id)
    }
    guard let show else {
      guard try context.seller().isOperator else { throw KnownCaller.beyondReach }
      throw .notFound(.showNotFound, "show", String(id))
    }
    // Who owns a theatre is not remembered: it must be so now.
    try await requireOwn(theatre: show.show.theatreID, context)
    return show
  }
}

/// A request to withdraw seats or to give them back, checked as far as that is possible without the show.
private struct BlockWish {
  let showID: Int64
  private let labels: [String]
  private let isBlock: Bool
  private let reason: String
  private let requestID: UniqueID

  init(
    showID: Int64, labels: [String], isBlock: Bool, reason: String, requestID: String,
    _ violations: FieldViolations
  ) throws(RPCError) {
    var violations = violations
    violations.requireLabels(labels, "seats", least: 1, most: Limits.seatsPerBlock)
    let id = violations.requestID(requestID)
    try violations.check()
    guard let id else { throw .hidden }
    self.showID = showID
    self.labels = labels
    self.isBlock = isBlock
    self.reason = reason
    self.requestID = id
  }

  func request(_ show: ShowDetails, by caller: KnownCaller) throws(RPCError) -> BlockRequest {
    let seats = labels.compactMap { show.layout.seat(label: $0)?.number }
    guard seats.count == labels.count else {
      let unknown = labels.filter { show.layout.seat(label: $0) == nil }
      let listed = unknown.prefix(Limits.labelsPerRefusal).joined(separator: ",")
      throw .refusal(
        .seatsNotFound, "There are no seats with these labels: \(listed)",
        metadata: ["show": String(showID), "seats": listed])
    }
    var hash = RequestHash(command: isBlock ? "block" : "unblock")
    hash.add(showID)
    hash.add(labels)
    hash.add(reason)
    let actor = caller.auditActor
    return BlockRequest(
      RequestIdentity(partnerID: caller.partnerID, requestID: requestID, hash: hash.digest),
      actorKeyID: actor.keyID, actor: actor.name, lane: show.show.lane, showID: showID,
      seatNumbers: seats, isBlock: isBlock, reason: reason)
  }
}

extension RPCError {
  /// Refusals to withdraw seats or to give them back. Of many seats the first are named.
  fileprivate static func refusal(
    _ refusal: SaleRefusal, ofBlocking show: ShowDetails
  ) -> RPCError {
    func listed(_ numbers: [Int32]) -> String {
      show.layout.labels(Array(numbers.prefix(Limits.labelsPerRefusal))).joined(separator: ",")
    }
    let showID = String(show.show.id)
    switch refusal {
    case .seatsUnavailable(let seats, let version):
      let labels = listed(seats.map(\.number))
      return .refusal(
        .seatsUnavailable, "Seats are not free: \(labels)",
        metadata: ["show": showID, "seats": labels, "version": String(version)])
    case .seatsNotBlocked(let numbers):
      let labels = listed(numbers)
      return .refusal(
        .seatsNotBlocked, "Seats are not withdrawn: \(labels)",
        metadata: ["show": showID, "seats": labels])
    default: return .refusal(refusal, of: show)
    }
  }
}
