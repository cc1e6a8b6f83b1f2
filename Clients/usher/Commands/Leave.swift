// `usher leave`: gives up a place in the line for a show, from anywhere.

import ArgumentParser
import UsherProtos

struct Leave: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Leaves the line for a show at once.",
    discussion: """
      The request id is the ticket that 'usher wait' was given or told. Whoever has been offered seats is \
      told their booking; a hold stays one.

        usher leave 512 7d444840-9dc0-11d1-b245-5ffdce74fad2
      """)

  @Argument(help: "The show's id.") var show: Int64
  @Argument(help: ArgumentHelp("The request id of the wait.", valueName: "request-id"))
  var request: String
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    try Hold.check(show: show)
    try Fence.check(request)
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let flags = session.settings.repeatedFlags
      let answer = try await session.change(
        Usher.V1.LeaveWaitlistRequest(showId: show, requestId: request),
        session.waitlist.leaveWaitlist,
        Advice(showId: show, repetition: "usher leave \(show) \(request)\(flags)"))
      try session.output.print(
        answer,
        lines: Self.lines(show, answer.bookingId, flags: flags, session.output.style))
    }
  }

  private static func lines(
    _ show: Int64, _ booking: String, flags: String, _ style: Style
  ) -> [String] {
    let id = style.clean(booking)
    let words = LeavingText.words(show, id)
    return ["\(words.prefix(1).uppercased())\(words.dropFirst())."]
      + (LeavingText.next(id, flags: flags).map { ["  next: \($0)"] } ?? [])
  }
}
