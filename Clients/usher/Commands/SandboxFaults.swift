// `usher sandbox fault`: the switches that break one's own calls in a sandbox.

import ArgumentParser
import UsherProtos

extension SandboxCommand {
  struct SetFault: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fault",
      abstract: "Sets switches in place of those before, or clears them.",
      discussion: """
        The next calls that fit go wrong; their trailing metadata 'usher-fault' says so. A call meets the \
        first switch that fits it and is not used up. --also takes another switch in the words of this \
        command; they stand behind the first one in their order.

          usher sandbox fault booking.HoldSeats --refuse --code resource_exhausted --for 1m
          usher sandbox fault seatMap.WatchSeatMap --cut-after 3
          usher sandbox fault --delay 2s
          usher sandbox fault booking.HoldSeats --refuse --times 1 \\
            --also 'booking.ConfirmBooking --lose-answer --times 2' --also '--delay 200ms'
        """)
    @OptionGroup var first: FaultSwitch
    // A switch may begin with a dash.
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("Another switch; repeatable.", valueName: "switch"),
      transform: FaultSwitch.init(words:))
    var also: [FaultSwitch] = []
    @Flag(help: "Clear all switches.") var clear = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard clear else { return try first.check() }
      guard first.isEmpty, also.isEmpty else { throw ValidationError("--clear goes alone.") }
    }

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let faults = clear ? [] : ([first] + also).map(\.fault)
        let answer = try await session.act(.init(faults: faults), session.sandbox.setFaults)
        let next = "  next: usher sandbox" + session.settings.repeatedFlags
        let done = faults.count == 1 ? "Set." : "\(faults.count) switches are set."
        try session.output.print(
          answer, lines: [clear ? "Nothing goes wrong by itself." : done, next])
      }
    }
  }
}

/// One switch: what goes wrong, of which calls, for how long.
struct FaultSwitch: ParsableArguments {
  @Argument(
    help: "Of which calls: booking.HoldSeats, or usher.v1.BookingService/HoldSeats. All without.")
  var method: MethodName?
  @Flag(help: "The call is not done.") var refuse = false
  @Flag(help: "The call is done, and its answer does not come.") var loseAnswer = false
  @Option(
    help: ArgumentHelp("The call begins so much later: 500ms, 2s, 1m.", valueName: "time"))
  var delay: Span?
  @Option(help: ArgumentHelp("The stream breaks after so many messages.", valueName: "number"))
  var cutAfter: Int32?
  @Option(help: "The status: unavailable when left away.") var code: CodeName?
  @Option(help: ArgumentHelp("For so many calls; all when left away.", valueName: "number"))
  var times: Int32?
  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("For so long: 30s, 10m, 1h.", valueName: "time"))
  var lasts: Span?

  private var kindCount: Int {
    [refuse, loseAnswer, delay != nil, cutAfter != nil].count { $0 }
  }

  /// Whether nothing was said of it.
  var isEmpty: Bool {
    kindCount == 0 && method == nil && code == nil && times == nil && lasts == nil
  }

  /// Throws unless it is a switch. `--clear` goes without one, so it is not checked by itself.
  func check() throws {
    guard kindCount == 1 else {
      throw ValidationError("Give one of --refuse, --lose-answer, --delay and --cut-after.")
    }
    guard delay == nil || code == nil else {
      throw ValidationError("A call that is delayed has the status that it has.")
    }
  }

  var fault: Usher.V1.Fault {
    let kind: Usher.V1.FaultKind =
      refuse ? .refuse : loseAnswer ? .loseAnswer : delay != nil ? .delay : .cutStream
    return .init(
      method: method?.full ?? "", kind: kind, code: code?.code ?? .ok, delay: delay?.proto,
      afterMessages: cutAfter ?? 0, times: times ?? 0, lasts: lasts?.proto)
  }
}

extension FaultSwitch {
  /// One in the words of the command.
  init(words: String) throws {
    do {
      self = try Self.parse(words.split(separator: " ").map(String.init))
      try check()
    } catch {
      throw ValidationError(Self.message(for: error))
    }
  }
}
