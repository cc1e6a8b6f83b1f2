// usher.v1.BookingService: holding seats, and reading bookings. Reads requests and writes answers;
// the decisions are the lane's.

package import Booking
package import BookingStore
package import Logging
package import RPC
package import Reactor
import SeatFeed
package import UsherProtos

package struct BookingService: Usher.V1.BookingServiceServer {
  let parts: PerLoop<NodeParts>
  let lanes: Lanes
  let failures: StoreFailures
  let newBookingID: @Sendable (Int16) -> BookingID

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

  /// Makes `router`, which has the service, refuse holds without a task where that needs no waiting.
  package func answerAtOnce(in router: inout Router) {
    router.answerAtOnce(Usher.V1.BookingServiceMethods.holdSeats) {
      (request, context) throws(RPCError) in try promptHold(request, context)
    }
  }

  private func promptHold(
    _ request: Usher.V1.HoldSeatsRequest, _ context: ServerContext
  ) throws(RPCError) -> PromptAnswer<Usher.V1.HoldSeatsResponse> {
    let wish = try self.wish(request, context)
    var first: PricedHold?
    if let show = parts[context.loop].shows.known(id: request.showId) {
      try context.seller().requireReach(to: show)
      let hold = try wish.request(show, bookingID: newBookingID(show.show.lane))
      let lane = lanes[show.show.lane]
      if let refusal = lane.refusalAtOnce(of: hold, deadline: context.deadline) {
        throw .refusal(refusal, of: show)
      }
      first = (show, hold)
    }
    return .waiting { [first] () async throws(RPCError) in
      try await self.hold(wish, of: request.showId, first, context)
    }
  }

  package func holdSeats(
    _ request: Usher.V1.HoldSeatsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.HoldSeatsResponse {
    try await hold(try self.wish(request, context), of: request.showId, nil, context)
  }

  /// What a partner wishes for a customer, or a customer for itself.
  func wish(
    _ request: Usher.V1.HoldSeatsRequest, _ context: ServerContext
  ) throws(RPCError) -> HoldWish {
    let seller = try context.seller()
    guard seller.account != nil else {
      return try HoldWish(request, partnerID: seller.partnerID)
    }
    var request = request
    request.customerRef = try seller.customerRef(request.customerRef)
    return try HoldWish(request, partnerID: seller.partnerID)
  }

  /// A wish for a show as it is known now.
  private typealias PricedHold = (show: ShowDetails, request: HoldRequest)

  /// Has a wish served, as `first` says where that is given.
  private func hold(
    _ wish: HoldWish, of showID: Int64, _ first: PricedHold?, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.HoldSeatsResponse {
    var priced = first
    for attempt in 1...Limits.pricingAttempts {
      if attempt > 1 || priced == nil {
        let show = try await show(showID, context, fresh: attempt > 1)
        priced = (show, try wish.request(show, bookingID: newBookingID(show.show.lane)))
      }
      guard let (show, hold) = priced else { break }
      switch try await serve(.hold(hold), lane: show.show.lane, context) {
      case .done(let record): return .init(booking: .init(record, show.layout))
      case .refused(.staleShow): continue
      case .refused(let refusal): throw .refusal(refusal, of: show)
      case .swept, .inLine, .seatsChanged, .together, .refusedTogether: throw .hidden
      }
    }
    throw failures.status(StoreError(.contended))
  }

  func serve(
    _ request: SaleRequest, lane: Int16, _ context: ServerContext
  ) async throws(RPCError) -> SaleOutcome {
    let outcome = try await failures.translating { () async throws(StoreError) in
      try await lanes[lane].serve(request, deadline: context.deadline)
    }
    if case .done(let record) = outcome {
      // The answer to a repeated request may be of another node's making, and its version still on
      // its way: maps that are read on this connection wait for it.
      parts[context.loop].feed.noteTold(record.showID, version: record.version)
    }
    return outcome
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
    else {
      try context.seller().requireReach(to: nil)
      throw .notFound(.bookingNotFound, "booking", request.bookingId)
    }
    try context.seller().requireOwn(record, named: request.bookingId)
    let layout = try await show(record.showID, context, fresh: false).layout
    var refunds: [Refund] = []
    if record.state == .cancelled || record.state == .exchanged || !record.cancelledSeats.isEmpty {
      refunds = try await failures.translating { () async throws(StoreError) in
        try await bookings.refunds(of: id, timeout: context.remaining)
      }
    }
    return .init(
      booking: .init(record, layout), refunds: refunds.map { .init($0, layout) })
  }

  package func listBookings(
    _ request: Usher.V1.ListBookingsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListBookingsResponse {
    let own = try context.ownAccount()
    let size = try OperatorWishes.pageSize(request.pageSize)
    let bookings = parts[context.loop].bookings
    let page = try await failures.translating { () async throws(StoreError) in
      try await bookings.bookings(
        ofAccount: own.customerRef, pageSize: size, pageToken: request.pageToken,
        timeout: context.remaining)
    }
    var answer = Usher.V1.ListBookingsResponse(nextPageToken: page.nextPageToken)
    for record in page.items { answer.bookings.append(try await message(record, context)) }
    return answer
  }

  // MARK: Shared

  func partner(_ context: ServerContext) throws(RPCError) -> Int64 {
    try context.seller().partnerID
  }

  func show(
    _ showID: Int64, _ context: ServerContext, fresh: Bool
  ) async throws(RPCError) -> ShowDetails {
    let directory = parts[context.loop].shows
    if fresh {
      directory.forget(id: showID)
    } else if let known = directory.known(id: showID) {
      try context.seller().requireReach(to: known)
      return known
    }
    let show = try await failures.translating { () async throws(StoreError) in
      try await directory.show(id: showID)
    }
    try context.seller().requireReach(to: show)
    guard let show else { throw .notFound(.showNotFound, "show", String(showID)) }
    return show
  }

  func message(
    _ record: BookingRecord, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.Booking {
    .init(record, try await show(record.showID, context, fresh: false).layout)
  }
}
