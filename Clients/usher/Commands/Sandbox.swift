// `usher sandbox`: what one has set in a sandbox, and how its switches are written.

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
