// The command line client: its root command and its way out. Each subcommand is a file under
// Commands/; nothing here knows about seats or calls.

import ArgumentParser
import Foundation
import Reactor

@main
enum Entry {
  /// The command runs on a loop; the main thread only waits for signals. An asynchronous `main`
  /// would leave it with every signal unblocked.
  static func main() {
    Signals.block()
    do throws(SystemError) {
      let loop = try EventLoop(name: "command")
      _ = loop.spawn { await run() }
    } catch {
      Console.error("usher: cannot start: \(error.call) failed\n")
      exit(Exit.other.rawValue)
    }
    Signals.take()
  }

  private static func run() async -> Never {
    do {
      var command = try UsherCommand.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      leave(error)
    }
    exit(Exit.ok.rawValue)
  }

  /// Failures of commands have been printed where they happened and arrive as exit codes; what is
  /// left are refusals of the command line itself.
  private static func leave(_ error: any Error) -> Never {
    let wantsJSON = CommandLine.arguments.asksForJSON
    guard wantsJSON, !(error is ExitCode), UsherCommand.exitCode(for: error) == .validationFailure
    else {
      UsherCommand.exit(withError: error)
    }
    let failure = Failure(.usage, UsherCommand.message(for: error))
    Console.error(failure.json() + "\n")
    UsherCommand.exit(withError: ExitCode(Exit.usage.rawValue))
  }
}

/// `usher` itself.
struct UsherCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usher",
    abstract: "Finds shows, shows their seats live, and books them.",
    discussion: """
      Where to connect comes from flags, then USHER_* variables, then the profile \
      ('usher config'). The secret key comes from --token-file, USHER_TOKEN_FILE or USHER_TOKEN, \
      never from a flag. Results are tables; -o json, jsonl (--json) and, of lists, csv are for \
      programs and spreadsheets.

        usher config set server 127.0.0.1:7443
        usher shows --city Berlin --date today
        usher shows --limit 0 -o csv > shows.csv
        usher hold 512 --best 2
      """,
    version: "0.1.0",
    subcommands: [
      Config.self, ExitCodes.self,
    ],
    groupedSubcommands: [
      CommandGroup(
        name: "What is on",
        subcommands: [
          Cities.self, Theatres.self, Movies.self, ShowMovie.self, Search.self, Showing.self,
          Shows.self, ShowDetails.self, Reviews.self,
        ]),
      CommandGroup(name: "Seats", subcommands: [Seats.self, Watch.self]),
      CommandGroup(
        name: "Booking",
        subcommands: [
          Hold.self, AddOns.self, Attach.self, Extend.self, Confirm.self, Release.self,
          Cancel.self, ShowBooking.self, Exchange.self, Batch.self, Wait.self, Leave.self,
          ShowRequest.self, Fence.self,
        ]),
      CommandGroup(name: "Customers", subcommands: [Account.self, Recommendations.self]),
      CommandGroup(name: "Partners", subcommands: [PartnerCommand.self, SandboxCommand.self]),
      CommandGroup(name: "Operating", subcommands: [Admin.self, Bench.self]),
    ])
}

extension [String] {
  /// Whether a command line that could not be parsed asks for JSON all the same.
  var asksForJSON: Bool {
    for (index, argument) in enumerated() {
      if argument == "--" { return false }
      if Self.wordsForJSON.contains(argument) { return true }
      if ["-o", "--output"].contains(argument), index + 1 < count,
        ["json", "jsonl"].contains(self[index + 1])
      {
        return true
      }
    }
    return false
  }

  private static let wordsForJSON: Set = [
    "--json", "--output=json", "--output=jsonl", "-o=json", "-o=jsonl",
  ]
}
