// The order of price rules: base price, offers per seat, then offers by ticket position on the
// price that is left. Pure: the theatre's local time and the price rows are handed in.

/// Everything that decides what a seat of one show costs.
package struct PriceList: Sendable {
  /// Currency of the show.
  package let currency: Currency
  /// Minor units by tier.
  package let tierPrices: [String: Int64]
  /// Offers that apply to the show, in any order.
  package let offers: [Offer]
  /// The show's start on the theatre's wall clock, in minutes after midnight.
  package let localStartMinute: Int
  /// Which state of prices and offers this is; the sale is refused when the show has a newer one.
  package let version: Int32

  /// The prices of a show.
  package init(
    currency: Currency, tierPrices: [String: Int64], offers: [Offer], localStartMinute: Int,
    version: Int32
  ) {
    self.currency = currency
    self.tierPrices = tierPrices
    self.offers = offers.sorted { $0.id < $1.id }
    self.localStartMinute = localStartMinute
    self.version = version
  }
}

/// A quote for named seats, and the seats in its order.
package struct SeatQuote: Sendable, Equatable {
  /// The seats by price, dearest first, then by label.
  package let seats: [LayoutSeat]
  /// What they cost.
  package let quote: Quote
}

extension PriceList {
  /// Prices named seats for a partner. Throws `.missingPrice` or `.moneyOverflow`.
  package func quote(
    seats: [LayoutSeat], partnerID: Int64
  ) throws(BookingError) -> SeatQuote {
    var priced: [PricedSeat] = []
    for seat in seats {
      priced.append(try price(tier: seat.tier, partnerID: partnerID, seat: seat))
    }
    priced.sort(by: PricedSeat.precedes)
    let quote = try total(of: priced, partnerID: partnerID)
    return SeatQuote(seats: priced.compactMap(\.seat), quote: quote)
  }

  /// Prices `count` seats of one tier that are not chosen yet. No offer tells seats of a tier
  /// apart, so the quote holds for any of them once they are sorted by label.
  /// Throws `.missingPrice` or `.moneyOverflow`.
  package func quote(
    count: Int, tier: String, partnerID: Int64
  ) throws(BookingError) -> Quote {
    let one = try price(tier: tier, partnerID: partnerID, seat: nil)
    return try total(of: Array(repeating: one, count: count), partnerID: partnerID)
  }

  private func applies(_ offer: Offer, tier: String, partnerID: Int64) -> Bool {
    (offer.partnerID ?? partnerID) == partnerID && (offer.tier ?? tier) == tier
  }

  private func price(
    tier: String, partnerID: Int64, seat: LayoutSeat?
  ) throws(BookingError) -> PricedSeat {
    guard let base = tierPrices[tier], (0...Limits.priceMinorUnits).contains(base) else {
      throw BookingError(.missingPrice, "A tier of the show has no price.", subjects: [tier])
    }
    var priced = PricedSeat(seat: seat, tier: tier, price: Money(base, currency))
    for offer in offers
    where offer.appliesToEachSeat(startingAtLocalMinute: localStartMinute)
      && applies(offer, tier: tier, partnerID: partnerID)
    {
      try priced.apply(offer)
    }
    return priced
  }

  private func total(
    of priced: [PricedSeat], partnerID: Int64
  ) throws(BookingError) -> Quote {
    var priced = priced
    for offer in offers {
      guard case .nthTicket(let position) = offer.condition, priced.indices.contains(position - 1),
        applies(offer, tier: priced[position - 1].tier, partnerID: partnerID)
      else { continue }
      try priced[position - 1].apply(offer)
    }
    let lines = priced.enumerated().flatMap { position, seat in
      seat.rules.map { rule in
        QuoteLine(
          position: position, minorUnits: rule.minorUnits, offerID: rule.offerID,
          description: rule.description)
      }
    }
    return try Quote(lines: lines, currency: currency)
  }
}

/// A seat while its price is worked out.
private struct PricedSeat {
  let seat: LayoutSeat?
  let tier: String
  var price: Money
  var rules: [(minorUnits: Int64, offerID: Int64, description: String)]

  init(seat: LayoutSeat?, tier: String, price: Money) {
    self.seat = seat
    self.tier = tier
    self.price = price
    rules = [(price.minorUnits, 0, tier)]
  }

  /// Lowers the price that is left; the discount itself is rounded, halves up.
  mutating func apply(_ offer: Offer) throws(BookingError) {
    let discount = try price.share(basisPoints: offer.discountBasisPoints)
    price = try price.adding(Money(-discount.minorUnits, discount.currency))
    rules.append((-discount.minorUnits, offer.id, offer.title))
  }

  /// Labels compare by their UTF-8 bytes, as the database compares them.
  static func precedes(_ one: PricedSeat, _ other: PricedSeat) -> Bool {
    if one.price.minorUnits != other.price.minorUnits {
      return one.price.minorUnits > other.price.minorUnits
    }
    guard let label = one.seat?.label, let otherLabel = other.seat?.label else { return false }
    return label.utf8.lexicographicallyPrecedes(otherLabel.utf8)
  }
}
