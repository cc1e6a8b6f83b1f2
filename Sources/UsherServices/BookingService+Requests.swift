// What became of request ids, and fences that keep them from running.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension BookingService {
  package func fenceRequest(
    _ request: Usher.V1.FenceRequestRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.FenceRequestResponse {
    let key = try key(request.requestId, context)
    var hash = RequestHash(command: "fence")
    hash.add(key.requestID.description)
    let identity = RequestIdentity(
      partnerID: key.partnerID, requestID: key.requestID, hash: hash.digest)
    let bookings = parts[context.loop].bookings
    let fate = try await failures.translating { () async throws(StoreError) in
      try await bookings.fence(identity, timeout: context.remaining)
    }
    guard try await isWithinReach(fate, context) else {
      throw .notFound(.requestNotFound, "request", request.requestId)
    }
    return .init(outcome: try await outcome(fate, context))
  }

  package func getRequestOutcome(
    _ request: Usher.V1.GetRequestOutcomeRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetRequestOutcomeResponse {
    let key = try key(request.requestId, context)
    let bookings = parts[context.loop].bookings
    let fate = try await failures.translating { () async throws(StoreError) in
      try await bookings.fate(of: key, timeout: context.remaining)
    }
    guard let fate, try await isWithinReach(fate, context) else {
      throw .notFound(.requestNotFound, "request", request.requestId)
    }
    return .init(outcome: try await outcome(fate, context))
  }

  /// Whether a request is the caller's to know of. A customer shares the space of request ids with all
  /// others, and a key for some theatres with those for others.
  private func isWithinReach(
    _ fate: RequestFate, _ context: ServerContext
  ) async throws(RPCError) -> Bool {
    let caller = try context.seller()
    guard caller.account != nil || caller.theatreIDs != nil else { return true }
    let record: BookingRecord
    switch fate {
    case .fenced: return true
    case .ranWithoutBooking: return caller.account == nil
    case .ran(let ran): record = ran
    }
    if let account = caller.account { return record.customerRef == account.customerRef }
    let directory = parts[context.loop].shows
    let show = try await failures.translating { () async throws(StoreError) in
      try await directory.show(id: record.showID)
    }
    guard let show, let theatreIDs = caller.theatreIDs else { return false }
    return theatreIDs.contains(show.show.theatreID)
  }

  private func key(_ requestID: String, _ context: ServerContext) throws(RPCError) -> RequestKey {
    let partnerID = try partner(context)
    var violations = FieldViolations()
    let id = UniqueID(requestID)
    violations.require(id != nil, "request_id", "must be a UUID")
    try violations.check()
    guard let id else { throw .hidden }
    return RequestKey(partnerID: partnerID, requestID: id)
  }

  private func outcome(
    _ fate: RequestFate, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.RequestOutcome {
    let record: BookingRecord
    switch fate {
    case .fenced: return .init(fate: .fenced)
    case .ranWithoutBooking: return .init(fate: .ran)
    case .ran(let ran): record = ran
    }
    try context.seller().requireOwn(record, named: record.id.description)
    let layout = try await show(record.showID, context, fresh: false).layout
    return .init(
      fate: .ran, booking: .init(record, layout), refund: try await refund(record, context))
  }
}
