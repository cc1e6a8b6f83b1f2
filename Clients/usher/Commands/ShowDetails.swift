// `usher show`: a show with its terms.

import ArgumentParser
import UsherProtos

struct ShowDetails: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows a show: its times, its prices, offers that may apply, what is set aside.",
    discussion: "Its seats are on the map: 'usher seats'.")

  @Argument(help: "The show's id.") var show: Int64
  @OptionGroup var global: GlobalOptions

  func validate() throws { try Hold.check(show: show) }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let found = try await session.show(show)
      try session.output.print(
        found,
        lines: ShowText.lines(
          found, flags: session.settings.repeatedFlags, session.output.style,
          width: Console.width))
    }
  }
}
