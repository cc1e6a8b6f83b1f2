// Suspicious customers: from when on they are, and what is told of them.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension OperatorService {
  package func listSuspiciousCustomers(
    _ request: Usher.Admin.V1.ListSuspiciousCustomersRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ListSuspiciousCustomersResponse {
    let thresholds = try Self.thresholds(request)
    let limit =
      request.limit == 0
      ? StoreLimits.defaultPageSize : min(Int(request.limit), StoreLimits.largestPageSize)
    let store = parts[context.loop].suspicions
    let found = try await ask(context) { (_, _, timeout) async throws(StoreError) in
      try await store.suspects(thresholds, atMost: limit + 1, timeout: timeout)
    }
    return .init(
      customers: found.customers.prefix(limit).map { .init($0) },
      isCut: found.customers.count > limit || found.isShort,
      lookedBackTo: .init(unixMicroseconds: found.lookedBackTo),
      unpaidLookedBackTo: .init(unixMicroseconds: found.unpaidLookedBackTo))
  }

  /// Throws INVALID_ARGUMENT with every field that is wrong.
  private static func thresholds(
    _ request: Usher.Admin.V1.ListSuspiciousCustomersRequest
  ) throws(RPCError) -> SuspicionThresholds {
    var violations = FieldViolations()
    let window = request.window.map { OperatorWishes.span($0) } ?? Limits.suspicionWindow
    violations.require(
      Limits.suspicionWindows.contains(window), "window", "must be one minute to seven days")
    let counts = [
      ("unpaid_holds", request.unpaidHolds, Limits.suspiciousCounts),
      ("unpaid_percent", request.unpaidPercent, 1...100),
      ("holds_per_minute", request.holdsPerMinute, Limits.suspiciousCounts),
      ("limit", request.limit, 1...Int32.max),
    ]
    for (field, count, bounds) in counts {
      violations.require(
        count == 0 || bounds.contains(count), field,
        "must be \(bounds.lowerBound) to \(bounds.upperBound), or 0")
    }
    try violations.check()
    func given(_ count: Int32, or standard: Int32) -> Int32 { count == 0 ? standard : count }
    return SuspicionThresholds(
      window: window, unpaidHolds: given(request.unpaidHolds, or: Limits.suspiciousUnpaidHolds),
      unpaidPercent: given(request.unpaidPercent, or: Limits.suspiciousUnpaidPercent),
      holdsPerMinute: given(request.holdsPerMinute, or: Limits.suspiciousHoldsPerMinute))
  }
}

extension Usher.Admin.V1.SuspiciousCustomer {
  fileprivate init(_ customer: SuspiciousCustomer) {
    var reasons: [Usher.Admin.V1.SuspicionReason] = []
    if customer.hasUnpaidHolds { reasons.append(.unpaidHolds) }
    if customer.isFast { reasons.append(.velocity) }
    self.init(
      partnerId: customer.partnerID, customerRef: customer.customerRef,
      holdCount: customer.holdCount, unpaidCount: customer.unpaidCount,
      paidCount: customer.paidCount, busiestMinute: customer.busiestMinute,
      firstHoldAt: .init(unixMicroseconds: customer.span.lowerBound),
      lastHoldAt: .init(unixMicroseconds: customer.span.upperBound), reasons: reasons,
      accountState: customer.accountState.map { .init(rawValue: Int32($0.rawValue)) }
        ?? .unspecified)
  }
}
