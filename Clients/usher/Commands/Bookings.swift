// `usher confirm`, `extend`, `release`, `cancel`, `booking`: what can be done with a booking.

import ArgumentParser
import UsherProtos

struct Confirm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Turns a hold into a sale.")

  @Argument(help: "The booking's id.") var booking: String
  @Option(
    help: ArgumentHelp("Reference of the successful payment.", valueName: "reference"))
  var payment: String
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard !payment.isEmpty, payment.utf8.count <= 128 else {
      throw ValidationError("--payment takes 1 to 128 bytes.")
    }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let response = try await session.change(
        Usher.V1.ConfirmBookingRequest(
          bookingId: booking, paymentReference: payment, requestId: request.id),
        session.bookings.confirmBooking, Advice(bookingId: booking))
      try session.output.print(
        response,
        lines: BookingText.outcome(response.booking, session.output.style)
          + (response.outcome == .takenAgain
            ? ["The hold had expired; the seats were still free."] : []))
    }
  }
}

struct Extend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lets a hold last once more as long; once.")

  @Argument(help: "The booking's id.") var booking: String
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let response = try await session.change(
        Usher.V1.ExtendHoldRequest(bookingId: booking, requestId: request.id),
        session.bookings.extendHold, Advice(bookingId: booking))
      try session.output.print(
        response,
        lines: BookingText.held(
          response.booking ?? .init(), session.settings.asker, session.output.style))
    }
  }
}

struct Release: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Gives held seats back before the hold ends.")

  @Argument(help: "The booking's id.") var booking: String
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let response = try await session.change(
        Usher.V1.ReleaseHoldRequest(bookingId: booking, requestId: request.id),
        session.bookings.releaseHold, Advice(bookingId: booking))
      try session.output.print(
        response, lines: BookingText.outcome(response.booking, session.output.style))
    }
  }
}

struct Cancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Cancels a sale or some seats of it; they can be sold again.",
    discussion: "Asks first when it runs in a terminal.")

  @Argument(help: "The booking's id.") var booking: String
  @Argument(help: "Labels of the seats to cancel; all when left away.") var seats: [String] = []
  @OptionGroup var danger: DangerOptions
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let session = try danger.confirm(try await question(session), session)
      let wish = Usher.V1.CancelBookingRequest(
        bookingId: booking, requestId: request.id, seats: seats)
      // Whoever has agreed is not asked again.
      let again = Repetition.command(
        CommandLine.arguments, wish.requestId, adding: danger.yes ? [] : ["--yes"])
      let response = try await session.change(
        wish, session.bookings.cancelBooking, Advice(bookingId: booking, repetition: again))
      let style = session.output.style
      try session.output.print(
        response,
        lines: BookingText.outcome(response.booking, style)
          + BookingText.refunds(response.refund.map { [$0] } ?? [], style))
    }
  }

  /// What would be cancelled, for someone who is asked.
  private func question(_ session: Session) async throws(Failure) -> String {
    guard danger.mayAsk else { return "" }
    let found = try await session.booking(booking)
    let what = [
      (seats.isEmpty ? found.seats : seats).joined(separator: ", "), found.quote?.total?.text ?? "",
      BookingText.name(found.state),
    ].filter { !$0.isEmpty }.joined(separator: "; ")
    return "Cancel booking \(booking) (\(what))?"
  }
}

struct ShowBooking: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "booking", abstract: "Shows a booking as it is now.")

  @Argument(help: "The booking's id.") var booking: String
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let found = try await session.findBooking(booking)
      let style = session.output.style
      try session.output.print(
        found,
        lines: BookingText.details(
          found.booking ?? .init(), session.settings.asker, style)
          + BookingText.refunds(found.refunds, style))
    }
  }
}

extension Session {
  func booking(_ id: String) async throws(Failure) -> Usher.V1.Booking {
    try await findBooking(id).booking ?? Usher.V1.Booking()
  }

  func findBooking(_ id: String) async throws(Failure) -> Usher.V1.GetBookingResponse {
    try await read(
      Usher.V1.GetBookingRequest(bookingId: id), bookings.getBooking, Advice(bookingId: id))
  }
}
