// Giving up a booking for other seats: both or neither. A sale may go to any show; a hold stays with
// its show, and the other seats are held for as long as the first were.

/// Asks for other seats instead of a booking's.
package struct ExchangeRequest: Sendable, Hashable {
  /// The booking to give up.
  package let bookingID: BookingID
  /// What is wanted instead. The customer is the booking's.
  package let wanted: HoldRequest
  /// Reference of a payment for the difference; empty to keep the booking's.
  package let paymentReference: String

  /// Asks for an exchange.
  package init(bookingID: BookingID, wanted: HoldRequest, paymentReference: String = "") {
    self.bookingID = bookingID
    self.wanted = wanted
    self.paymentReference = paymentReference
  }

  /// The wish, for the customer who has the booking. What an offer is exchanged for is an offer.
  fileprivate func wish(for record: BookingRecord) -> HoldRequest {
    let identity =
      record.isHeldOffer
      ? RequestIdentity(
        partnerID: wanted.identity.partnerID, requestID: wanted.bookingID.value,
        hash: wanted.identity.hash)
      : wanted.identity
    return HoldRequest(
      identity: identity, bookingID: wanted.bookingID, showID: wanted.showID,
      customerRef: record.customerRef, selection: wanted.selection)
  }
}

extension ShowLedger {
  /// Decides an exchange of a booking of this show for seats of a show, which may be this one, and of
  /// a hold must be. The seats given up may be among those that are got; others that it does not get
  /// are for those who wait, to whom the caller gives them (`serveQueue`).
  package func exchange(
    _ request: ExchangeRequest, to other: ShowLedger, _ moment: inout Moment
  ) -> SaleDecision {
    if settle(&moment) { serveQueue(&moment) }
    guard let record = booking(request.bookingID) else { return .refused(.bookingNotFound) }
    guard record.partnerID == request.wanted.identity.partnerID else {
      return .refused(.foreignBooking)
    }
    switch record.state {
    case .held where other === self: noteLive(record, &moment)
    case .confirmed:
      guard !moment.isOver(terms.startsAt) else { return .refusedUnlessLogged(.showBegan) }
    default: return .refusedUnlessLogged(.wrongState(record))
    }
    guard other.terms.prices.currency == record.quote.total.currency else {
      return .refusedUnlessLogged(.currencyDiffers)
    }
    let marks = (mark(), other.mark())
    let decision = give(record, request, to: other, &moment)
    if case .done = decision { return decision }
    goBack(to: marks.0)
    other.goBack(to: marks.1)
    return decision
  }

  private func give(
    _ record: BookingRecord, _ request: ExchangeRequest, to other: ShowLedger,
    _ moment: inout Moment
  ) -> SaleDecision {
    update(record) {
      $0.state = .exchanged
      $0.supersededBy = request.wanted.bookingID
    }
    // Whoever was offered seats may take as many others, though somebody waits.
    let openSeats = record.isHeldOffer ? record.seatsLeft.count : 0
    let decision = other.hold(request.wish(for: record), &moment, openSeats: openSeats)
    guard case .done(let held, _) = decision else { return decision }
    guard let credit = try? record.price(of: record.seatsLeft) else { return .refused(.staleShow) }
    guard record.state == .confirmed else {
      let changed = other.update(held) {
        $0.holdUntil = record.holdUntil
        $0.isExtended = record.isExtended
        $0.supersedes = record.id
        $0.exchangeCredit = credit.minorUnits
      }
      return .done(changed, .exchanged)
    }
    guard let refund = try? terms.refund(record, credit, held.quote.total, &moment) else {
      return .refused(.staleShow)
    }
    var changed = other.update(held) {
      $0.state = .confirmed
      $0.paymentReference =
        request.paymentReference.isEmpty ? record.paymentReference : request.paymentReference
      $0.supersedes = record.id
      $0.exchangeCredit = credit.minorUnits
    }
    changed.refund = refund.first
    return .done(changed, .exchanged)
  }
}

extension BookingRecord {
  fileprivate var isHeldOffer: Bool { state == .held && isOffer }
}

extension ShowTerms {
  /// What is given back when the new seats cost less: of the difference, what the policy gives for
  /// cancelled seats. None when they do not.
  fileprivate func refund(
    _ record: BookingRecord, _ credit: Money, _ total: Money, _ moment: inout Moment
  ) throws(BookingError) -> [Refund] {
    guard total.minorUnits < credit.minorUnits else { return [] }
    let difference = try credit.adding(Money(-total.minorUnits, total.currency))
    return [
      Refund(
        bookingID: record.id, seatNumbers: record.seatsLeft,
        amount: try refunds.share(of: difference, &moment))
    ]
  }
}
