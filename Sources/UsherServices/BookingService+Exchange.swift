// Exchanging a booking for other seats.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension BookingService {
  package func exchangeBooking(
    _ request: Usher.V1.ExchangeBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ExchangeBookingResponse {
    let wish = try wish(request, context)
    guard let id = BookingID(request.bookingId) else {
      throw .notFound(.bookingNotFound, "booking", request.bookingId)
    }
    let before = try await requireReach(to: id, context)
    try requireUnpaid(before, request)
    for attempt in 1...Limits.pricingAttempts {
      let show = try await show(request.showId, context, fresh: attempt > 1)
      let exchange = ExchangeRequest(
        bookingID: id, wanted: try wish.request(show, bookingID: newBookingID(show.show.lane)),
        paymentReference: request.paymentReference)
      switch try await serve(.exchange(exchange), lane: show.show.lane, context) {
      case .done(let record): return try await answer(record, context)
      case .refused(.staleShow): continue
      case .refused(let refusal):
        let subject = ChangeWish(.cancel, request.bookingId, request.requestId)
        throw .refusal(refusal, ofExchanging: subject, for: show)
      case .swept, .inLine, .seatsChanged, .together, .refusedTogether: throw .hidden
      }
    }
    throw failures.status(StoreError(.contended))
  }

  /// A customer exchanges what it holds, not what was paid for: the difference would have to be paid too.
  /// `before` is the booking as a customer has it; nil for keys.
  private func requireUnpaid(
    _ before: BookingRecord?, _ request: Usher.V1.ExchangeBookingRequest
  ) throws(RPCError) {
    guard let before else { return }
    var violations = FieldViolations()
    violations.require(
      request.paymentReference.isEmpty, "payment_reference",
      "must be empty: an account pays nothing")
    try violations.check()
    guard before.state == .confirmed else { return }
    throw .refusal(
      .bookingState, "A customer can exchange seats that are held, not paid.",
      metadata: ["booking": before.id.description, "state": "CONFIRMED"])
  }

  private func wish(
    _ request: Usher.V1.ExchangeBookingRequest, _ context: ServerContext
  ) throws(RPCError) -> HoldWish {
    var violations = FieldViolations()
    violations.require(UniqueID(request.bookingId) != nil, "booking_id", "must be a UUID")
    violations.require(
      request.paymentReference.utf8.count <= Booking.Limits.referenceByteCount
        && !request.paymentReference.utf8.contains(0),
      "payment_reference", "must have at most \(Booking.Limits.referenceByteCount) bytes")
    let hold = Usher.V1.HoldSeatsRequest(
      showId: request.showId, seats: request.seats, bestAvailable: request.bestAvailable,
      requestId: request.requestId)
    return try HoldWish(
      hold, partnerID: try partner(context), command: "exchange",
      subjects: [request.bookingId.lowercased(), request.paymentReference], violations)
  }

  private func answer(
    _ record: BookingRecord, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ExchangeBookingResponse {
    let total = record.quote.total
    return .init(
      booking: try await message(record, context),
      priceDifference: .init(
        total.minorUnits - (record.exchangeCredit ?? total.minorUnits), total.currency),
      refund: try await refund(record, context))
  }

  /// What a request gave back, which may be for seats of another booking than it left.
  func refund(
    _ record: BookingRecord, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.Refund? {
    guard let refund = record.refund else { return nil }
    var showID = record.showID
    if refund.bookingID != record.id {
      let bookings = parts[context.loop].bookings
      let other = try await failures.translating { () async throws(StoreError) in
        try await bookings.booking(
          id: refund.bookingID, partnerID: record.partnerID, timeout: context.remaining)
      }
      guard let other else { throw .hidden }
      showID = other.showID
    }
    return .init(refund, try await show(showID, context, fresh: false).layout)
  }
}
