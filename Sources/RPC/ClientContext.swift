// What interceptors and transports know of a client call before its first byte.

package import Reactor

/// The circumstances of one client call.
package struct ClientContext: Sendable {
  package let method: MethodDescriptor
  /// What the caller asked for; an interceptor may change it, its metadata above all.
  package var options: CallOptions
  /// When the caller stops waiting, whatever interceptors and attempts take; nil when it never does.
  package let deadline: LoopInstant?

  package init(_ method: MethodDescriptor, _ options: CallOptions, now: LoopInstant = .now) {
    self.method = method
    self.options = options
    deadline = options.timeout.map { now + $0 }
  }

  /// Time until the deadline, not below zero; nil without a deadline.
  package var remaining: Duration? { deadline.map { max(.zero, $0 - .now) } }

  /// Whether the call may be made twice: its method has no side effects, or its caller says that a
  /// second time does nothing, as with a request id.
  package var isSafe: Bool { !method.sideEffects || options.isSafe }
}

/// Runs around every client call of a channel, whatever its kind.
package protocol ClientInterceptor: Sendable {
  /// Before the call, in the order of the chain. May change the options; an error ends the call and
  /// neither later interceptors nor the server see it. Runs on the channel's loop.
  func callBegins(_ context: inout ClientContext) async throws(RPCError)
  /// An attempt has failed and is repeated after the pause. In the order of the chain.
  func callRepeats(_ context: ClientContext, _ error: RPCError, after pause: Duration)
  /// After the call's end, however it ended, in reverse order; only for calls that began here.
  func callEnded(_ context: ClientContext, _ code: StatusCode, took duration: Duration)
}

extension ClientInterceptor {
  package func callBegins(_ context: inout ClientContext) async throws(RPCError) {}
  package func callRepeats(
    _ context: ClientContext, _ error: RPCError, after pause: Duration
  ) {}
  package func callEnded(
    _ context: ClientContext, _ code: StatusCode, took duration: Duration
  ) {}
}
