// Advice: every reason that the server can give has some, and none of it is a dead end.

import ArgumentParser
import RPC
import Testing
import UsherProtos
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
    let away = RPCError.refusal(.databaseUnavailable, "Away.")
    #expect(Advice().failure(away).hint == "The server's database is away; try again later.")
  }

  @Test func whatWasPaidForLostSeatsIsToBeGivenBack() {
    for reason in [Reason.holdExpired, .holdReleased] {
      let refused = RPCError.refusal(reason, "No.", metadata: ["payment": "REFUND"])
      let failure = Advice(bookingId: "B").failure(refused)
      #expect(failure.text(.init(colour: false, unicode: false)).contains("\n  payment: REFUND\n"))
      #expect(failure.json().contains(#","payment":"REFUND","#))
      #expect(failure.hint == "Nothing was sold: give back what was paid, and hold other seats.")
    }
  }

  @Test func theShowOfARefusalIsTheOneToLookAt() {
    let full = RPCError.refusal(.waitIsHopeless, "No.", metadata: ["show": "8"])
    #expect(Advice(bookingId: "B", flags: " -x").failure(full).next == "usher seats 8 -x")
    #expect(Advice(showId: 7).failure(full).next == "usher seats 7")
  }

  @Test func showsOfATheatreThatIsToCloseAreListed() {
    let refused = RPCError.refusal(.showsToCome, "No.", metadata: ["shows": "2"])
    #expect(
      Advice(theatreId: 7, flags: " -x").failure(refused).next == "usher shows --theatre 7 -x")
    #expect(Advice().failure(refused).next == "usher shows --theatre THEATRE")
  }

  @Test func seatsThatThereAreNotAreLookedUpOnTheMap() {
    let error = RPCError.refusal(
      .invalidArgument, "INVALID_FIELDS", "No.", violations: [("seats", "is unknown")])
    #expect(Advice(showId: 7).failure(error).next == "usher seats 7")
    #expect(Advice().failure(error).hint == "--help tells what each value may be.")
  }

  @Test func whoseSessionIsOverHasNoKey() {
    let refused = RPCError.refusal(.credentialsInvalid, "No.")
    let customer = Advice(isCustomer: true).failure(refused)
    #expect(customer.next == "usher account refresh --refresh-file FILE")
    #expect(Advice(isCustomer: true).failure(.init(.unauthenticated, "")).next == customer.next)
    #expect(Advice().failure(refused).hint?.contains("does not know this key") == true)
  }

  @Test(arguments: [
    (["hold", "7", "A 1"], "usher hold 7 'A 1' --request-id ID"),
    (["--request-id", "X", "hold", "--request-id=Y", "7"], "usher hold 7 --request-id ID"),
    (["cancel", "B", "--", "--request-id"], "usher cancel B --request-id ID -- --request-id"),
    // A limit that was too short is not repeated.
    (["hold", "7", "--timeout", "2s", "--json"], "usher hold 7 --json --request-id ID"),
    (["--timeout=2s", "hold", "7"], "usher hold 7 --request-id ID"),
  ])
  func aCommandIsRepeatedAsItWasGiven(_ words: [String], _ repetition: String) {
    #expect(Repetition.command(["/bin/usher"] + words, "ID") == repetition)
  }

  @Test func whoHasAgreedIsNotAskedAgain() {
    #expect(
      Repetition.command(["usher", "cancel", "B", "--", "F1"], "ID", adding: ["--yes"])
        == "usher cancel B --yes --request-id ID -- F1")
  }

  @Test func whatHasNoRequestIdIsInDoubtWhenItsAnswerIsLost() {
    let doubt = "Whether it happened is not known: look before you repeat it."
    let late = Advice().failureOfAct(.deadlineExceeded)
    #expect(late.hint == doubt + " Give it more time with --timeout.")
    #expect(Advice().failureOfAct(.init(.unknown, "?")).hint == doubt)
    let certain: [RPCError] = [
      .refusal(.layoutChanged, "No."), .refusal(.overloaded, "No."),
      .refusal(.apiKeyNotFound, "No."),
      .init(.unavailable, "cannot connect to 127.0.0.1:1: refused"),
    ]
    for error in certain {
      #expect(Advice().failureOfAct(error).hint == Advice().failure(error).hint)
    }
  }

  @Test func whatWasNeverSentIsNotInDoubt() async throws {
    let session = try Self.session(timeout: .zero)
    let failure = await #expect(throws: Failure.self) {
      try await session.change(
        Usher.V1.HoldSeatsRequest(requestId: "R"),
        { (_, _) async throws(RPCError) in Issue.record("it was sent") },
        Advice(repetition: "usher again"))
    }
    #expect(failure?.exit == .deadline && failure?.requestId == nil && failure?.next == nil)
    await session.close()
  }

  /// Whatever the command is about: those that give no advice of their own, too.
  @Test func everyUncertainChangeSaysHowToRepeatIt() async throws {
    let session = try Self.session(timeout: nil)
    for code in [StatusCode.unavailable, .deadlineExceeded, .internal] {
      let failure = await #expect(throws: Failure.self) {
        try await session.change(
          Usher.V1.CreateOfferRequest(requestId: "R"),
          { (_, _) async throws(RPCError) in throw RPCError(code, "?") })
      }
      #expect(failure?.requestId == "R" && failure?.next?.hasSuffix(" --request-id R") == true)
    }
    await session.close()
  }

  @Test func ofABatchTheItemIsWhatIsToBeLookedAt() {
    let items = [Advice.Subject(showId: 7), .init(showId: 8), .init(bookingId: "B")]
    let lost = Self.refusal("SEATS_UNAVAILABLE", ofItem: "1")
    #expect(Advice(items: items).failure(lost).next == "usher seats 8")
    let gone = Self.refusal("BOOKING_STATE", ofItem: "2")
    #expect(Advice(items: items).failure(gone).next == "usher booking B")
    for item in ["3", "-1", "x"] {
      let other = Self.refusal("SEATS_UNAVAILABLE", ofItem: item)
      #expect(Advice(items: items).failure(other).next == "usher seats SHOW")
    }
  }

  private static func refusal(_ reason: String, ofItem item: String) -> RPCError {
    .refusal(.failedPrecondition, reason, "No.", metadata: ["item": item])
  }

  @Test func thinkingTakesNoneOfTheTime() async throws {
    let session = try Self.session(timeout: .seconds(30))
    let before = try #require(session.deadline)
    let after = try #require(session.withAllItsTime.deadline)
    #expect(after > before)
    await session.close()
  }

  @Test func everyCallRepeatsTheFlags() async throws {
    let session = try Self.session(timeout: nil)
    let failure = await #expect(throws: Failure.self) {
      try await session.act(
        7,
        { (_, _) async throws(RPCError) in
          throw RPCError.refusal(.partnerNotFound, "No.")
        })
    }
    #expect(failure?.next == "usher admin partners --server 127.0.0.1:1 --insecure")
    await session.close()
  }

  /// One that is never connected.
  private static func session(timeout: Duration?) throws -> Session {
    let sources = SettingSources(flags: [.server: "127.0.0.1:1", .insecure: "true"])
    return try Session(ConnectionSettings(sources), Presentation(), timeout: timeout)
  }

  @Test func refusalsByTheWaitingListAreSeatsLost() {
    for reason in [Reason.reservedForWaitlist, .waitIsHopeless] {
      #expect(Failure(.refusal(reason, "No.")).exit == .seatsLost)
    }
    #expect(Failure(.refusal(.waitEnded, "No.")).exit == .other)
    #expect(Failure(.refusal(.waitlistFull, "No.")).exit == .temporary)
  }
}
