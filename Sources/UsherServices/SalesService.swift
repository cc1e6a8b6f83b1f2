// usher.v1.SalesService: what was sold, for partners and operators. Who may see what is decided by the
// statements that read it; here callers become their reach, and records become messages.

import Booking
import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct SalesService: Usher.V1.SalesServiceServer {
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  // MARK: The stream

  package func watchSales(
    _ request: Usher.V1.WatchSalesRequest,
    responses: ResponseWriter<Usher.V1.WatchSalesResponse>, context: ServerContext
  ) async throws(RPCError) {
    let streams = try context.seller().rates.salesStreams
    guard streams.take(atMost: Limits.salesStreamsPerKey) else { throw Self.tooManyStreams }
    defer { streams.giveBack() }
    var position = try await beginning(request, context)
    let news = parts[context.loop].salesNews
    let follower = news.enter()
    defer { news.leave(follower) }
    // First everything that was committed so far is given its position, or much of it.
    try await follower.wait(behind: -1, until: .now + Limits.salesBookmarkInterval)
    // Who may see little is told now and then how far that little goes.
    var (told, toldAt, hasArrived) = (position, LoopInstant.now, false)
    while true {
      let page = try await page(after: position, context)
      for transaction in page.transactions {
        try await responses.write(.init(event: .transaction(.init(transaction))))
        (told, toldAt) = (transaction.position, .now)
      }
      position = page.positions?.upperBound ?? position
      let isAtEnd = page.positions == nil && follower.hasAll(upTo: position)
      var due = hasArrived ? Self.bookmarkTime(hasMore: position > told, toldAt) : .now
      if position - told >= Limits.salesUntilBookmark || (isAtEnd && due <= .now) {
        let bookmark = Usher.V1.SalesBookmark(position: position, isNewest: isAtEnd)
        try await responses.write(.init(event: .bookmark(bookmark)))
        (told, toldAt, hasArrived) = (position, .now, hasArrived || isAtEnd)
        due = Self.bookmarkTime(hasMore: false, toldAt)
      }
      guard page.positions == nil else { continue }
      // Without the last word there is one soon.
      try await follower.wait(
        behind: position, until: isAtEnd ? due : .now + Limits.salesHeartbeat)
    }
  }

  private static var tooManyStreams: RPCError {
    .refusal(
      .salesStreamsExceeded,
      "The key has \(Limits.salesStreamsPerKey) streams of sales open.",
      metadata: ["streams": String(Limits.salesStreamsPerKey)],
      details: [
        Google.Rpc.RetryInfo(retryDelay: .init(seconds: Limits.salesStreamRetrySeconds))
      ])
  }

  /// When the next bookmark is due on a stream that said something last at a time: soon, when it has come
  /// further since.
  private static func bookmarkTime(hasMore: Bool, _ toldAt: LoopInstant) -> LoopInstant {
    toldAt + (hasMore ? Limits.salesRestlessness : Limits.salesBookmarkInterval)
  }

  /// The position behind which the stream begins.
  private func beginning(
    _ request: Usher.V1.WatchSalesRequest, _ context: ServerContext
  ) async throws(RPCError) -> Int64 {
    var violations = FieldViolations()
    let position = request.afterPosition
    violations.require(position >= 0, "after_position", "must not be negative")
    violations.require(
      position == 0 || !request.onlyNew, "only_new", "must not be set with after_position")
    try violations.check()
    let store = parts[context.loop].sales
    let timeout = context.remaining
    if request.onlyNew {
      return try await failures.translating { () async throws(StoreError) in
        try await store.numberAll(timeout: timeout)
      }
    }
    let bounds = try await failures.translating { () async throws(StoreError) in
      try await store.bounds(timeout: timeout)
    }
    if position == 0 { return bounds.oldest - 1 }
    guard position <= bounds.newest else {
      throw .refusal(
        .positionAhead, "The position was never given.",
        metadata: ["newest": String(bounds.newest)])
    }
    return position
  }

  /// Some transactions behind a position, if the caller's key is still good.
  private func page(
    after position: Int64, _ context: ServerContext
  ) async throws(RPCError) -> SalesPage {
    let reach = try await presentReach(context)
    let store = parts[context.loop].sales
    let timeout = context.remaining
    let (page, bounds) = try await failures.translating {
      () async throws(StoreError) -> (SalesPage, SalesBounds?) in
      let page = try await store.sales(after: position, reach, timeout: timeout)
      let isNext = page.positions.map { $0.lowerBound == position + 1 } ?? false
      return (page, isNext ? nil : try await store.bounds(timeout: timeout))
    }
    // Positions have no gaps: what is missing has been forgotten.
    if let bounds, bounds.oldest > position + 1 {
      throw .refusal(
        .salesForgotten,
        "The sales behind the position are not kept any more.",
        metadata: ["oldest": String(bounds.oldest)])
    }
    return page
  }

  /// What the caller may see now: a stream outlives the key that it was asked with.
  private func presentReach(_ context: ServerContext) async throws(RPCError) -> SalesReach {
    let cache = parts[context.loop].credentials
    let caller = try await failures.translating { () async throws(StoreError) in
      try await CredentialInterceptor.presentCaller(context, cache, .report)
    }
    return try caller.get().salesReach
  }

  private func reach(_ context: ServerContext) throws(RPCError) -> SalesReach {
    try context.seller().salesReach
  }

  // MARK: One show

  package func listShowBookings(
    _ request: Usher.V1.ListShowBookingsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListShowBookingsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let page = try await ask(context) { (store, reach, timeout) async throws(StoreError) in
      try await store.bookings(
        ofShow: request.showId, reach, pageSize: size, pageToken: request.pageToken,
        timeout: timeout)
    }
    guard let page, let show = try await show(request.showId, context) else {
      throw try nothingToSee(request.showId, context)
    }
    return .init(
      bookings: page.items.map {
        .init(booking: .init($0, show.layout), partnerId: $0.partnerID)
      }, nextPageToken: page.nextPageToken)
  }

  package func getBookingByTicketCode(
    _ request: Usher.V1.GetBookingByTicketCodeRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetBookingByTicketCodeResponse {
    let code = TicketCode(request.ticketCode)
    var violations = FieldViolations()
    violations.require(
      code != nil, "ticket_code", "must be a ticket's code, for example TKT-7F3K9QXM2A")
    try violations.check()
    guard let code else { throw .hidden }
    let found = try await ask(context) { (store, reach, timeout) async throws(StoreError) in
      try await store.bookings(ofTicket: code, reach, timeout: timeout)
    }
    guard found.count < 2 else {
      throw .refusal(
        .ticketCodeAmbiguous, "Two bookings share this code.",
        metadata: ["bookings": found.map(\.booking.id.description).joined(separator: ",")])
    }
    guard let ticket = found.first,
      let show = try await show(ticket.booking.showID, context)
    else { throw .notFound(.bookingNotFound, "booking", code.description) }
    return .init(
      booking: .init(
        booking: .init(ticket.booking, show.layout), partnerId: ticket.booking.partnerID),
      customer: .init(ticket, isTold: try context.seller().isOperator))
  }

  package func getShowDigest(
    _ request: Usher.V1.GetShowDigestRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetShowDigestResponse {
    let found = try await ask(context) {
      (store, reach, timeout) async throws(StoreError) -> (ShowDigest, Int64)? in
      guard
        let digest = try await store.digest(ofShow: request.showId, reach, timeout: timeout)
      else { return nil }
      // Afterwards: whatever the digest has was committed by then, and gets its position here.
      return (digest, try await store.numberAll(timeout: timeout))
    }
    guard let (digest, position) = found else {
      throw try nothingToSee(request.showId, context)
    }
    return .init(digest, showID: request.showId, position: position)
  }

  /// A partner is not told whether there is such a show; an operator may see all there are.
  private func nothingToSee(_ showID: Int64, _ context: ServerContext) throws(RPCError) -> RPCError
  {
    try context.seller().isOperator
      ? .notFound(.showNotFound, "show", String(showID)) : KnownCaller.beyondReach
  }

  private func show(
    _ showID: Int64, _ context: ServerContext
  ) async throws(RPCError) -> ShowDetails? {
    let directory = parts[context.loop].shows
    return try await failures.translating { () async throws(StoreError) in
      try await directory.show(id: showID)
    }
  }

  func ask<Answer>(
    _ context: ServerContext,
    _ body: (SalesStore, SalesReach, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    let reach = try reach(context)
    let store = parts[context.loop].sales
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, reach, timeout)
    }
  }
}

extension KnownCaller {
  /// Whose sales the caller may see.
  var salesReach: SalesReach {
    SalesReach(
      partnerID: isOperator ? nil : partnerID,
      theatreIDs: isOperator ? nil : theatreIDs.map { $0.sorted() })
  }
}
