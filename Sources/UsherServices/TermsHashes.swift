// What makes two changes of terms the same request: all their fields, in canonical form.

import Booking
import BookingStore

extension RequestHash {
  mutating func add(_ terms: OfferTerms) {
    add(terms.title)
    switch terms.discount {
    case .share(let basisPoints): add(["share", String(basisPoints)])
    case .amount(let amount):
      add(["amount", String(amount.minorUnits), amount.currency.code])
    }
    switch terms.condition {
    case .everySeat: add(["seat"])
    case .timeWindow(let window):
      add(["window", String(window.lowerBound), String(window.upperBound)])
    case .nthTicket(let position): add(["ticket", String(position)])
    }
    add(Int64(terms.weekdays?.rawValue ?? 0))
    add(Int64(terms.priority))
    add(terms.isExclusive ? 1 : 0)
    add(optional: terms.validFrom)
    add(optional: terms.validUntil)
  }

  mutating func add(_ wish: OfferWish) {
    add(wish.terms)
    let place = wish.place
    for id in [place.theatreID, place.auditoriumID, place.showID, place.movieID, wish.channelID] {
      add(optional: id)
    }
    add(wish.tier ?? "")
    add(wish.seatLabels)
  }

  mutating func add(_ wish: PricesWish) {
    switch wish.shows {
    case .these(let ids): add(ids.map(String.init))
    case .all(let theatreID, let auditoriumID, let movieID, let from, let before):
      add(["theatre"])
      for field in [theatreID, auditoriumID, movieID, from, before] { add(optional: field) }
    }
    add(wish.currency.code)
    for price in wish.prices {
      add(price.tier)
      add(price.minorUnits)
    }
  }

  private mutating func add(optional number: Int64?) {
    add(number.map { [String($0)] } ?? [])
  }
}
