// `usher exchange`: other seats instead of a booking's.

import ArgumentParser
import UsherProtos

struct Exchange: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Exchanges a booking for other seats: both or neither.",
    discussion: """
      A sale may go to its own show or to another. A hold stays with its show and lasts no longer \
      than before: so an offer of the waiting list is exchanged for seats that one likes better. \
      Name the seats, or let the server choose with --best:

        usher exchange BOOKING 512 F12 F13
        usher exchange BOOKING 513 --best 2
      """)

  @Argument(help: "The booking's id.") var booking: String
  @Argument(help: "The id of the show wanted; may be the booking's own.") var show: Int64
  @OptionGroup var selection: SeatSelection
  @Option(
    help: ArgumentHelp("Reference of a payment of the difference.", valueName: "reference"))
  var payment: String?
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws { try Hold.check(show: show) }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let wish = Usher.V1.ExchangeBookingRequest(
        bookingId: booking, showId: show, seats: selection.labels,
        bestAvailable: selection.bestAvailable, paymentReference: payment ?? "",
        requestId: request.id)
      let response = try await session.change(
        wish, session.bookings.exchangeBooking, Advice(showId: show, bookingId: booking))
      try session.output.print(
        response,
        lines: BookingText.exchanged(
          response, session.settings.asker, session.output.style))
    }
  }
}

extension BookingText {
  /// What an exchange made.
  static func exchanged(
    _ response: Usher.V1.ExchangeBookingResponse, _ asker: Asker, _ style: Style
  ) -> [String] {
    let booking = response.booking ?? Usher.V1.Booking()
    let old = booking.supersedes
    let difference = response.priceDifference?.text ?? ""
    let new =
      booking.state == .held ? held(booking, asker, style) : outcome(booking, style)
    return new
      + [style.clean("Instead of booking \(old); difference \(difference)")]
      + refunds(response.refund.map { [$0] } ?? [], style)
  }
}
