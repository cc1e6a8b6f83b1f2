// The order of price rules: base price, offers per seat, then offers by ticket position on the
// price that is left. Pure: the theatre's local time and the price rows are handed in.

/// Everything that decides what a seat of one show costs.
package struct PriceList: Sendable {
  /// Currency of the show.
  package let currency: Currency
  /// Minor units by tier.
  package let tierPrices: [String: Int64]
  /// Offers that may apply to sales of the show, in the order in which they do.
  package let offers: [Offer]
  /// Which state of prices and offers this is; the sale is refused when the show has a newer one.
  package let version: Int32

  /// The prices of a show. Those of the offers that cannot apply to it are left out.
  package init(
    currency: Currency, tierPrices: [String: Int64], offers: [Offer], start: LocalStart,
    version: Int32
  ) {
    self.currency = currency
    self.tierPrices = tierPrices
    self.offers = offers.filter { $0.mayApply(startingAt: start, in: currency) }
      .sorted(by: Offer.precedes)
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
  /// Prices named seats for a partner, at a moment. Throws `.missingPrice` or `.moneyOverflow`.
  package func quote(
    seats: [LayoutSeat], partnerID: Int64, _ moment: inout Moment
  ) throws(BookingError) -> SeatQuote {
    var priced: [PricedSeat] = []
    priced.reserveCapacity(seats.count)
    for seat in seats { priced.append(try price(seat, partnerID, &moment)) }
    priced.sort(by: PricedSeat.precedes)
    let quote = try total(of: &priced, partnerID, &moment)
    return SeatQuote(seats: priced.map(\.seat), quote: quote)
  }

  private func price(
    _ seat: LayoutSeat, _ partnerID: Int64, _ moment: inout Moment
  ) throws(BookingError) -> PricedSeat {
    guard let base = tierPrices[seat.tier], (0...Limits.priceMinorUnits).contains(base) else {
      throw BookingError(.missingPrice, "A tier of the show has no price.", subjects: [seat.tier])
    }
    var priced = PricedSeat(seat: seat, price: Money(base, currency))
    for offer in offers where offer.ticketPosition == nil {
      try priced.apply(offer, soldBy: partnerID, &moment)
    }
    return priced
  }

  private func total(
    of priced: inout [PricedSeat], _ partnerID: Int64, _ moment: inout Moment
  ) throws(BookingError) -> Quote {
    for offer in offers {
      guard let position = offer.ticketPosition, priced.indices.contains(position - 1) else {
        continue
      }
      try priced[position - 1].apply(offer, soldBy: partnerID, &moment)
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
  let seat: LayoutSeat
  var price: Money
  var rules: [(minorUnits: Int64, offerID: Int64, description: String)]
  /// Whether an exclusive offer was applied.
  var isSettled = false

  init(seat: LayoutSeat, price: Money) {
    self.seat = seat
    self.price = price
    rules = [(price.minorUnits, 0, seat.tier)]
  }

  /// Lowers the price that is left, if the offer applies; a share of it is rounded, halves up.
  mutating func apply(
    _ offer: Offer, soldBy partnerID: Int64, _ moment: inout Moment
  ) throws(BookingError) {
    guard !isSettled, offer.applies(to: seat, soldBy: partnerID, &moment) else { return }
    let minorUnits =
      switch offer.discount {
      case .share(let basisPoints): try price.share(basisPoints: basisPoints).minorUnits
      case .amount(let amount): min(amount.minorUnits, price.minorUnits)
      }
    price = try price.adding(Money(-minorUnits, price.currency))
    rules.append((-minorUnits, offer.id, offer.title))
    isSettled = offer.isExclusive
  }

  /// Labels compare by their UTF-8 bytes, as the database compares them.
  static func precedes(_ one: PricedSeat, _ other: PricedSeat) -> Bool {
    if one.price.minorUnits != other.price.minorUnits {
      return one.price.minorUnits > other.price.minorUnits
    }
    return one.seat.label.utf8.lexicographicallyPrecedes(other.seat.label.utf8)
  }
}
