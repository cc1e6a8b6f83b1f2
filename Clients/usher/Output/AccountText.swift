// Accounts as people read them.

import ProtoWire
import UsherProtos

enum AccountText {
  static func lines(_ account: Usher.V1.Account?, _ style: Style) -> [String] {
    guard let account else { return [] }
    let state = (account.state.protoValueName ?? "")
      .replacing("ACCOUNT_STATE_", with: "").lowercased()
    return [
      "Account \(account.accountId), \(state)", "e-mail  \(account.email)",
      "phone   \(account.phone)", "name    \(account.name)",
    ].map(style.clean)
  }

  static func table(_ bookings: [Usher.V1.Booking], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "BOOKING"), .init(title: "SHOW", toRight: true), .init(title: "STATE"),
        .init(title: "SEATS", mayShrink: true), .init(title: "TOTAL", toRight: true),
      ], style)
    for booking in bookings {
      table.add([
        booking.bookingId, "\(booking.showId)", BookingText.name(booking.state),
        booking.seats.joined(separator: ","), booking.quote?.total?.text ?? "",
      ])
    }
    return table
  }
}
