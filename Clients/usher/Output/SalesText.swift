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

  private static func name(_ kind: Usher.V1.SaleEventKind) -> String {
    (kind.protoValueName ?? "").replacing("SALE_EVENT_KIND_", with: "").lowercased()
      .replacing("_", with: " ")
  }
}
