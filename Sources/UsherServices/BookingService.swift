// usher.v1.BookingService: hold, confirm, release, cancel. Reads requests and writes answers; the
// decisions are the lane's.

package import Booking
package import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct BookingService: Usher.V1.BookingServiceServer {
  private let parts: PerLoop<NodeParts>
  private let lanes: Lanes
  private let failures: StoreFailures
  private let newBookingID: @Sendable (Int16) -> BookingID

  /// `newBookingID` makes an id for a lane; ids must never repeat.
  package init(
    _ parts: PerLoop<NodeParts>, _ lanes: Lanes, logger: Logger,
    newBookingID: @escaping @Sendable (Int16) -> BookingID
  ) {
    self.parts = parts
    self.lanes = lanes
    self.newBookingID = newBookingID
    failures = StoreFailures(logger: logger)
  }

  // MARK: Hold

  package func holdSeats(
    _ request: Usher.V1.HoldSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.HoldSeatsResponse {
    let wish = try HoldWish(request, partnerID: try partner(context))
    for attempt in 1...Limits.pricingAttempts {
      let show = try await show(request.showId, context, fresh: attempt > 1)
      let hold = try wish.request(show, bookingID: newBookingID(show.show.lane))
      switch try await serve(.hold(hold), lane: show.show.lane, context) {
      case .done(let record): return .init(booking: .init(record, show.layout))
      case .refused(.staleShow): continue
      case .refused(let refusal): throw Self.status(refusal, show)
      case .swept: throw .hidden
      }
    }
    throw failures.status(StoreError(.contended))
  }

  private func serve(
    _ request: SaleRequest, lane: Int16, _ context: ServerContext
  ) async throws(RPCError) -> SaleOutcome {
    try await failures.translating { () async throws(StoreError) in
      try await lanes[lane].serve(request, deadline: context.deadline)
    }
  }

  /// Refusals of a hold.
  private static func status(_ refusal: SaleRefusal, _ show: ShowDetails) -> RPCError {
    let metadata = ["show": String(show.show.id)]
    switch refusal {
    case .seatsUnavailable(let seats, let version):
      return seatsUnavailable(seats, version, show)
    case .noAdjacentSeats:
      return .refusal(
        .failedPrecondition, .noAdjacentSeats, "No such run of adjacent free seats is left.",
        metadata: metadata)
    case .strandsSeats(let numbers):
      let labels = labels(numbers, show)
      return .refusal(
        .failedPrecondition, .strandsSeats, "These seats would be left alone: \(labels)",
        metadata: metadata.merging(["seats": labels]) { one, _ in one })
    case .holdLimitExceeded:
      return .refusal(
        .failedPrecondition, .holdLimitExceeded,
        "The customer would have more seats of the show than the theatre allows.",
        metadata: metadata)
    case .salesClosed:
      return .refusal(
        .failedPrecondition, .salesClosed, "The show is not on sale.", metadata: metadata)
    case .showNotFound: return .notFound(.showNotFound, "show", String(show.show.id))
    case .requestIDReused: return requestIDReused
    case .staleShow, .bookingNotFound, .foreignBooking, .wrongState, .extendedBefore:
      // Not for holds.
      return .hidden
    }
  }

  private static func labels(_ numbers: [Int32], _ show: ShowDetails) -> String {
    numbers.map { show.layout.seat(number: $0)?.label ?? "?" }.joined(separator: ",")
  }

  /// Every lost seat is named, and why each was lost, as of a version of the seat map.
  private static func seatsUnavailable(
    _ seats: [SeatStatus], _ version: Int64, _ show: ShowDetails
  ) -> RPCError {
    let named = seats.map { seat in
      (label: show.layout.seat(number: seat.number)?.label ?? "?", state: seat.state)
    }
    let labels = named.map(\.label).joined(separator: ",")
    return .refusal(
      .failedPrecondition, .seatsUnavailable, "These seats are no longer free: \(labels)",
      metadata: [
        "show": String(show.show.id), "seats": labels,
        "states": named.map { "\($0.state)".uppercased() }.joined(separator: ","),
        "version": String(version),
      ])
  }

  private static var requestIDReused: RPCError {
    .refusal(
      .invalidArgument, .requestIDReused,
      "The request_id was used before with another request; choose a new one.")
  }

  // MARK: Confirm, release, cancel

  package func confirmBooking(
    _ request: Usher.V1.ConfirmBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ConfirmBookingResponse {
    var violations = FieldViolations()
    violations.require(
      (1...Booking.Limits.referenceByteCount).contains(request.paymentReference.utf8.count)
        && !request.paymentReference.utf8.contains(0),
      "payment_reference", "must have 1 to \(Booking.Limits.referenceByteCount) bytes")
    let booking = try await change(
      ChangeWish(
        .confirm, request.bookingId, request.requestId,
        paymentReference: request.paymentReference), violations, context)
    return .init(booking: booking)
  }

  package func releaseHold(
    _ request: Usher.V1.ReleaseHoldRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ReleaseHoldResponse {
    let wish = ChangeWish(.release, request.bookingId, request.requestId)
    return .init(booking: try await change(wish, FieldViolations(), context))
  }

  package func cancelBooking(
    _ request: Usher.V1.CancelBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CancelBookingResponse {
    let wish = ChangeWish(.cancel, request.bookingId, request.requestId)
    return .init(booking: try await change(wish, FieldViolations(), context))
  }

  private func change(
    _ wish: ChangeWish, _ violations: FieldViolations, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.Booking {
    let request = try wish.request(partnerID: try partner(context), violations)
    switch try await serve(.change(request), lane: request.bookingID.lane, context) {
    case .done(let record): return try await message(record, context)
    case .refused(let refusal): throw Self.status(refusal, wish)
    case .swept: throw .hidden
    }
  }

  /// Refusals of a change.
  private static func status(_ refusal: SaleRefusal, _ wish: ChangeWish) -> RPCError {
    switch refusal {
    case .wrongState(let record): return wrongState(record)
    case .extendedBefore(let record):
      return .refusal(
        .failedPrecondition, .extendedBefore, "The hold was extended before.",
        metadata: ["booking": record.id.description])
    case .bookingNotFound: return .notFound(.bookingNotFound, "booking", wish.bookingID)
    case .foreignBooking:
      return .refusal(
        .failedPrecondition, .foreignHold, "The booking was made by another partner.",
        metadata: ["booking": wish.bookingID])
    case .requestIDReused: return requestIDReused
    case .seatsUnavailable, .noAdjacentSeats, .strandsSeats, .holdLimitExceeded, .salesClosed,
      .showNotFound, .staleShow:
      // Not for changes.
      return .hidden
    }
  }

  private static func wrongState(_ record: BookingRecord) -> RPCError {
    let (reason, message): (Reason, String) =
      switch record.state {
      case .expired: (.holdExpired, "The hold has expired.")
      case .released: (.holdReleased, "The hold was released.")
      default: (.bookingState, "The booking is \(record.state).")
      }
    return .refusal(
      .failedPrecondition, reason, message,
      metadata: ["booking": record.id.description, "state": "\(record.state)".uppercased()])
  }

  // MARK: Get

  package func getBooking(
    _ request: Usher.V1.GetBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetBookingResponse {
    let partnerID = try partner(context)
    var violations = FieldViolations()
    violations.require(UniqueID(request.bookingId) != nil, "booking_id", "must be a UUID")
    try violations.check()
    let bookings = parts[context.loop].bookings
    guard let id = BookingID(request.bookingId),
      let record = try await failures.translating({ () async throws(StoreError) in
        try await bookings.booking(id: id, partnerID: partnerID, timeout: context.remaining)
      })
    else { throw .notFound(.bookingNotFound, "booking", request.bookingId) }
    return .init(booking: try await message(record, context))
  }

  // MARK: Shared

  private func partner(_ context: ServerContext) throws(RPCError) -> Int64 {
    guard let caller = context.caller as? PartnerCaller else {
      // The interceptor admits nobody else to this service.
      throw .hidden
    }
    return caller.partnerID
  }

  private func show(
    _ showID: Int64, _ context: ServerContext, fresh: Bool
  ) async throws(RPCError) -> ShowDetails {
    let directory = parts[context.loop].shows
    if fresh { directory.forget(id: showID) }
    let show = try await failures.translating { () async throws(StoreError) in
      try await directory.show(id: showID)
    }
    guard let show else { throw .notFound(.showNotFound, "show", String(showID)) }
    return show
  }

  private func message(
    _ record: BookingRecord, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.Booking {
    .init(record, try await show(record.showID, context, fresh: false).layout)
  }
}
