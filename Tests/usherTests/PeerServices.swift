// Seat maps and bookings of the test peer.

import RPC
import UsherProtos

struct PeerMaps: Usher.V1.SeatMapServiceServer {
  let holder: PeerHolder
  static let unknownShow = RPCError.refusal(
    .notFound, "SHOW_NOT_FOUND", "There is no such show.")

  func getSeatMap(
    _ request: Usher.V1.GetSeatMapRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetSeatMapResponse {
    guard request.showId == 7, let town = holder.town({ $0 }) else { throw Self.unknownShow }
    return .init(showId: 7, version: town.version, seats: town.seats)
  }

  func watchSeatMap(
    _ request: Usher.V1.WatchSeatMapRequest,
    responses: ResponseWriter<Usher.V1.WatchSeatMapResponse>, context: ServerContext
  ) async throws(RPCError) {
    guard request.showId == 7 else { throw Self.unknownShow }
    let (stream, continuation) = AsyncStream.makeStream(of: Usher.V1.SeatMapChange.self)
    guard let town = holder.watch(continuation) else { throw RPCError(.unavailable, "closed") }
    if request.afterVersion > 0 {
      for change in town.changes where change.version > request.afterVersion {
        try await responses.write(.init(event: .change(change)))
      }
    } else {
      try await responses.write(
        .init(event: .snapshot(.init(showId: 7, version: town.version, seats: town.seats))))
    }
    try await responses.write(.init(event: .bookmark(.init(version: town.version))))
    for await change in stream { try await responses.write(.init(event: .change(change))) }
    guard !Task.isCancelled else { throw .cancelled }
    throw RPCError(.unavailable, "the server goes away")
  }
}

extension PeerMaps {
  /// Theatre 2 and shows 7 and 8: one change, and the first stream breaks behind it.
  func watchShows(
    _ request: Usher.V1.WatchShowsRequest,
    responses: ResponseWriter<Usher.V1.WatchShowsResponse>, context: ServerContext
  ) async throws(RPCError) {
    guard request.theatreId == 2 || request.showIds == [7, 8] else { throw Self.unknownShow }
    let isFirst = holder.town { town in
      town.groupWatcherCount += 1
      return town.groupWatcherCount == 1
    }
    let full = Usher.V1.ShowAvailability(
      showId: 8, version: 90, availableCount: 0, heldCount: 2, soldCount: 1_200, blockedCount: 6)
    try await responses.write(
      .init(
        event: .snapshot(.init(shows: [.init(showId: 7, version: 1, availableCount: 10), full]))))
    try await responses.write(.init(event: .bookmark(.init())))
    try await responses.write(
      .init(
        event: .change(
          .init(
            shows: [.init(showId: 7, version: 3, availableCount: 8, heldCount: 2)],
            removedShowIds: [8]))))
    throw isFirst == true
      ? RPCError(.unavailable, "the server goes away") : RPCError(.internal, "broken")
  }
}

struct PeerBookings: Usher.V1.BookingServiceServer {
  let holder: PeerHolder

  func holdSeats(
    _ request: Usher.V1.HoldSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.HoldSeatsResponse {
    try authenticate(context)
    guard request.showId == 7 else { throw PeerMaps.unknownShow }
    let outcome = holder.town { town -> Result<Usher.V1.Booking, RPCError> in
      town.holdCalls += 1
      if let earlier = town.answers[request.requestId] { return .success(earlier) }
      return Result { () throws(RPCError) in try hold(request, &town) }
    }
    let booking = try finish(outcome, request.requestId)
    return .init(booking: booking)
  }

  private func hold(
    _ request: Usher.V1.HoldSeatsRequest, _ town: inout Town
  ) throws(RPCError) -> Usher.V1.Booking {
    let free = town.seats.filter { $0.state == .available }
    let count = Int(request.bestAvailable?.count ?? 0)
    let wanted =
      request.bestAvailable == nil ? request.seats : free.suffix(count).map(\.label)
    let unknown = wanted.filter { label in !town.seats.contains { $0.label == label } }
    guard unknown.isEmpty else {
      throw .refusal(
        .invalidArgument, "INVALID_FIELDS", "The request has invalid fields.",
        violations: unknown.map { ("seats", "there is no seat \($0)") })
    }
    guard wanted.count >= count else {
      throw .refusal(.failedPrecondition, "NO_ADJACENT_SEATS", "Not enough adjacent seats.")
    }
    let lost = wanted.filter { label in !free.contains { $0.label == label } }
    guard lost.isEmpty else {
      throw .refusal(
        .failedPrecondition, "SEATS_UNAVAILABLE", "Some seats were lost.",
        metadata: ["seats": lost.joined(separator: ",")])
    }
    return Self.hold(wanted, &town)
  }

  static func hold(_ labels: [String], _ town: inout Town) -> Usher.V1.Booking {
    town.set(labels, .held)
    let booking = Usher.V1.Booking(
      bookingId: "00000000-0000-7000-8000-00000000000\(town.bookings.count)", showId: 7,
      state: .held, seats: labels, quote: quote(labels), expiresInMs: 299_000,
      version: town.version)
    town.bookings[booking.bookingId] = booking
    return booking
  }

  private static func quote(_ labels: [String]) -> Usher.V1.Quote {
    func euros(_ minorUnits: Int64) -> Usher.V1.Money {
      .init(currencyCode: "EUR", minorUnits: minorUnits)
    }
    return .init(
      lines: labels.flatMap {
        [
          .init(kind: .basePrice, seat: $0, description: "GOLD", amount: euros(1_400)),
          .init(kind: .offer, seat: $0, description: "Matinee", amount: euros(-280), offerId: 1),
        ]
      }, total: euros(Int64(labels.count) * 1_120))
  }

  func confirmBooking(
    _ request: Usher.V1.ConfirmBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ConfirmBookingResponse {
    let booking = try change(request.bookingId, request.requestId, .confirmed, .sold, context)
    return .init(booking: booking, outcome: .takenAgain)
  }

  func extendHold(
    _ request: Usher.V1.ExtendHoldRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ExtendHoldResponse {
    var booking = try change(request.bookingId, request.requestId, .held, .held, context)
    booking.extended = true
    booking.expiresInMs = 599_000
    return .init(booking: booking)
  }

  func releaseHold(
    _ request: Usher.V1.ReleaseHoldRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ReleaseHoldResponse {
    .init(
      booking: try change(request.bookingId, request.requestId, .released, .available, context))
  }

  func cancelBooking(
    _ request: Usher.V1.CancelBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CancelBookingResponse {
    let booking = try change(request.bookingId, request.requestId, .cancelled, .available, context)
    return .init(
      booking: booking,
      refund: .init(seats: booking.seats, amount: .init(currencyCode: "EUR", minorUnits: 2_240)))
  }

  func exchangeBooking(
    _ request: Usher.V1.ExchangeBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ExchangeBookingResponse {
    guard request.showId == 7 else { throw PeerMaps.unknownShow }
    let before = holder.town { $0.bookings[request.bookingId]?.state } ?? nil
    var booking = try change(request.bookingId, request.requestId, .exchanged, .available, context)
    booking.supersedes = booking.bookingId
    booking.state = before ?? .confirmed
    booking.seats = request.seats
    if before == .held {
      booking.bookingId = holder.town { Self.hold(request.seats, &$0).bookingId } ?? ""
      booking.expiresInMs = 240_000
    }
    return .init(
      booking: booking, priceDifference: .init(currencyCode: "EUR", minorUnits: -1_120),
      refund: before == .held
        ? nil : .init(seats: ["B1"], amount: .init(currencyCode: "EUR", minorUnits: 1_120)))
  }

  func batchHoldSeats(
    _ request: Usher.V1.BatchHoldSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.BatchHoldSeatsResponse {
    throw RPCError(.unimplemented, "the command line holds one by one")
  }

  func setAddOns(
    _ request: Usher.V1.SetAddOnsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SetAddOnsResponse {
    throw RPCError(.unimplemented, "add-ons are tested on the real server")
  }

  func batchCancelBookings(
    _ request: Usher.V1.BatchCancelBookingsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.BatchCancelBookingsResponse {
    throw RPCError(.unimplemented, "the command line cancels one by one")
  }

  func fenceRequest(
    _ request: Usher.V1.FenceRequestRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.FenceRequestResponse {
    try authenticate(context)
    let earlier = holder.town { $0.answers[request.requestId] } ?? nil
    return .init(outcome: .init(fate: earlier == nil ? .fenced : .ran, booking: earlier))
  }

  func getRequestOutcome(
    _ request: Usher.V1.GetRequestOutcomeRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetRequestOutcomeResponse {
    try authenticate(context)
    guard let earlier = holder.town({ $0.answers[request.requestId] }) ?? nil else {
      throw .refusal(.notFound, "REQUEST_NOT_FOUND", "There is no such request.")
    }
    return .init(outcome: .init(fate: .ran, booking: earlier))
  }

  func getBooking(
    _ request: Usher.V1.GetBookingRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetBookingResponse {
    try authenticate(context)
    guard let booking = holder.town({ $0.bookings[request.bookingId] }) ?? nil else {
      throw .refusal(.notFound, "BOOKING_NOT_FOUND", "There is no such booking.")
    }
    return .init(booking: booking)
  }

  func listBookings(
    _ request: Usher.V1.ListBookingsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListBookingsResponse {
    try authenticate(context)
    let bookings = holder.town { town in town.bookings.values.map { $0 } } ?? []
    return .init(bookings: bookings.sorted { $0.bookingId > $1.bookingId })
  }

  private func change(
    _ id: String, _ requestId: String, _ state: Usher.V1.BookingState,
    _ seats: Usher.V1.SeatState, _ context: ServerContext
  ) throws(RPCError) -> Usher.V1.Booking {
    try authenticate(context)
    let isSold = state == .cancelled || state == .exchanged
    let from: [Usher.V1.BookingState] =
      state == .exchanged ? [.held, .confirmed] : isSold ? [.confirmed] : [.held]
    let outcome = holder.town { town -> Result<Usher.V1.Booking, RPCError> in
      if let earlier = town.answers[requestId] { return .success(earlier) }
      guard var booking = town.bookings[id] else {
        return .failure(.refusal(.notFound, "BOOKING_NOT_FOUND", "There is no such booking."))
      }
      guard from.contains(booking.state) else {
        return .failure(
          .refusal(.failedPrecondition, "BOOKING_STATE", "The booking is \(booking.state)."))
      }
      booking.state = state
      booking.expiresInMs = 0
      town.set(booking.seats, seats)
      town.bookings[id] = booking
      return .success(booking)
    }
    return try finish(outcome, requestId)
  }

  /// Remembers the answer, and loses it on the way when told to.
  private func finish(
    _ outcome: Result<Usher.V1.Booking, RPCError>?, _ requestId: String
  ) throws(RPCError) -> Usher.V1.Booking {
    guard let outcome else { throw RPCError(.unavailable, "closed") }
    let booking = try outcome.get()
    let isLost = holder.town { town in
      town.answers[requestId] = booking
      defer { town.answersToLose = max(0, town.answersToLose - 1) }
      return town.answersToLose > 0
    }
    guard isLost != true else { throw RPCError(.unavailable, "the answer was lost") }
    return booking
  }

  private func authenticate(_ context: ServerContext) throws(RPCError) {
    guard context.metadata["authorization"] == "Bearer \(Peer.key)" else {
      throw .refusal(.unauthenticated, "CREDENTIALS_MISSING", "This call needs a key.")
    }
  }
}
