// `usher exchange`: other seats instead of a booking's.

import ArgumentParser
import RPC
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
    let id = request.id
    try await global.perform { (session) throws(Failure) in
      let flags = session.settings.repeatedFlags
      let advice = Advice(
        showId: show, bookingId: booking, requestId: id, repetition: repetition(id) + flags,
        flags: flags)
      let response = try await session.change(advice) { (options) async throws(RPCError) in
        try await session.bookings.exchangeBooking(message(id), options: options)
      }
      try session.output.print(
        response, lines: BookingText.exchanged(response, flags: flags, session.output.style))
    }
  }

  private func message(_ id: String) -> Usher.V1.ExchangeBookingRequest {
    Usher.V1.ExchangeBookingRequest(
      bookingId: booking, showId: show, seats: selection.labels,
      bestAvailable: selection.bestAvailable, paymentReference: payment ?? "", requestId: id)
  }

  private func repetition(_ id: String) -> String {
    var words = ["usher", "exchange", booking, "\(show)"] + selection.words
    if let payment { words += ["--payment", payment] }
    return (words + ["--request-id", id]).map(Shell.quote).joined(separator: " ")
  }
}

extension BookingText {
  /// What an exchange made.
  static func exchanged(
    _ response: Usher.V1.ExchangeBookingResponse, flags: String, _ style: Style
  ) -> [String] {
    let booking = response.booking ?? Usher.V1.Booking()
    let old = booking.supersedes
    let difference = response.priceDifference?.text ?? ""
    let new =
      booking.state == .held ? held(booking, flags: flags, style) : outcome(booking, style)
    return new
      + [style.clean("Instead of booking \(old); difference \(difference)")]
      + refunds(response.refund.map { [$0] } ?? [], style)
  }
}
