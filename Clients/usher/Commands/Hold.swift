// `usher hold`: named seats, or the best the server can find.

import ArgumentParser
import Foundation
import UsherProtos

struct Hold: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Holds seats for a few minutes: all of them or none.",
    discussion: """
      Name the seats by their labels, or let the server choose with --best:

        usher hold 512 F12 F13
        usher hold 512 --best 2 --tier GOLD

      The hold lasts a few minutes; 'usher confirm' turns it into a sale.
      """)

  @Argument(help: "The show's id.") var show: Int64
  @OptionGroup var selection: SeatSelection
  @Option(
    help: ArgumentHelp(
      "Your own name for the customer, counted for the cap of ten seats.",
      valueName: "reference"))
  var customer: String?
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws { try Self.check(show: show) }

  static func check(show: Int64) throws {
    guard show > 0 else { throw ValidationError("A show's id is a positive number.") }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let wish = Usher.V1.HoldSeatsRequest(
        showId: show, seats: selection.labels, bestAvailable: selection.bestAvailable,
        customerRef: customer ?? "", requestId: request.id)
      let response = try await session.change(
        wish, session.bookings.holdSeats, Advice(showId: show))
      try session.output.print(
        response,
        lines: BookingText.held(
          response.booking ?? .init(), session.settings.asker, session.output.style))
    }
  }
}

/// Which seats: named, or left to the server.
struct SeatSelection: ParsableArguments {
  @Argument(help: "Labels of the seats, one to ten.") var seats: [String] = []
  @Option(help: ArgumentHelp("This many adjacent seats of one tier instead.", valueName: "count"))
  var best: Int?
  @Option(help: ArgumentHelp("With --best: the tier they must be in.", valueName: "name"))
  var tier: String?
  @Flag(help: "With --best: two groups on adjoining rows will do if need be.") var split = false

  /// Labels as given, or several in one word: `F12,F13`.
  var labels: [String] {
    seats.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  /// What is left to the server.
  var bestAvailable: Usher.V1.BestAvailable? {
    best.map { Usher.V1.BestAvailable(count: Int32($0), tier: tier ?? "", allowSplit: split) }
  }

  func validate() throws {
    if let best {
      guard labels.isEmpty else {
        throw ValidationError("Name seats or ask for --best, not both.")
      }
      guard (1...Limits.seatsPerHold).contains(best) else {
        throw ValidationError("--best takes 1 to \(Limits.seatsPerHold) seats.")
      }
    } else if labels.isEmpty {
      throw ValidationError("Name the seats, or let the server choose with --best COUNT.")
    }
    guard tier == nil || best != nil else { throw ValidationError("--tier goes with --best.") }
    guard !split || best != nil else { throw ValidationError("--split goes with --best.") }
    guard labels.count <= Limits.seatsPerHold else {
      throw ValidationError("At most \(Limits.seatsPerHold) seats can be held at once.")
    }
    let twice = Dictionary(grouping: labels) { $0 }.filter { $1.count > 1 }.keys.sorted()
    guard twice.isEmpty else {
      throw ValidationError("Named twice: \(twice.joined(separator: ", ")).")
    }
  }
}

/// The request id of a change.
struct RequestOptions: ParsableArguments {
  @Option(
    name: .customLong("request-id"),
    help: ArgumentHelp(
      "UUID of this change; repeat one to learn what became of it. Made up when left away.",
      valueName: "uuid"))
  var given: String?

  func validate() throws {
    guard let given, UUID(uuidString: given) == nil else { return }
    throw ValidationError("--request-id '\(given)' is no UUID.")
  }

  /// The id given, or a new one on every access.
  var id: String { given ?? UUID().uuidString.lowercased() }
}
