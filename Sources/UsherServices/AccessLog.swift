// One log line per call: what, by whom, how it ended, how long it took. Never what was said.

package import Logging
package import RPC

package final class AccessLog: ServerInterceptor {
  private let logger: Logger

  package init(_ logger: Logger) { self.logger = logger }

  package func callBeginsAtOnce(_ context: ServerContext) -> Bool { true }

  package func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration) {
    logger.debug(
      "call",
      metadata: [
        "method": "\(context.method.path)", "code": "\(code.name)", "peer": "\(context.peer)",
        "took": "\(duration)",
      ])
  }
}
