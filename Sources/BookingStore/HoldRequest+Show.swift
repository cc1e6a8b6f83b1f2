// From what a caller named to what a lane is asked: labels become numbers, prices are worked out.

package import Booking

/// Who asks for seats, and under which ids.
package struct HoldOrder: Sendable {
  /// Who asks.
  package let identity: RequestIdentity
  /// The id the booking will have; its lane must be the show's.
  package let bookingID: BookingID
  /// The partner's name for its customer; may be empty.
  package let customerRef: String

  /// An order without seats yet.
  package init(identity: RequestIdentity, bookingID: BookingID, customerRef: String) {
    self.identity = identity
    self.bookingID = bookingID
    self.customerRef = customerRef
  }
}

extension ShowDetails {
  /// Asks for named seats. Throws the errors of `SeatLayout.resolve` and of pricing.
  package func request(
    _ order: HoldOrder, seats labels: [String]
  ) throws(BookingError) -> HoldRequest {
    let seats = try layout.resolve(labels: labels)
    let priced = try prices.quote(seats: seats, partnerID: order.identity.partnerID)
    return request(
      order, .named(priced.seats.map(\.number)), [HoldRequest.Price(tier: "", quote: priced.quote)])
  }

  /// Asks for adjacent seats of one tier, any tier when `tier` is empty. Throws `.noSeats`,
  /// `.tooManySeats`, `.unknownTier` and the errors of pricing.
  package func request(
    _ order: HoldOrder, best count: Int, tier: String
  ) throws(BookingError) -> HoldRequest {
    guard count > 0 else { throw BookingError(.noSeats, "Ask for at least one seat.") }
    guard count <= Limits.seatsPerBooking else {
      throw BookingError(.tooManySeats, "A booking has at most \(Limits.seatsPerBooking) seats.")
    }
    guard tier.isEmpty || layout.tiers.contains(tier) else {
      throw BookingError(.unknownTier, "The show has no such tier.", subjects: [tier])
    }
    var priced: [HoldRequest.Price] = []
    for tier in tier.isEmpty ? layout.tiers : [tier] {
      let quote = try prices.quote(
        count: count, tier: tier, partnerID: order.identity.partnerID)
      priced.append(HoldRequest.Price(tier: tier, quote: quote))
    }
    return request(order, .best(count), priced)
  }

  private func request(
    _ order: HoldOrder, _ selection: HoldRequest.Selection, _ priced: [HoldRequest.Price]
  ) -> HoldRequest {
    HoldRequest(
      identity: order.identity, bookingID: order.bookingID, showID: show.id,
      customerRef: order.customerRef, pricingVersion: prices.version, selection: selection,
      prices: priced)
  }
}
