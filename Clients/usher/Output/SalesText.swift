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

  static func bookings(_ bookings: [Usher.V1.ShowBooking], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "BOOKING"), .init(title: "STATE"), .init(title: "SEATS", mayShrink: true),
        .init(title: "TOTAL", toRight: true), .init(title: "PARTNER", toRight: true),
        .init(title: "CUSTOMER", mayShrink: true), .init(title: "PAYMENT", mayShrink: true),
      ], style)
    for entry in bookings {
      let booking = entry.booking ?? .init()
      table.add([
        booking.bookingId, BookingText.name(booking.state), booking.seats.joined(separator: ","),
        booking.quote?.total?.text ?? "", "\(entry.partnerId)", booking.customerRef,
        booking.paymentReference,
      ])
    }
    return table
  }

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
      .map { TextWidth.pad($0.0, 10) + style.clean($0.1) }
    return lines + BookingText.details(found.booking?.booking ?? .init(), flags: "", style)
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

  static func figures(_ figures: [Usher.V1.SalesFigures], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "OF"), .init(title: "NAME", mayShrink: true),
        .init(title: "SHOWS", toRight: true), .init(title: "SEATS", toRight: true),
        .init(title: "SOLD", toRight: true), .init(title: "FULL", toRight: true),
        .init(title: "FOR", toRight: true), .init(title: "CANCELLED", toRight: true),
        .init(title: "BACK", toRight: true),
      ], style)
    for row in figures {
      let share = row.occupancyBasisPoints
      table.add([
        row.day.isEmpty ? "\(row.id)" : row.day, row.name, "\(row.showCount)",
        "\(row.seatCount)", "\(row.soldSeatCount)",
        "\(share / 100).\(share / 10 % 10) %", row.soldAmount?.text ?? "",
        "\(row.cancelledSeatCount)", row.refundedAmount?.text ?? "",
      ])
    }
    return table
  }

  static func suspects(
    _ customers: [Usher.Admin.V1.SuspiciousCustomer], _ style: Style
  ) -> Table {
    var table = Table(
      [
        .init(title: "PARTNER", toRight: true), .init(title: "CUSTOMER", mayShrink: true),
        .init(title: "HOLDS", toRight: true), .init(title: "UNPAID", toRight: true),
        .init(title: "PAID", toRight: true), .init(title: "A MINUTE", toRight: true),
        .init(title: "WHY"),
      ], style)
    for customer in customers {
      let reasons = customer.reasons.compactMap(\.protoValueName).map {
        $0.replacing("SUSPICION_REASON_", with: "").lowercased().replacing("_", with: " ")
      }
      table.add([
        "\(customer.partnerId)", customer.customerRef, "\(customer.holdCount)",
        "\(customer.unpaidCount)", "\(customer.paidCount)", "\(customer.busiestMinute)",
        reasons.joined(separator: ", "),
      ])
    }
    return table
  }

  private static func name(_ kind: Usher.V1.SaleEventKind) -> String {
    (kind.protoValueName ?? "").replacing("SALE_EVENT_KIND_", with: "").lowercased()
      .replacing("_", with: " ")
  }
}
