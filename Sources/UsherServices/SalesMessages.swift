// What was sold, as messages of usher.v1. No decisions here.

import Booking
import BookingStore
import UsherProtos

extension Usher.V1.TicketCustomer {
  /// Whose a ticket is; `isTold` whether how to reach the customer may be told.
  init(_ ticket: TicketBooking, isTold: Bool) {
    self.init(
      customerRef: ticket.booking.customerRef, name: ticket.customer?.name ?? "",
      email: isTold ? ticket.customer?.email ?? "" : "",
      phone: isTold ? ticket.customer?.phone ?? "" : "")
  }
}

extension Usher.V1.Money {
  init(_ money: Money) { self.init(money.minorUnits, money.currency) }
}

extension Usher.V1.SalesTransaction {
  init(_ transaction: SalesTransaction) {
    self.init(
      position: transaction.position, committedAt: .init(unixMicroseconds: transaction.at),
      events: transaction.events.map { .init($0) })
  }
}

extension Usher.V1.SaleEvent {
  fileprivate init(_ event: SaleEvent) {
    self.init(
      kind: .init(rawValue: event.kind.rawValue), bookingId: event.bookingID.description,
      showId: event.showID, showVersion: event.version, theatreId: event.theatreID,
      partnerId: event.partnerID,
      seats: event.seats.map {
        .init(
          seatNumber: $0.number, label: $0.label, tier: $0.tier, price: .init($0.price),
          addOns: $0.addOns.map { .init($0, event.amount.currency) })
      },
      amount: .init(event.amount), refund: event.refund.map { .init($0) },
      paymentReference: event.paymentReference,
      otherBookingId: event.otherBookingID?.description ?? "", seatsLeft: event.hasSeatsLeft)
  }
}

extension Usher.V1.SoldAddOn {
  fileprivate init(_ line: QuoteLine, _ currency: Currency) {
    self.init(
      addOnId: line.addOn?.id ?? 0, title: line.description,
      count: Int32(clamping: line.addOn?.count ?? 0), amount: .init(line.minorUnits, currency))
  }
}

extension Usher.V1.GetShowDigestResponse {
  init(_ digest: ShowDigest, showID: Int64, position: Int64) {
    let digits = Array("0123456789abcdef")
    self.init(
      showId: showID, version: digest.version, position: position,
      soldHash: String(digest.soldHash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }),
      availableCount: digest.counts[0], heldCount: digest.counts[1], soldCount: digest.counts[2],
      blockedCount: digest.counts[3],
      shares: digest.shares.map {
        .init(
          partnerId: $0.partnerID, tier: $0.tier, seatCount: Int32(clamping: $0.seatCount),
          amount: .init($0.amount))
      })
  }
}
