// Giving up a confirmed booking for other seats, of the same show or of another: both or neither.

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

  /// The wish, for the customer who has the booking.
  fileprivate func wish(for record: BookingRecord) -> HoldRequest {
    HoldRequest(
      identity: wanted.identity, bookingID: wanted.bookingID, showID: wanted.showID,
      customerRef: record.customerRef, selection: wanted.selection)
  }
}

extension ShowLedger {
  /// Decides an exchange of a booking of this show for seats of a show, which may be this one. The
  /// seats given up may be among those that are got.
  package func exchange(
    _ request: ExchangeRequest, to other: ShowLedger, _ moment: inout Moment
  ) -> SaleDecision {
    settle(&moment)
    guard let record = booking(request.bookingID) else { return .refused(.bookingNotFound) }
    guard record.partnerID == request.wanted.identity.partnerID else {
      return .refused(.foreignBooking)
    }
    guard record.state == .confirmed else { return .refusedUnlessLogged(.wrongState(record)) }
    guard !moment.isOver(terms.startsAt) else { return .refusedUnlessLogged(.showBegan) }
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
    let decision = other.hold(request.wish(for: record), &moment)
    guard case .done(let held, _) = decision else { return decision }
    guard let credit = try? record.price(of: record.seatsLeft),
      let refund = try? terms.refund(record, credit, held.quote.total, &moment)
    else { return .refused(.staleShow) }
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
