// usher.v1.PartnerService: what is set aside of a show for one partner.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension PartnerService {
  package func createAllocation(
    _ request: Usher.V1.CreateAllocationRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CreateAllocationResponse {
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    let wish = AllocationWish(request, &violations)
    try violations.check()
    guard let id, let wish else { throw .hidden }
    var hash = RequestHash(command: "create_allocation")
    hash.add(wish)
    // Before the act takes the show's row.
    _ = try await ownShow(wish.showID, context)
    let change = try await change(id, hash, of: ("show", wish.showID), context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.createAllocation(wish, identity, by: actor, timeout: timeout)
    }
    return .init(allocationId: change.subjectID)
  }

  package func endAllocation(
    _ request: Usher.V1.EndAllocationRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.EndAllocationResponse {
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    try violations.check()
    guard let id else { throw .hidden }
    var hash = RequestHash(command: "end_allocation")
    hash.add(request.allocationId)
    let subject = (type: "allocation", id: request.allocationId)
    _ = try await change(id, hash, of: subject, context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.endAllocation(
        id: request.allocationId, identity, by: actor, timeout: timeout)
    }
    return .init()
  }

  package func listAllocations(
    _ request: Usher.V1.ListAllocationsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListAllocationsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let show = try await ownShow(request.showId, context)
    let store = parts[context.loop].terms
    let page = try await failures.translating { () async throws(StoreError) in
      try await store.allocations(
        ofShow: request.showId, pageSize: size, pageToken: request.pageToken,
        timeout: context.remaining)
    }
    return .init(
      allocations: page.items.map { managed in
        .init(
          setAside: .init(managed.allocation, show.layout, for: managed.allocation.partnerID),
          partnerId: managed.allocation.partnerID, returned: managed.hasReturned,
          createdAt: .init(unixMicroseconds: managed.createdAt))
      }, nextPageToken: page.nextPageToken)
  }
}

extension AllocationWish {
  /// Reads a wish; nil when something is wrong with it, which is added.
  fileprivate init?(
    _ request: Usher.V1.CreateAllocationRequest, _ violations: inout FieldViolations
  ) {
    violations.require(request.partnerId > 0, "partner_id", "must be given")
    let returnsAt = violations.moment(request.returnsAt, "returns_at")
    violations.require(request.returnsAt != nil, "returns_at", "must be given")
    let share: Share
    if request.tier.isEmpty && request.count == 0 {
      violations.requireLabels(request.seats, "seats", least: 1, most: Limits.seatsPerBlock)
      share = .seats(request.seats)
    } else {
      violations.require(
        request.seats.isEmpty, "seats", "must not be set together with tier and count")
      violations.require(!request.tier.isEmpty, "tier", "must be given with a count")
      violations.requireTier(request.tier, "tier")
      violations.require(
        (1...Int32(Booking.Limits.seatsPerLayout)).contains(request.count), "count",
        "must be 1 to \(Booking.Limits.seatsPerLayout)")
      share = .quota(tier: request.tier, count: Int(request.count))
    }
    guard let returnsAt else { return nil }
    self.init(
      showID: request.showId, channelID: request.partnerId, share: share, returnsAt: returnsAt)
  }
}

extension RequestHash {
  fileprivate mutating func add(_ wish: AllocationWish) {
    add(wish.showID)
    add(wish.channelID)
    switch wish.share {
    case .seats(let labels): add(labels)
    case .quota(let tier, let count): add(["", tier, String(count)])
    }
    add(wish.returnsAt)
  }
}

extension Usher.V1.SetAside {
  /// An allocation as a partner is told of it; nil is nobody's.
  init(_ allocation: Allocation, _ layout: SeatLayout, for partnerID: Int64?) {
    self.init(
      allocationId: allocation.id, returnsAt: .init(unixMicroseconds: allocation.returnsAt),
      yours: allocation.partnerID == partnerID)
    switch allocation.share {
    case .seats(let numbers): seats = layout.labels(numbers.sorted())
    case .quota(let tier, let count):
      self.tier = tier
      self.count = Int32(clamping: count)
    }
  }
}
