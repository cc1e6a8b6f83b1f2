// Accounts as people read them.

import ProtoWire
import UsherProtos

enum AccountText {
  static func lines(_ account: Usher.V1.Account?, _ style: Style) -> [String] {
    guard let account else { return [] }
    let state = (account.state.protoValueName ?? "")
      .replacing("ACCOUNT_STATE_", with: "").lowercased()
    let facts = [
      ("e-mail", account.email), ("phone", account.phone), ("name", account.name),
    ].filter { !$0.1.isEmpty }
    return
      (["Account \(account.accountId), \(state)"]
      + facts.map { TextWidth.pad($0.0, 8) + $0.1 }).map(style.clean)
  }

  static let bookings: [Column<Usher.V1.Booking>] = [
    .word("BOOKING", "booking_id") { $0.bookingId },
    .number("SHOW", "show_id") { $0.showId },
    .word("STATE", "state") { BookingText.name($0.state) },
    .words("SEATS", "seats", between: ",") { $0.seats },
    .money("TOTAL", "total") { $0.quote?.total },
    .data("currency") { $0.quote?.total?.currencyCode ?? "" },
    .data("created_at") { CSVText.time($0.createdAt) },
    .data("ticket_code") { $0.ticketCode },
  ]
}
