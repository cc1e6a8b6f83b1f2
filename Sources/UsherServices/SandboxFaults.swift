// What goes wrong in a sandbox because a partner wants it to. No node of a live database has this in its
// chain of interceptors.

import BookingStore
package import Logging
package import RPC
package import Reactor

/// Has each call of a partner meet the partner's fault switches. Stands behind whoever finds out who calls.
package final class SandboxFaults: ServerInterceptor {
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  package func callBeginsAtOnce(_ context: ServerContext) -> Bool { subject(context) == nil }

  package func callBegins(_ context: inout ServerContext) async throws(RPCError) {
    guard let partnerID = subject(context) else { return }
    let store = parts[context.loop].sandbox
    let (method, timeout) = (context.method, context.remaining)
    let met = try await failures.translating { () async throws(StoreError) in
      try await store.meetFault(
        ofPartner: partnerID, method: String(method.path.dropFirst()),
        isStream: method.kind == .serverStreaming || method.kind == .bidirectional,
        timeout: timeout)
    }
    if let met { try await apply(met, to: context) }
  }

  /// The partner whose switches count for a call; nil for nobody's.
  private func subject(_ context: ServerContext) -> Int64? {
    guard context.method.service != "usher.v1.SandboxService",
      let caller = context.caller as? KnownCaller, caller.account == nil
    else { return nil }
    return caller.partnerID
  }

  private func apply(_ fault: FaultSwitch, to context: ServerContext) async throws(RPCError) {
    context.addTrailer("usher-fault", fault.kind.name)
    let code = StatusCode(rawValue: Int(fault.code)) ?? .unavailable
    switch fault.kind {
    case .refuse: throw Self.trouble(code)
    case .delay:
      await Pause.take(fault.delay, on: context.loop)
      if Task.isCancelled { throw .cancelled }
    case .loseAnswer: context.breakOff(afterMessages: 0, RPCError(code, "the answer is lost"))
    case .cutStream:
      context.breakOff(afterMessages: Int(fault.messageCount), RPCError(code, "the stream is cut"))
    }
  }

  /// What the platform says when it is in trouble.
  private static func trouble(_ code: StatusCode) -> RPCError {
    switch code {
    case .resourceExhausted: .overloaded
    case .aborted: .contended
    case .internal: .hidden
    case .deadlineExceeded: .deadlineExceeded
    default: .databaseUnavailable
    }
  }
}

extension FaultKind {
  /// As it stands in metadata.
  fileprivate var name: String {
    switch self {
    case .refuse: "refuse"
    case .delay: "delay"
    case .loseAnswer: "lose_answer"
    case .cutStream: "cut_stream"
    }
  }
}

/// A wait on a loop that ends early when its task is cancelled. Confined to the loop.
private final class Pause {
  private var waiter: CheckedContinuation<Void, Never>?
  private var timer: LoopTimer?

  static func take(_ duration: Duration, on loop: EventLoop) async {
    let pause = LoopBound(Pause(), loop: loop)
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        if Task.isCancelled { return waiter.resume() }
        pause.value.waiter = waiter
        pause.value.timer = loop.schedule(after: duration) { pause.value.end() }
      }
    } onCancel: {
      loop.execute { pause.value.end() }
    }
  }

  private func end() {
    timer.take()?.cancel()
    waiter.take()?.resume()
  }
}
