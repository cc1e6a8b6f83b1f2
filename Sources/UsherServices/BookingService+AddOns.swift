// Attaching food and other add-ons to a held booking.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension BookingService {
  package func setAddOns(
    _ request: Usher.V1.SetAddOnsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SetAddOnsResponse {
    let items = request.items.map {
      AddOnItem(seat: $0.seat, addOnID: $0.addOnId, count: Int($0.count))
    }
    let wish = ChangeWish(.attach, request.bookingId, request.requestId, addOns: items)
    var change = try wish.request(
      partnerID: try partner(context), Self.violations(of: request.items))
    try await requireReach(to: change.bookingID, context)
    change.addOns.menu = try await menu(for: change, context)
    let record = try await self.change(change, wish, context)
    return .init(booking: try await message(record, context))
  }

  /// The wanted add-ons as they are now: what is decided is decided on their prices of this moment.
  private func menu(
    for change: ChangeRequest, _ context: ServerContext
  ) async throws(RPCError) -> [AddOn] {
    let terms = parts[context.loop].terms
    let ids = Set(change.addOns.items.map(\.addOnID)).sorted()
    return try await failures.translating { () async throws(StoreError) in
      try await terms.addOns(ids, forBooking: change.bookingID, timeout: context.remaining)
    }
  }

  private static func violations(of items: [Usher.V1.AddOnItem]) -> FieldViolations {
    var violations = FieldViolations()
    let most = Booking.Limits.seatsPerBooking * Booking.Limits.addOnKindsPerSeat
    guard items.count <= most else {
      violations.add("items", "must be at most \(most)")
      return violations
    }
    for (index, item) in items.enumerated() {
      violations.require(
        (1...Booking.Limits.labelByteCount).contains(item.seat.utf8.count),
        "items[\(index)].seat", "must be the label of a seat")
      violations.require(item.addOnId > 0, "items[\(index)].add_on_id", "must be given")
      violations.require(
        (1...Booking.Limits.addOnsOfAKind).contains(Int(item.count)), "items[\(index)].count",
        "must be 1 to \(Booking.Limits.addOnsOfAKind)")
    }
    let kinds = Dictionary(grouping: items, by: \.seat).mapValues { Set($0.map(\.addOnId)) }
    violations.require(
      kinds.values.reduce(0) { $0 + $1.count } == items.count, "items",
      "must have each add-on of a seat once")
    violations.require(
      kinds.values.allSatisfy { $0.count <= Booking.Limits.addOnKindsPerSeat }, "items",
      "must have at most \(Booking.Limits.addOnKindsPerSeat) add-ons for a seat")
    return violations
  }
}
