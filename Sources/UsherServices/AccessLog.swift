// One log line per call: what, by whom, how it ended, how long it took. Never what was said.

package import Logging
package import RPC

package final class AccessLog: ServerInterceptor {
  /// Of all lines.
  package static let level = Logger.Level.debug

  private let logger: Logger

  package init(_ logger: Logger) { self.logger = logger }

  package func callBeginsAtOnce(_ context: ServerContext) -> Bool { true }

  package func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration) {
    logger.log(
      level: Self.level, "call",
      metadata: [
        "method": "\(context.method.path)", "code": "\(code.name)", "peer": "\(context.peer)",
        "took": "\(duration)",
      ])
  }
}
