// Interceptors: code that runs around every call, in one order, whatever the call's kind.

import Reactor

/// Runs before and after each call. An object: of whatever else a copy would be made for each call.
package protocol ServerInterceptor: AnyObject, Sendable {
  /// As `callBegins`, for an interceptor that has nothing to wait for: a call that never waits needs no
  /// task. False leaves the call to `callBegins`.
  func callBeginsAtOnce(_ context: ServerContext) throws(RPCError) -> Bool
  /// Before the handler, in the order of the chain. May change the context; an error ends the call
  /// and neither later interceptors nor the handler see it.
  func callBegins(_ context: inout ServerContext) async throws(RPCError)
  /// After the call's end, however it ended, in reverse order; only for calls that began here.
  func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration)
}

extension ServerInterceptor {
  package func callBeginsAtOnce(_ context: ServerContext) throws(RPCError) -> Bool { false }
  package func callBegins(_ context: inout ServerContext) async throws(RPCError) {}
  package func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration) {}
}
