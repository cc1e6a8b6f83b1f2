// Under which terms a show is sold. All of it is guarded by the version of its prices: whoever
// changes a term raises that.

/// What decides about sales of a show, beside its seats.
package struct ShowTerms: Sendable {
  /// The show.
  package let showID: Int64
  /// The lane of its theatre.
  package let lane: Int16
  /// Its seats.
  package let layout: SeatLayout
  /// What they cost.
  package let prices: PriceList
  /// What is set aside for single partners.
  package let allocations: [Allocation]
  /// How long a hold lasts for the customer.
  package let holdMinutes: Int
  /// Most seats that a customer may have in the show.
  package let seatsPerCustomer: Int
  /// What the theatre wants of single seats.
  package let orphanRule: OrphanRule
  /// What the theatre gives back for seats that are cancelled.
  package let refunds: RefundPolicy
  /// Whether the theatre sells the show.
  package let isOnSale: Bool
  /// When the show begins, in microseconds since 1970.
  package let startsAt: Int64
  /// When the show is over, in microseconds since 1970.
  package let endsAt: Int64

  /// The terms of a show.
  package init(
    showID: Int64, lane: Int16, layout: SeatLayout, prices: PriceList,
    allocations: [Allocation] = [], holdMinutes: Int,
    seatsPerCustomer: Int = Limits.seatsPerBooking, orphanRule: OrphanRule = .off,
    refunds: RefundPolicy = RefundPolicy(), isOnSale: Bool = true, startsAt: Int64 = .max,
    endsAt: Int64
  ) {
    self.showID = showID
    self.lane = lane
    self.layout = layout
    self.prices = prices
    self.allocations = allocations
    self.holdMinutes = holdMinutes
    self.seatsPerCustomer = seatsPerCustomer
    self.orphanRule = orphanRule
    self.refunds = refunds
    self.isOnSale = isOnSale
    self.startsAt = startsAt
    self.endsAt = endsAt
  }
}
