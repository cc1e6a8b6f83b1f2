// `usher sandbox`: what one has set in a sandbox, and the switches that break one's own calls there.

import ArgumentParser
import UsherProtos

struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox",
    abstract: "Moves one's own clock in a sandbox and breaks one's own calls.",
    discussion: """
      Only on a sandbox, and only for the calls and the theatres of the key's own partner. Needs a key with \
      the scope 'manage'.

        usher sandbox advance 10m
        usher sandbox fault booking.ConfirmBooking --lose-answer --times 1
        usher sandbox fault --clear
      """,
    subcommands: [Show.self, Advance.self, SetFault.self], defaultSubcommand: Show.self)

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows what is set.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.read(.init(), session.sandbox.getSandbox)
        try session.output.print(answer, lines: SandboxText.lines(answer, session.output.style))
      }
    }
  }

  struct SetFault: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fault",
      abstract: "Sets a switch in place of those before, or clears them.",
      discussion: """
        The next calls that fit go wrong; their trailing metadata 'usher-fault' says so.

          usher sandbox fault booking.HoldSeats --refuse --code resource_exhausted --for 1m
          usher sandbox fault seatMap.WatchSeatMap --cut-after 3
          usher sandbox fault --delay 2s
        """)
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
    @Flag(help: "Clear all switches.") var clear = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      let kinds = [refuse, loseAnswer, delay != nil, cutAfter != nil].filter { $0 }.count
      guard clear else {
        guard kinds == 1 else {
          throw ValidationError("Give one of --refuse, --lose-answer, --delay and --cut-after.")
        }
        guard delay == nil || code == nil else {
          throw ValidationError("A call that is delayed has the status that it has.")
        }
        return
      }
      let isAlone =
        kinds == 0 && method == nil && code == nil && times == nil && lasts == nil
      guard isAlone else { throw ValidationError("--clear goes alone.") }
    }

    private var fault: Usher.V1.Fault {
      let kind: Usher.V1.FaultKind =
        refuse ? .refuse : loseAnswer ? .loseAnswer : delay != nil ? .delay : .cutStream
      return .init(
        method: method?.full ?? "", kind: kind, code: code?.code ?? .ok, delay: delay?.proto,
        afterMessages: cutAfter ?? 0, times: times ?? 0, lasts: lasts?.proto)
    }

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let faults = clear ? [] : [fault]
        let answer = try await session.act(.init(faults: faults), session.sandbox.setFaults)
        let next = "  next: usher sandbox" + session.settings.repeatedFlags
        try session.output.print(
          answer, lines: [clear ? "Nothing goes wrong by itself." : "Set.", next])
      }
    }
  }
}

/// A method's name, in full or short.
struct MethodName: ExpressibleByArgument {
  /// As in `usher.v1.BookingService/HoldSeats`.
  let full: String

  /// `booking.HoldSeats` is short for that.
  init?(argument: String) {
    let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
    if argument.contains("/") {
      full = argument
    } else if parts.count == 2, let first = parts[0].first, !parts[1].isEmpty {
      full = "usher.v1.\(first.uppercased())\(parts[0].dropFirst())Service/\(parts[1])"
    } else {
      return nil
    }
  }
}

/// A status code by its name, in any case.
struct CodeName: ExpressibleByArgument {
  let code: Google.Rpc.Code

  init?(argument: String) {
    let name = argument.uppercased().replacing("-", with: "_")
    let codes = (1...16).map { Google.Rpc.Code(rawValue: $0) }
    guard let code = codes.first(where: { $0.protoValueName == name }) else { return nil }
    self.code = code
  }
}

/// A span of time as people write it: 500ms, 30s, 10m, 2h, 3d.
struct Span: ExpressibleByArgument {
  let proto: Google.Protobuf.Duration

  private static let units: [(suffix: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  init?(argument: String) {
    guard let unit = Self.units.first(where: { argument.hasSuffix($0.suffix) }),
      let count = Int64(argument.dropLast(unit.suffix.count)), (1...1_000_000).contains(count)
    else { return nil }
    let milliseconds = count * unit.milliseconds
    proto = .init(seconds: milliseconds / 1_000, nanos: Int32(milliseconds % 1_000) * 1_000_000)
  }
}
