// Changes of a booking: confirm, extend, release, cancel.

import Booking
import BookingStore
package import RPC
package import UsherProtos

extension BookingService {
  package func confirmBooking(
    _ request: Usher.V1.ConfirmBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ConfirmBookingResponse {
    var violations = FieldViolations()
    violations.require(
      (1...Booking.Limits.referenceByteCount).contains(request.paymentReference.utf8.count)
        && !request.paymentReference.utf8.contains(0),
      "payment_reference", "must have 1 to \(Booking.Limits.referenceByteCount) bytes")
    let record = try await change(
      ChangeWish(
        .confirm, request.bookingId, request.requestId,
        paymentReference: request.paymentReference), violations, context)
    return .init(
      booking: try await message(record, context),
      outcome: record.isTakenAgain ? .takenAgain : .inTime)
  }

  package func extendHold(
    _ request: Usher.V1.ExtendHoldRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ExtendHoldResponse {
    let wish = ChangeWish(.extend, request.bookingId, request.requestId)
    let record = try await change(wish, FieldViolations(), context)
    return .init(booking: try await message(record, context))
  }

  package func releaseHold(
    _ request: Usher.V1.ReleaseHoldRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ReleaseHoldResponse {
    let wish = ChangeWish(.release, request.bookingId, request.requestId)
    let record = try await change(wish, FieldViolations(), context)
    return .init(booking: try await message(record, context))
  }

  package func cancelBooking(
    _ request: Usher.V1.CancelBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CancelBookingResponse {
    let (wish, violations) = Self.wish(request)
    let record = try await change(wish, violations, context)
    let layout = try await show(record.showID, context, fresh: false).layout
    return .init(
      booking: .init(record, layout), refund: record.refund.map { .init($0, layout) })
  }

  /// What is wished to be cancelled, and what is wrong with it.
  static func wish(
    _ request: Usher.V1.CancelBookingRequest
  ) -> (ChangeWish, FieldViolations) {
    var violations = FieldViolations()
    violations.require(
      Set(request.seats).count == request.seats.count
        && request.seats.count <= Booking.Limits.seatsPerBooking
        && request.seats.allSatisfy { (1...Limits.nameBytes).contains($0.utf8.count) },
      "seats", "must be labels of seats of the booking, each once")
    let wish = ChangeWish(
      .cancel, request.bookingId, request.requestId, seats: request.seats)
    return (wish, violations)
  }

  private func change(
    _ wish: ChangeWish, _ violations: FieldViolations, _ context: ServerContext
  ) async throws(RPCError) -> BookingRecord {
    let request = try wish.request(partnerID: try partner(context), violations)
    try await requireReach(to: request.bookingID, context)
    return try await change(request, wish, context)
  }

  /// Has a change made that the caller may make.
  func change(
    _ request: ChangeRequest, _ wish: ChangeWish, _ context: ServerContext
  ) async throws(RPCError) -> BookingRecord {
    switch try await serve(.change(request), lane: request.bookingID.lane, context) {
    case .done(let record): return record
    case .refused(let refusal): throw .refusal(refusal, of: wish)
    case .swept, .inLine, .seatsChanged, .together, .refusedTogether: throw .hidden
    }
  }
}
