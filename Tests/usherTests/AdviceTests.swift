// Advice: every reason that the server can give has some, and none of it is a dead end.

import ArgumentParser
import RPC
import Testing
import UsherServices

@testable import usher

@Suite struct AdviceTests {
  @Test(arguments: Reason.allCases)
  func everyReasonOfTheServerHasAHint(reason: Reason) {
    // A code that by itself says nothing: the hint is the reason's own.
    let error = RPCError.refusal(.failedPrecondition, reason.rawValue, "No.")
    let failure = Advice(showId: 7, bookingId: "B", flags: " --insecure").failure(error)
    #expect(failure.reason == reason.rawValue)
    #expect(failure.hint?.isEmpty == false)
    if let next = failure.next {
      #expect(next.hasPrefix("usher ") && next.hasSuffix(" --insecure"))
      let name = next.split(separator: " ")[1]
      let groups = UsherCommand.configuration.groupedSubcommands
      let known = groups.flatMap(\.subcommands).map {
        $0.configuration.commandName ?? "\($0)".lowercased()
      }
      #expect(known.contains { $0 == name }, "there is no command '\(name)'")
    }
  }

  @Test func aReasonFromLaterIsToldByItsCode() {
    let error = RPCError.refusal(.unavailable, "SOMETHING_NEW", "No.")
    #expect(Advice().failure(error).hint == "Is the server running, and is the address right?")
    let away = RPCError.refusal(.unavailable, .databaseUnavailable, "Away.")
    #expect(Advice().failure(away).hint == "The server's database is away; try again later.")
  }

  @Test func refusalsByTheWaitingListAreSeatsLost() {
    for reason in [Reason.reservedForWaitlist, .waitIsHopeless] {
      #expect(Failure(.refusal(.failedPrecondition, reason, "No.")).exit == .seatsLost)
    }
    #expect(Failure(.refusal(.failedPrecondition, .waitEnded, "No.")).exit == .other)
    #expect(Failure(.refusal(.resourceExhausted, .waitlistFull, "No.")).exit == .temporary)
  }
}
