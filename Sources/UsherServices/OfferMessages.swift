// Offers as messages of usher.v1, and back. What a message asks is checked field by field.

import Booking
import BookingStore
import RPC
import UsherProtos

extension Usher.V1.Offer {
  /// An offer that may apply to a show.
  init(_ offer: Offer, _ layout: SeatLayout) {
    self.init(offer, seats: layout.labels((offer.target.seats ?? []).sorted()))
  }

  init(_ offer: Offer, seats: [String]) {
    self.init(
      offerId: offer.id, title: offer.title, condition: Condition(offer.condition),
      priority: Int32(clamping: offer.priority), exclusive: offer.isExclusive,
      weekdays: (offer.target.weekdays?.days ?? []).map { .init(rawValue: Int32($0)) },
      validFrom: offer.validFrom.map { .init(unixMicroseconds: $0) },
      validUntil: offer.validUntil.map { .init(unixMicroseconds: $0) },
      tier: offer.target.tier ?? "", seats: seats, partnerId: offer.target.partnerID ?? 0)
    switch offer.discount {
    case .share(let basisPoints): discountBasisPoints = Int32(clamping: basisPoints)
    case .amount(let amount): discountAmount = .init(amount.minorUnits, amount.currency)
    }
  }
}

extension Usher.V1.Offer.Condition {
  /// Nil for every seat.
  fileprivate init?(_ condition: Offer.Condition) {
    switch condition {
    case .everySeat: return nil
    case .timeWindow(let minutes):
      self = .timeWindow(
        .init(
          firstMinute: Int32(clamping: minutes.lowerBound),
          lastMinute: Int32(clamping: minutes.upperBound)))
    case .nthTicket(let position):
      self = .nthTicket(.init(position: Int32(clamping: position)))
    }
  }
}

extension Usher.V1.ManagedOffer {
  init(_ managed: ManagedOffer) {
    self.init(
      offer: .init(managed.offer, seats: managed.seatLabels),
      place: .init(
        theatreId: managed.place.theatreID ?? 0, auditoriumId: managed.place.auditoriumID ?? 0,
        showId: managed.place.showID ?? 0, movieId: managed.place.movieID ?? 0),
      ownerPartnerId: managed.ownerID ?? 0, ended: !managed.isActive,
      createdAt: .init(unixMicroseconds: managed.createdAt))
  }
}

// MARK: Reading

extension OfferTerms {
  /// Reads the terms of an offer; nil when something is wrong with them, which is added.
  init?(_ offer: Usher.V1.Offer, _ violations: inout FieldViolations) {
    violations.require(
      (1...Limits.offerTitleCharacters).contains(offer.title.unicodeScalars.count)
        && offer.title.isPrintable, "offer.title",
      "must have 1 to \(Limits.offerTitleCharacters) characters, none for control")
    violations.require(
      (0...1_000).contains(offer.priority), "offer.priority", "must be 0 to 1000")
    let days = offer.weekdays.compactMap { Weekdays(day: Int($0.rawValue)) }
    violations.require(
      days.count == offer.weekdays.count && Set(days).count == days.count, "offer.weekdays",
      "must be days of the week, each once")
    let from = violations.moment(offer.validFrom, "offer.valid_from")
    let until = violations.moment(offer.validUntil, "offer.valid_until")
    if let from, let until {
      violations.require(from < until, "offer.valid_until", "must be after valid_from")
    }
    guard let discount = Self.discount(offer, &violations),
      let condition = Self.condition(offer.condition, &violations)
    else { return nil }
    self.init(
      title: offer.title, discount: discount, condition: condition,
      weekdays: days.isEmpty ? nil : Weekdays(days), priority: Int(offer.priority),
      isExclusive: offer.exclusive, validFrom: from, validUntil: until)
  }

  private static func discount(
    _ offer: Usher.V1.Offer, _ violations: inout FieldViolations
  ) -> Offer.Discount? {
    guard let amount = offer.discountAmount else {
      violations.require(
        (1...10_000).contains(offer.discountBasisPoints), "offer.discount_basis_points",
        "must be 1 to 10000, unless discount_amount is set")
      return .share(basisPoints: Int(offer.discountBasisPoints))
    }
    violations.require(
      offer.discountBasisPoints == 0, "offer.discount_basis_points",
      "must not be set together with discount_amount")
    violations.require(
      (1...Booking.Limits.priceMinorUnits).contains(amount.minorUnits),
      "offer.discount_amount.minor_units", "must be 1 to \(Booking.Limits.priceMinorUnits)")
    let currency = violations.currency(
      amount.currencyCode, "offer.discount_amount.currency_code")
    return currency.map { .amount(Money(amount.minorUnits, $0)) }
  }

  private static func condition(
    _ condition: Usher.V1.Offer.Condition?, _ violations: inout FieldViolations
  ) -> Offer.Condition? {
    switch condition {
    case nil: return .everySeat
    case .timeWindow(let window):
      let day: ClosedRange<Int32> = 0...1_439
      guard day.contains(window.firstMinute), day.contains(window.lastMinute),
        window.firstMinute <= window.lastMinute
      else {
        violations.add(
          "offer.time_window", "must go from a minute of the day, 0 to 1439, to a later one")
        return nil
      }
      return .timeWindow(Int(window.firstMinute)...Int(window.lastMinute))
    case .nthTicket(let ticket):
      violations.require(
        (1...Int32(Booking.Limits.seatsPerBooking)).contains(ticket.position),
        "offer.nth_ticket.position", "must be 1 to \(Booking.Limits.seatsPerBooking)")
      return .nthTicket(Int(ticket.position))
    }
  }
}

extension OfferWish {
  /// Reads a wish; nil when something is wrong with it, which is added.
  init?(
    _ offer: Usher.V1.Offer, _ place: Usher.V1.OfferPlace, _ violations: inout FieldViolations
  ) {
    violations.require(offer.offerId == 0, "offer.offer_id", "must not be set")
    violations.requireTier(offer.tier, "offer.tier")
    violations.requireIDs([
      "offer.partner_id": offer.partnerId, "place.theatre_id": place.theatreId,
      "place.auditorium_id": place.auditoriumId, "place.show_id": place.showId,
      "place.movie_id": place.movieId,
    ])
    let places = [place.theatreId, place.auditoriumId, place.showId].count { $0 != 0 }
    violations.require(
      places <= 1, "place", "can name one of theatre_id, auditorium_id and show_id")
    violations.requireLabels(offer.seats, "offer.seats", most: Limits.seatsPerOffer)
    violations.require(
      offer.seats.isEmpty || place.auditoriumId != 0 || place.showId != 0, "place",
      "must name an auditorium_id or a show_id for an offer for seats")
    guard let terms = OfferTerms(offer, &violations) else { return nil }
    self.init(
      terms: terms,
      place: OfferPlace(
        theatreID: place.theatreId.unlessZero, auditoriumID: place.auditoriumId.unlessZero,
        showID: place.showId.unlessZero, movieID: place.movieId.unlessZero),
      channelID: offer.partnerId.unlessZero, tier: offer.tier.isEmpty ? nil : offer.tier,
      seatLabels: offer.seats)
  }
}
