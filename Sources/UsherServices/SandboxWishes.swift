// What partners wish for in a sandbox, checked field by field; and what they are told of it, as messages.

import BookingStore
import RPC
import Reactor
import UsherProtos

/// The checks.
enum SandboxWishes {
  /// Methods that can go wrong, as in `usher.v1.BookingService/HoldSeats`.
  private static let methods: Set<String> = {
    let ownService = Usher.V1.SandboxServiceMethods.setFaults.service
    return Set(
      DescriptorIndex(ProtoDescriptors.files).methods.compactMap { name in
        guard let dot = name.lastIndex(of: "."), name[..<dot] != ownService else { return nil }
        return "\(name[..<dot])/\(name[name.index(after: dot)...])"
      })
  }()

  /// Throws INVALID_ARGUMENT with every field that is wrong.
  static func faults(_ request: Usher.V1.SetFaultsRequest) throws(RPCError) -> [FaultSwitch] {
    var violations = FieldViolations()
    violations.require(
      request.faults.count <= Limits.faultSwitches, "faults",
      "must be at most \(Limits.faultSwitches)")
    var faults: [FaultSwitch] = []
    for (index, fault) in request.faults.prefix(Limits.faultSwitches).enumerated() {
      if let fault = self.fault(fault, "faults[\(index)]", &violations) { faults.append(fault) }
    }
    try violations.check()
    return faults
  }

  /// By how much time shall pass; nil when something is wrong with it, which is added.
  static func step(
    _ span: Google.Protobuf.Duration?, _ violations: inout FieldViolations
  ) -> Duration? {
    let step = span.map { OperatorWishes.span($0) }
    let isGood = step.map { (.microseconds(1)...Limits.clockStep).contains($0) } ?? false
    violations.require(
      isGood, "by", "must be a microsecond to \(Limits.clockStep.components.seconds / 86_400) days")
    return isGood ? step : nil
  }

  /// Nil when something is wrong with a switch, which is added.
  private static func fault(
    _ fault: Usher.V1.Fault, _ field: String, _ violations: inout FieldViolations
  ) -> FaultSwitch? {
    violations.require(
      fault.method.isEmpty || methods.contains(fault.method), "\(field).method",
      "must be a method as usher.v1.BookingService/HoldSeats, not of the sandbox, or empty for all")
    violations.require(
      (0...Limits.faultCount).contains(fault.times), "\(field).times",
      "must be 0 to \(Limits.faultCount)")
    let lasts = span(fault.lasts, upTo: Limits.faultLifetime, "\(field).lasts", &violations)
    let delay = span(fault.delay, upTo: Limits.faultDelay, "\(field).delay", &violations)
    guard let kind = Int16(exactly: fault.kind.rawValue).flatMap(FaultKind.init(rawValue:)) else {
      violations.add("\(field).kind", "must be one of REFUSE, DELAY, LOSE_ANSWER and CUT_STREAM")
      return nil
    }
    violations.require(
      (delay != nil) == (kind == .delay), "\(field).delay",
      "must be given for a delay, and only then")
    let counts = kind == .cutStream ? 1...Limits.faultCount : 0...0
    violations.require(
      counts.contains(fault.afterMessages), "\(field).after_messages",
      "must be 1 to \(Limits.faultCount) to cut a stream, and 0 otherwise")
    let code = code(fault, kind, "\(field).code", &violations)
    return FaultSwitch(
      method: fault.method, kind: kind, code: code, delay: delay ?? .zero,
      messageCount: fault.afterMessages, timesLeft: fault.times == 0 ? nil : fault.times,
      timeLeft: lasts)
  }

  private static func code(
    _ fault: Usher.V1.Fault, _ kind: FaultKind, _ field: String,
    _ violations: inout FieldViolations
  ) -> Int32 {
    guard kind != .delay else {
      violations.require(fault.code == .ok, field, "must be OK for a delay")
      return 0
    }
    guard fault.code != .ok else { return Int32(StatusCode.unavailable.rawValue) }
    let isGood = StatusCode(rawValue: Int(fault.code.rawValue)).map { kind.codes.contains($0) }
    violations.require(
      isGood == true, field, "must be one of \(kind.codes.map(\.name).joined(separator: ", "))")
    return fault.code.rawValue
  }

  /// A positive span in whole milliseconds; nil for none.
  private static func span(
    _ span: Google.Protobuf.Duration?, upTo limit: Duration, _ field: String,
    _ violations: inout FieldViolations
  ) -> Duration? {
    guard let span else { return nil }
    let wanted = OperatorWishes.span(span)
    violations.require(
      (.milliseconds(1)...limit).contains(wanted), field,
      "must be 1 ms to \(limit.components.seconds) s")
    return wanted
  }
}

extension FaultKind {
  /// The statuses that a call may end with.
  var codes: [StatusCode] {
    switch self {
    case .refuse: [.unavailable, .deadlineExceeded, .resourceExhausted, .internal, .aborted]
    // Those that say that nothing was done would lie.
    case .loseAnswer, .cutStream: [.unavailable, .deadlineExceeded, .internal]
    case .delay: []
    }
  }
}

extension Usher.V1.Fault {
  init(_ fault: FaultSwitch) {
    self.init(
      method: fault.method, kind: .init(rawValue: Int32(fault.kind.rawValue)),
      code: .init(rawValue: fault.code),
      delay: fault.kind == .delay ? .init(fault.delay) : nil, afterMessages: fault.messageCount,
      times: fault.timesLeft ?? 0, lasts: fault.timeLeft.map { .init($0) })
  }
}

extension Google.Protobuf.Duration {
  /// To the nanosecond.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
  }
}
