// Bookings for people: what they cost and why, how long a hold lasts, what to do next.

import Foundation
import ProtoWire
import UsherProtos

/// Who is told of a booking, as far as it matters to what to do next.
struct Asker: Sendable {
  /// What commands repeat.
  var flags = ""
  /// Customers hold seats, but do not confirm them.
  var isCustomer = false
}

extension ConnectionSettings {
  var asker: Asker { Asker(flags: repeatedFlags, isCustomer: token?.isCustomers ?? false) }
}

enum BookingText {
  /// A new hold.
  static func held(
    _ booking: Usher.V1.Booking, _ asker: Asker, _ style: Style
  ) -> [String] {
    let seats = style.clean(booking.seats.joined(separator: ", "))
    return [style.paint("Held \(seats) for \(span(booking))", .strong)]
      + ["Booking \(style.clean(booking.bookingId)), show \(booking.showId)", ""]
      + quote(booking.quote, style) + [""] + nextSteps(booking, asker, style)
  }

  /// What whoever waited in line is offered: a hold, or what became of it when the ticket is shown
  /// again later.
  static func offered(
    _ booking: Usher.V1.Booking, _ asker: Asker, _ style: Style
  ) -> [String] {
    guard booking.state == .held else { return details(booking, asker, style) }
    let id = Shell.quote(style.clean(booking.bookingId))
    let left = min(max(booking.expiresInMs, 0), 86_400_000)
    let end = Date(timeIntervalSinceNow: Double(left) / 1_000)
    return held(booking, asker, style) + [
      "Or take other free seats of the show instead:",
      "  usher exchange \(id) \(booking.showId) SEATS\(asker.flags)",
      "The hold ends at \(Clock.timeOfDay(end)) on this machine's clock.",
    ]
  }

  /// What a change made of a booking.
  static func outcome(_ booking: Usher.V1.Booking?, _ style: Style) -> [String] {
    guard let booking else { return ["Done"] }
    let seats = style.clean(booking.seats.joined(separator: ", "))
    let total = booking.quote?.total.map { ", \($0.text)" } ?? ""
    let payment =
      booking.paymentReference.isEmpty ? "" : ", payment \(style.clean(booking.paymentReference))"
    let state = name(booking.state)
    return [
      style.paint("\(state.prefix(1).uppercased())\(state.dropFirst()) \(seats)", .strong)
        + "\(style.clean(total))\(payment)",
      "Booking \(style.clean(booking.bookingId)), show \(booking.showId)"
        + (booking.ticketCode.isEmpty ? "" : ", ticket \(style.clean(booking.ticketCode))"),
    ]
  }

  /// A booking in a line: `held F12, F13 for 4:59, 22.40 EUR, booking B, show 7`.
  static func short(_ booking: Usher.V1.Booking) -> String {
    let state = name(booking.state)
    let seats = booking.seats.isEmpty ? "" : " \(booking.seats.joined(separator: ", "))"
    let time = booking.state == .held ? " for \(span(booking))" : ""
    let total = booking.quote?.total.map { ", \($0.text)" } ?? ""
    return "\(state)\(seats)\(time)\(total), booking \(booking.bookingId), show \(booking.showId)"
  }

  /// A booking as it is.
  static func details(
    _ booking: Usher.V1.Booking, _ asker: Asker, _ style: Style
  ) -> [String] {
    let isHeld = booking.state == .held
    let facts: [(String, String)] = [
      ("Booking", booking.bookingId), ("Ticket", booking.ticketCode),
      ("Show", "\(booking.showId)"),
      ("State", name(booking.state) + (isHeld ? ", for \(span(booking))" : "")),
      ("Seats", booking.seats.joined(separator: ", ")),
      ("Cancelled", booking.cancelledSeats.joined(separator: ", ")),
      ("Customer", booking.customerRef), ("Payment", booking.paymentReference),
      ("Made", booking.createdAt == nil ? "" : OperatorTables.time(booking.createdAt)),
      ("Now", booking.supersededBy), ("Instead of", booking.supersedes),
    ]
    let lines = facts.filter { !$0.1.isEmpty }
      .map { TextWidth.pad($0.0, 12) + style.clean($0.1) }
    let steps = isHeld ? [""] + nextSteps(booking, asker, style) : []
    return lines + [""] + quote(booking.quote, style) + steps
  }

  /// What was given back, line by line.
  static func refunds(_ refunds: [Usher.V1.Refund], _ style: Style) -> [String] {
    refunds.map { refund in
      style.clean(
        "Refund \(refund.amount?.text ?? "") for \(refund.seats.joined(separator: ", "))")
    }
  }

  /// The quote: under each seat what is added and taken off, and at the end the total.
  static func quote(_ quote: Usher.V1.Quote?, _ style: Style) -> [String] {
    guard let quote else { return [] }
    var table = Table(
      [
        .init(title: "SEAT"), .init(title: "PRICE RULE", mayShrink: true),
        .init(title: "AMOUNT", toRight: true),
      ], style)
    var previous: String?
    for line in quote.lines {
      let prefix =
        switch line.kind {
        case .offer: "less "
        case .addOn where line.count != 1: "\(line.count) × "
        default: ""
        }
      table.add([
        line.seat == previous ? "" : line.seat, prefix + line.description,
        line.amount?.text ?? "",
      ])
      previous = line.seat
    }
    table.add(["", "Total", quote.total?.text ?? ""])
    return table.lines(width: Console.width)
  }

  /// `held`, `confirmed` and so on.
  static func name(_ state: Usher.V1.BookingState) -> String {
    state.protoValueName.map { $0.replacing("BOOKING_STATE_", with: "").lowercased() }
      ?? "state \(state.rawValue)"
  }

  private static func nextSteps(
    _ booking: Usher.V1.Booking, _ asker: Asker, _ style: Style
  ) -> [String] {
    let (id, flags) = (Shell.quote(style.clean(booking.bookingId)), asker.flags)
    let use =
      asker.isCustomer
      ? ["Keep them longer, once:", "  usher extend \(id)\(flags)"]
      : [
        "Confirm within \(span(booking)):", "  usher confirm \(id) --payment REFERENCE\(flags)",
      ]
    return use + ["Or give the seats back:", "  usher release \(id)\(flags)"]
  }

  private static func span(_ booking: Usher.V1.Booking) -> String {
    Clock.span(.milliseconds(booking.expiresInMs))
  }
}
