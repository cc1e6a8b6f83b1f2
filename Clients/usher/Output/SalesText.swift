// What was sold, for people.

import ProtoWire
import UsherProtos

enum SalesText {
  /// A line per event; none for a bookmark.
  static func lines(_ message: Usher.V1.WatchSalesResponse, _ style: Style) -> [String] {
    guard case .transaction(let transaction) = message.event else { return [] }
    return transaction.events.map { event in
      let seats = event.seats.map(\.label).joined(separator: ", ")
      let refund = event.refund.map { ", \($0.text) back" } ?? ""
      let other = event.otherBookingId.isEmpty ? "" : ", other booking \(event.otherBookingId)"
      return style.clean(
        "\(transaction.position)  \(name(event.kind)) \(seats) of show \(event.showId)  "
          + "\(event.amount?.text ?? "")\(refund)  booking \(event.bookingId)\(other)  "
          + "partner \(event.partnerId)  \(event.paymentReference)")
    }
  }

  static let bookings: [Column<Usher.V1.ShowBooking>] =
    AccountText.bookings.filter { $0.name != "show_id" }
    .map { $0.of { $0.booking ?? .init() } } + [
      .number("PARTNER", "partner_id") { $0.partnerId },
      .text("CUSTOMER", "customer") { $0.booking?.customerRef ?? "" },
      .text("PAYMENT", "payment") { $0.booking?.paymentReference ?? "" },
    ]

  /// A booking found by its ticket, with its customer.
  static func ticket(
    _ found: Usher.V1.GetBookingByTicketCodeResponse, _ style: Style
  ) -> [String] {
    let customer = found.customer ?? .init()
    let seller = found.booking?.partnerId ?? 0
    let facts: [(String, String)] = [
      ("Sold by", seller == 0 ? "the house" : "partner \(seller)"),
      ("Name", customer.name), ("E-mail", customer.email), ("Phone", customer.phone),
    ]
    let lines = facts.filter { !$0.1.isEmpty }
      .map { TextWidth.pad($0.0, 12) + style.clean($0.1) }
    return lines + BookingText.details(found.booking?.booking ?? .init(), Asker(), style)
  }

  static func digest(_ digest: Usher.V1.GetShowDigestResponse, _ style: Style) -> [String] {
    var table = Table(
      [
        .init(title: "PARTNER", toRight: true), .init(title: "TIER"),
        .init(title: "SEATS", toRight: true), .init(title: "AMOUNT", toRight: true),
      ], style)
    for share in digest.shares {
      table.add(["\(share.partnerId)", share.tier, "\(share.seatCount)", share.amount?.text ?? ""])
    }
    return [
      "Show \(digest.showId) at version \(digest.version), told up to position \(digest.position)",
      "free \(digest.availableCount), held \(digest.heldCount), sold \(digest.soldCount), "
        + "blocked \(digest.blockedCount)",
      "sold seats \(style.clean(digest.soldHash))", "",
    ] + table.lines(width: Console.width)
  }

  static let figures: [Column<Usher.V1.SalesFigures>] = [
    .seen("OF") { $0.day.isEmpty ? "\($0.id)" : $0.day },
    .data("day") { $0.day },
    .data("id") { $0.day.isEmpty ? "\($0.id)" : "" },
    .text("NAME", "name") { $0.name },
    .data("currency") { $0.soldAmount?.currencyCode ?? "" },
    .number("SHOWS", "shows") { $0.showCount },
    .number("SEATS", "seats") { $0.seatCount },
    .data("bookings") { "\($0.bookingCount)" },
    .number("SOLD", "sold_seats") { $0.soldSeatCount },
    .seen("FULL", toRight: true) {
      "\($0.occupancyBasisPoints / 100).\($0.occupancyBasisPoints / 10 % 10) %"
    },
    .money("FOR", "sold_amount") { $0.soldAmount },
    .number("CANCELLED", "cancelled_seats") { $0.cancelledSeatCount },
    .money("BACK", "refunded_amount") { $0.refundedAmount },
  ]

  static let suspects: [Column<Usher.Admin.V1.SuspiciousCustomer>] = [
    .number("PARTNER", "partner_id") { $0.partnerId },
    .text("CUSTOMER", "customer") { $0.customerRef },
    .number("HOLDS", "holds") { $0.holdCount },
    .number("UNPAID", "unpaid") { $0.unpaidCount },
    .number("PAID", "paid") { $0.paidCount },
    .number("A MINUTE", "busiest_minute") { $0.busiestMinute },
    .seen("WHY") { reasons($0).joined(separator: ", ") },
    .data("why") { reasons($0).joined(separator: ";") },
    .data("first_hold_at") { CSVText.time($0.firstHoldAt) },
    .data("last_hold_at") { CSVText.time($0.lastHoldAt) },
  ]

  private static func reasons(_ customer: Usher.Admin.V1.SuspiciousCustomer) -> [String] {
    customer.reasons.compactMap(\.protoValueName).map {
      $0.replacing("SUSPICION_REASON_", with: "").lowercased().replacing("_", with: " ")
    }
  }

  private static func name(_ kind: Usher.V1.SaleEventKind) -> String {
    (kind.protoValueName ?? "").replacing("SALE_EVENT_KIND_", with: "").lowercased()
      .replacing("_", with: " ")
  }
}
