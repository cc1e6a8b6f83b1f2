// Many holds or cancellations in one call: each on its own, or all together.

import Booking
import BookingStore
import ProtoWire
package import RPC
import Reactor
package import UsherProtos

extension BookingService {
  package func batchHoldSeats(
    _ request: Usher.V1.BatchHoldSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.BatchHoldSeatsResponse {
    try Self.check(request.holds.map(\.requestId), "holds")
    try count(request.holds.count, context)
    if request.atomic {
      let bookings = try await holdTogether(request.holds, context)
      return .init(results: bookings.map { .init(outcome: .booking($0)) })
    }
    let results = await each(request.holds) { hold in
      do throws(RPCError) {
        let response = try await holdSeats(hold, context: context)
        return Usher.V1.HoldResult(outcome: .booking(response.booking ?? .init()))
      } catch {
        return Usher.V1.HoldResult(outcome: .error(error.status))
      }
    }
    return .init(results: results)
  }

  package func batchCancelBookings(
    _ request: Usher.V1.BatchCancelBookingsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.BatchCancelBookingsResponse {
    try Self.check(request.cancellations.map(\.requestId), "cancellations")
    try count(request.cancellations.count, context)
    if request.atomic {
      let answers = try await cancelTogether(request.cancellations, context)
      return .init(results: answers.map { .init(outcome: .cancelled($0)) })
    }
    let results = await each(request.cancellations) { cancellation in
      do throws(RPCError) {
        let response = try await cancelBooking(cancellation, context: context)
        return Usher.V1.CancelResult(outcome: .cancelled(response))
      } catch {
        return Usher.V1.CancelResult(outcome: .error(error.status))
      }
    }
    return .init(results: results)
  }

  private static func check(_ requestIDs: [String], _ field: String) throws(RPCError) {
    var violations = FieldViolations()
    violations.require(
      (1...Limits.batchItems).contains(requestIDs.count), field,
      "must be 1 to \(Limits.batchItems)")
    violations.require(
      Set(requestIDs.map { $0.lowercased() }).count == requestIDs.count, field,
      "must each have a request_id of its own")
    try violations.check()
  }

  /// A batch counts as the calls that it stands for; the first of them has been counted.
  private func count(_ calls: Int, _ context: ServerContext) throws(RPCError) {
    try parts[context.loop].credentials.countMore(calls - 1, context)
  }

  /// Runs a body for every item, all at once, and returns the results in the items' order.
  private func each<Item: Sendable, Result: Sendable>(
    _ items: [Item], _ body: @escaping @Sendable (Item) async -> Result
  ) async -> [Result] {
    await withTaskGroup(of: (Int, Result).self) { group in
      for (index, item) in items.enumerated() {
        group.addTask { (index, await body(item)) }
      }
      var results: [Int: Result] = [:]
      for await (index, result) in group { results[index] = result }
      return items.indices.compactMap { results[$0] }
    }
  }

  // MARK: Together

  private func holdTogether(
    _ requests: [Usher.V1.HoldSeatsRequest], _ context: ServerContext
  ) async throws(RPCError) -> [Usher.V1.Booking] {
    for attempt in 1...Limits.pricingAttempts {
      var shows: [ShowDetails] = []
      var holds: [SaleRequest] = []
      for (item, request) in requests.enumerated() {
        do throws(RPCError) {
          let wish = try self.wish(request, context)
          let show = try await show(request.showId, context, fresh: attempt > 1)
          holds.append(.hold(try wish.request(show, bookingID: newBookingID(show.show.lane))))
          shows.append(show)
        } catch {
          throw error.ofItem(item)
        }
      }
      switch try await serve(together: holds, context) {
      case .together(let outcomes):
        let records = try Self.records(outcomes)
        return zip(records, shows).map { .init($0, $1.layout) }
      case .refusedTogether(_, .staleShow): continue
      case .refusedTogether(let item, let refusal):
        throw RPCError.refusal(refusal, of: shows[item]).ofItem(item)
      case .done, .refused, .swept, .inLine, .seatsChanged: throw .hidden
      }
    }
    throw failures.status(StoreError(.contended))
  }

  private func cancelTogether(
    _ requests: [Usher.V1.CancelBookingRequest], _ context: ServerContext
  ) async throws(RPCError) -> [Usher.V1.CancelBookingResponse] {
    let partnerID = try partner(context)
    var wishes: [ChangeWish] = []
    var changes: [SaleRequest] = []
    for (item, request) in requests.enumerated() {
      do throws(RPCError) {
        let (wish, violations) = Self.wish(request)
        let change = try wish.request(partnerID: partnerID, violations)
        try await requireReach(to: change.bookingID, context)
        changes.append(.change(change))
        wishes.append(wish)
      } catch {
        throw error.ofItem(item)
      }
    }
    switch try await serve(together: changes, context) {
    case .together(let outcomes):
      var answers: [Usher.V1.CancelBookingResponse] = []
      for record in try Self.records(outcomes) { answers.append(try await answer(record, context)) }
      return answers
    case .refusedTogether(let item, let refusal):
      throw RPCError.refusal(refusal, of: wishes[item]).ofItem(item)
    case .done, .refused, .swept, .inLine, .seatsChanged: throw .hidden
    }
  }

  private func serve(
    together parts: [SaleRequest], _ context: ServerContext
  ) async throws(RPCError) -> SaleOutcome {
    guard let lane = parts.first?.lane else { throw .hidden }
    return try await serve(.together(parts), lane: lane, context)
  }

  private static func records(_ outcomes: [SaleOutcome]) throws(RPCError) -> [BookingRecord] {
    var records: [BookingRecord] = []
    for outcome in outcomes {
      guard case .done(let record) = outcome else { throw .hidden }
      records.append(record)
    }
    return records
  }

  private func answer(
    _ record: BookingRecord, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CancelBookingResponse {
    let layout = try await show(record.showID, context, fresh: false).layout
    return .init(
      booking: .init(record, layout), refund: record.refund.map { .init($0, layout) })
  }
}

extension RPCError {
  /// The status as a message.
  var status: Google.Rpc.Status {
    if let status = try? Google.Rpc.Status(protoBytes: details), status.code != 0 { return status }
    return Google.Rpc.Status(code: Int32(code.rawValue), message: message)
  }

  /// The refusal of a whole batch because of one of its items, counted from 0.
  fileprivate func ofItem(_ item: Int) -> RPCError {
    var status = status
    for (index, detail) in status.details.enumerated() {
      guard detail.typeUrl.hasSuffix("/google.rpc.ErrorInfo"),
        var info = try? Google.Rpc.ErrorInfo(protoBytes: detail.value)
      else { continue }
      info.metadata["item"] = String(item)
      status.details[index].value = info.protoBytes()
    }
    return RPCError(code, message, details: status.protoBytes(), trailers: trailers)
  }
}
