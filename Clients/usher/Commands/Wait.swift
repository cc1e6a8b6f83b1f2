// `usher wait`: a place in the line for a show, until there is an offer.

import ArgumentParser
import UsherProtos

struct Wait: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Waits in line for seats of a show that has too few free ones.",
    discussion: """
      Tells the place in line whenever it changes, and ends with an offer: seats that are held for \
      you, the best there are, to be confirmed like any hold. With -o jsonl or --json every event \
      is an object on a line of its own.

      The request id is the ticket. A lost connection is made again with it and keeps the place; \
      the same command with --request-id does so from anywhere, within a minute. Ctrl-C leaves the \
      line. Nobody waits for more than an hour.

        usher wait 512 --seats 2
        usher wait 512 --seats 4 --tier GOLD --json
      """)

  @Argument(help: "The show's id.") var show: Int64
  @Option(help: ArgumentHelp("How many seats, one to ten.", valueName: "count"))
  var seats: Int
  @Option(help: ArgumentHelp("The tier they must be in.", valueName: "name"))
  var tier: String?
  @Option(
    help: ArgumentHelp(
      "Your own name for the customer, counted for the cap of ten seats.", valueName: "reference"))
  var customer: String?
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    try Hold.check(show: show)
    guard (1...Limits.seatsPerHold).contains(seats) else {
      throw ValidationError("--seats takes 1 to \(Limits.seatsPerHold).")
    }
  }

  func run() async throws {
    let message = Usher.V1.JoinWaitlistRequest(
      showId: show, count: Int32(seats), tier: tier ?? "", customerRef: customer ?? "",
      requestId: request.id)
    try await global.perform(waits: true) { (session) throws(Failure) in
      let party = WaitingParty(
        session: session, request: message,
        again: again(message.requestId) + session.settings.repeatedFlags)
      let (outcome, interruption) = await Signals.cancelling { await party.wait() }
      switch outcome {
      case .offered: return
      case .over(let failure):
        guard let interruption else { throw failure }
        throw await party.leave(interruption, "interrupted")
      case .givenUp(let failure):
        throw await party.leave(interruption ?? failure.exit, failure.message)
      }
    }
  }

  /// The same command with the ticket.
  private func again(_ id: String) -> String {
    var words = ["usher", "wait", "\(show)", "--seats", "\(seats)"]
    if let tier { words += ["--tier", tier] }
    if let customer { words += ["--customer", customer] }
    return (words + ["--request-id", id]).map(Shell.quote).joined(separator: " ")
  }
}
