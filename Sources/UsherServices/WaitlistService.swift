// usher.v1.WaitlistService: the line for a show. Who is served when is decided by the lane; here
// parties are let in, told where they stand, and shown out.

package import Booking
package import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct WaitlistService: Usher.V1.WaitlistServiceServer {
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

  // MARK: Joining

  package func joinWaitlist(
    _ request: Usher.V1.JoinWaitlistRequest,
    responses: ResponseWriter<Usher.V1.JoinWaitlistResponse>, context: ServerContext
  ) async throws(RPCError) {
    var request = request
    request.customerRef = try context.seller().customerRef(request.customerRef)
    let identity = try Self.identity(request, partnerID: try partner(context))
    let show = try await show(request.showId, context)
    guard request.tier.isEmpty || show.layout.tiers.contains(request.tier) else {
      var violations = FieldViolations()
      violations.add("tier", "the show has no such tier")
      return try violations.check()
    }
    let lane = show.show.lane
    let join = WaitRequest(
      identity: identity, bookingID: newBookingID(lane), showID: show.show.id,
      customerRef: request.customerRef, count: Int(request.count), tier: request.tier)
    if case .refused(let refusal) = try await serve(.join(join), lane: lane, context) {
      throw Self.status(refusal, show)
    }
    let room = parts[context.loop].waitRoom
    let seat = room.enter(identity.key, lane: lane, showID: show.show.id) {
      await objection(to: context)
    }
    defer { room.leave(seat) }
    // Whoever comes back may have been away for long.
    let store = parts[context.loop].waitlist
    try await failures.translating { () async throws(StoreError) in
      try await store.touch([identity.key])
    }
    do throws(RPCError) {
      try await follow(seat, responses, show, context)
    } catch {
      if seat.objection != nil {
        _ = try await serve(
          .endWaits(lane: lane, showID: show.show.id, [WaitEnd(identity.key, .left)]), lane: lane,
          context)
      }
      throw error
    }
  }

  /// Why a party may wait no longer: its key is good no more, or its session is over. Nil also when that
  /// cannot be found out now. A session outlives the token that the call began with.
  private func objection(to context: ServerContext) async -> RPCError? {
    let parts = parts[context.loop]
    do throws(StoreError) {
      guard let account = (context.caller as? KnownCaller)?.account else {
        let present = try await CredentialInterceptor.presentCaller(
          context, parts.credentials, .sell)
        guard case .failure(let refusal) = present else { return nil }
        return refusal
      }
      let isOpen = try await parts.accounts.isOpen(
        session: account.sessionID, of: account.accountID, tokenEndsAt: .max)
      return isOpen ? nil : CredentialInterceptor.invalid
    } catch {
      return nil
    }
  }

  private func follow(
    _ seat: WaitSeat, _ responses: ResponseWriter<Usher.V1.JoinWaitlistResponse>,
    _ show: ShowDetails, _ context: ServerContext
  ) async throws(RPCError) {
    var last: WaitStanding?
    while true {
      let standing = try await seat.standing(after: last)
      last = standing
      switch standing {
      case .waiting(let position, let seatsAhead):
        let message = Usher.V1.WaitlistPosition(
          position: Int32(clamping: position), seatsAhead: Int32(clamping: seatsAhead))
        try await responses.write(.init(event: .position(message)))
      case .served(let id):
        let booking = try await booking(id, seat.key.partnerID, context)
        let offer = Usher.V1.WaitlistOffer(booking: .init(booking, show.layout))
        return try await responses.write(.init(event: .offer(offer)))
      case .ended(let state): throw Self.status(state, show)
      }
    }
  }

  private func booking(
    _ id: BookingID, _ partnerID: Int64, _ context: ServerContext
  ) async throws(RPCError) -> BookingRecord {
    let bookings = parts[context.loop].bookings
    let record = try await failures.translating { () async throws(StoreError) in
      try await bookings.booking(id: id, partnerID: partnerID, timeout: context.remaining)
    }
    guard let record else { throw .hidden }
    return record
  }

  // MARK: Leaving

  package func leaveWaitlist(
    _ request: Usher.V1.LeaveWaitlistRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.LeaveWaitlistResponse {
    let partnerID = try partner(context)
    guard let requestID = UniqueID(request.requestId) else {
      var violations = FieldViolations()
      violations.add("request_id", "must be a UUID")
      try violations.check()
      throw .hidden
    }
    let key = RequestKey(partnerID: partnerID, requestID: requestID)
    let show = try await show(request.showId, context)
    let (lane, showID) = (show.show.lane, show.show.id)
    try await requireOwn(key, context)
    _ = try await serve(
      .endWaits(lane: lane, showID: showID, [WaitEnd(key, .left)]), lane: lane, context)
    let store = parts[context.loop].waitlist
    let standing = try await failures.translating { () async throws(StoreError) in
      try await store.standings(of: [key], lane: lane, showID: showID)[key]
    }
    switch standing {
    case nil: throw .notFound(.waitNotFound, "wait", request.requestId)
    case .served(let id): return .init(bookingId: id.description)
    case .waiting, .ended: return .init()
    }
  }

  /// Throws NOT_FOUND unless a customer's party is its own.
  private func requireOwn(_ key: RequestKey, _ context: ServerContext) async throws(RPCError) {
    guard let account = try context.seller().account else { return }
    let store = parts[context.loop].waitlist
    let customer = try await failures.translating { () async throws(StoreError) in
      try await store.customer(of: key, timeout: context.remaining)
    }
    guard customer != account.customerRef else { return }
    throw .notFound(.waitNotFound, "wait", key.requestID.description)
  }

  // MARK: Refusals

  private static func status(_ refusal: SaleRefusal, _ show: ShowDetails) -> RPCError {
    let metadata: KeyValuePairs = ["show": String(show.show.id)]
    switch refusal {
    case .waitIsHopeless: return status(.hopeless, show)
    case .salesClosed: return status(.closed, show)
    case .waitlistFull:
      return .refusal(
        .waitlistFull, "The waiting list of the show is full.",
        metadata: metadata)
    case .holdLimitExceeded:
      return .refusal(
        .holdLimitExceeded,
        "The customer would have more seats of the show than the theatre allows.",
        metadata: metadata)
    case .requestIDReused:
      return .refusal(
        .requestIDReused,
        "The request_id was used before with another request; choose a new one.")
    case .showNotFound: return .notFound(.showNotFound, "show", String(show.show.id))
    default:
      // Not for those who wait.
      return .hidden
    }
  }

  private static func status(_ state: WaitState, _ show: ShowDetails) -> RPCError {
    let showID = String(show.show.id)
    let metadata: KeyValuePairs = ["show": showID]
    switch state {
    case .hopeless:
      return .refusal(
        .waitIsHopeless, "Too many seats are sold to wait for so many.",
        metadata: metadata)
    case .closed:
      return .refusal(.salesClosed, "The show is not on sale.", metadata: metadata)
    case .waiting, .served, .left, .lost, .timedOut:
      let name = state == .timedOut ? "TIMED_OUT" : "\(state)".uppercased()
      return .refusal(
        .waitEnded, "The party waits no longer.",
        metadata: ["show": showID, "state": name])
    }
  }

  // MARK: Shared

  /// Throws INVALID_ARGUMENT with every field that is wrong.
  private static func identity(
    _ request: Usher.V1.JoinWaitlistRequest, partnerID: Int64
  ) throws(RPCError) -> RequestIdentity {
    var violations = FieldViolations()
    let requestID = UniqueID(request.requestId)
    violations.require(requestID != nil, "request_id", "must be a UUID")
    violations.require(
      request.customerRef.utf8.count <= Booking.Limits.referenceByteCount
        && !request.customerRef.utf8.contains(0),
      "customer_ref", "must have at most \(Booking.Limits.referenceByteCount) bytes")
    violations.require(
      (1...Int32(Booking.Limits.seatsPerBooking)).contains(request.count), "count",
      "must be 1 to \(Booking.Limits.seatsPerBooking)")
    violations.require(
      request.tier.utf8.count <= Limits.nameBytes, "tier",
      "must have at most \(Limits.nameBytes) bytes")
    try violations.check()
    guard let requestID else { throw .hidden }
    var hash = RequestHash(command: "join")
    hash.add(request.showId)
    hash.add(Int64(request.count))
    hash.add(request.tier)
    hash.add(request.customerRef)
    return RequestIdentity(partnerID: partnerID, requestID: requestID, hash: hash.digest)
  }

  private func partner(_ context: ServerContext) throws(RPCError) -> Int64 {
    try context.seller().partnerID
  }

  private func show(
    _ showID: Int64, _ context: ServerContext
  ) async throws(RPCError) -> ShowDetails {
    let directory = parts[context.loop].shows
    let show = try await failures.translating { () async throws(StoreError) in
      try await directory.show(id: showID)
    }
    try context.seller().requireReach(to: show)
    guard let show else { throw .notFound(.showNotFound, "show", String(showID)) }
    return show
  }

  private func serve(
    _ request: SaleRequest, lane: Int16, _ context: ServerContext
  ) async throws(RPCError) -> SaleOutcome {
    try await failures.translating { () async throws(StoreError) in
      try await lanes[lane].serve(request, deadline: context.deadline)
    }
  }
}
