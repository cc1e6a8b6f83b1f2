// What is set in a sandbox, as people read it.

import ProtoWire
import UsherProtos

enum SandboxText {
  static func lines(_ sandbox: Usher.V1.GetSandboxResponse, _ style: Style) -> [String] {
    let clock =
      "The clock is ahead by \(span(sandbox.ahead ?? .init())): it is \(OperatorTables.time(sandbox.now))."
    guard !sandbox.faults.isEmpty else { return [clock, "Nothing goes wrong by itself."] }
    var table = Table(
      [
        .init(title: "METHOD", mayShrink: true), .init(title: "FAULT"), .init(title: "STATUS"),
        .init(title: "CALLS LEFT", toRight: true), .init(title: "TIME LEFT", toRight: true),
      ], style)
    for fault in sandbox.faults {
      table.add([
        fault.method.isEmpty ? "all" : fault.method, what(fault),
        fault.kind == .delay ? "-" : fault.code.protoValueName ?? "\(fault.code.rawValue)",
        fault.times == 0 ? "any" : "\(fault.times)", fault.lasts.map(span) ?? "any",
      ])
    }
    return [clock, ""] + table.lines(width: Console.width)
  }

  private static func what(_ fault: Usher.V1.Fault) -> String {
    switch fault.kind {
    case .refuse: "refused"
    case .delay: "later by \(fault.delay.map(span) ?? "0 s")"
    case .loseAnswer: "no answer"
    case .cutStream: "cut after \(fault.afterMessages)"
    default: "?"
    }
  }

  static func span(_ duration: Google.Protobuf.Duration) -> String {
    Clock.span(.seconds(duration.seconds) + .nanoseconds(Int64(duration.nanos)))
  }
}
