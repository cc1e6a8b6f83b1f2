// `usher request` and `usher fence`: what became of a request id, and how to stop it.

import ArgumentParser
import Foundation
import UsherProtos

struct ShowRequest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "request", abstract: "Tells what became of a change by its request id.",
    discussion: "A change that was refused, or never arrived, is not found.")

  @Argument(help: "The request id.") var request: String
  @OptionGroup var global: GlobalOptions

  func validate() throws { try Fence.check(request) }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let response = try await session.read(
        Usher.V1.GetRequestOutcomeRequest(requestId: request), session.bookings.getRequestOutcome)
      try session.output.print(
        response, lines: BookingText.fate(response.outcome, session.output.style))
    }
  }
}

struct Fence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keeps a change from ever running, or tells that it has run.")

  @Argument(help: "The request id.") var request: String
  @OptionGroup var global: GlobalOptions

  func validate() throws { try Self.check(request) }

  static func check(_ request: String) throws {
    guard UUID(uuidString: request) == nil else { return }
    throw ValidationError("'\(request)' is no UUID.")
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let repetition = "usher fence \(Shell.quote(request))\(session.settings.repeatedFlags)"
      let response = try await session.change(
        Usher.V1.FenceRequestRequest(requestId: request), session.bookings.fenceRequest,
        Advice(repetition: repetition))
      try session.output.print(
        response, lines: BookingText.fate(response.outcome, session.output.style))
    }
  }
}

extension BookingText {
  /// What became of a request.
  static func fate(_ outcome: Usher.V1.RequestOutcome?, _ style: Style) -> [String] {
    guard let outcome, outcome.fate == .ran else { return ["Fenced: it never runs."] }
    return ["It ran and left this:"] + Self.outcome(outcome.booking, style)
      + refunds(outcome.refund.map { [$0] } ?? [], style)
  }
}
