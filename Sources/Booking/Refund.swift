// What comes back for seats that were given up: the theatre's policy, and the record of it. Who pays
// it out, and when, is not decided here.

/// What a customer is to get back for seats of a booking.
package struct Refund: Sendable, Hashable {
  /// The booking that had them.
  package let bookingID: BookingID
  /// The seats, in the order of the booking's quote.
  package let seatNumbers: [Int32]
  /// What is given back; may be nothing.
  package let amount: Money

  /// A refund.
  package init(bookingID: BookingID, seatNumbers: [Int32], amount: Money) {
    self.bookingID = bookingID
    self.seatNumbers = seatNumbers
    self.amount = amount
  }
}

/// What a theatre gives back: a share of the price until a time, nothing after.
package struct RefundPolicy: Sendable, Hashable {
  /// When refunds end, in microseconds since 1970.
  package let endsAt: Int64
  /// The share, of ten thousand.
  package let basisPoints: Int

  /// All of the price, for ever, unless told otherwise.
  package init(endsAt: Int64 = .max, basisPoints: Int = 10_000) {
    self.endsAt = endsAt
    self.basisPoints = basisPoints
  }

  /// What is given back of a price at a moment. Throws `.moneyOverflow`.
  func share(of price: Money, _ moment: inout Moment) throws(BookingError) -> Money {
    moment.isOver(endsAt) ? Money(0, price.currency) : try price.share(basisPoints: basisPoints)
  }
}

extension BookingRecord {
  /// What some of its seats cost, by its quote. Throws `.moneyOverflow`.
  func price(of seats: [Int32]) throws(BookingError) -> Money {
    var price = Money(0, quote.total.currency)
    for line in quote.lines where seatNumbers.indices.contains(line.position) {
      guard seats.contains(seatNumbers[line.position]) else { continue }
      price = try price.adding(Money(line.minorUnits, price.currency))
    }
    return price
  }
}

extension ShowLedger {
  /// Cancels what is left of a confirmed booking, or those of its seats that are named. Without any
  /// left it is cancelled itself.
  func cancel(
    _ record: BookingRecord, _ labels: [String], _ moment: inout Moment
  ) -> SaleDecision {
    let left = record.seatsLeft
    let named = labels.compactMap { terms.layout.seat(label: $0)?.number }
    let given = labels.isEmpty ? left : left.filter(named.contains)
    guard labels.isEmpty || given.count == labels.count else {
      let strangers = labels.filter { label in
        !left.contains { terms.layout.seat(number: $0)?.label == label }
      }
      return .refusedUnlessLogged(.seatsNotInBooking(strangers))
    }
    guard let price = try? record.price(of: given),
      let amount = try? terms.refunds.share(of: price, &moment)
    else { return .refused(.staleShow) }
    var changed = update(record) {
      if given.count == left.count { $0.state = .cancelled } else { $0.cancelledSeats += given }
    }
    changed.refund = Refund(bookingID: record.id, seatNumbers: given, amount: amount)
    return .done(changed, .cancelled)
  }
}
