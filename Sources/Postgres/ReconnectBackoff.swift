// How long a pool waits before it asks an absent server again. Knows no clock and no chance.

/// Exponential backoff between attempts to connect.
package enum ReconnectBackoff {
  /// ± 25 %: nodes that lost a server together do not return together.
  package static let jitter = 0.75...1.25
  /// With the time to connect, a pool is back within a second of its server.
  static let longest = Duration.milliseconds(400)

  /// 25 ms, doubling with each failure in a row; `count` is at least 1. `jitter` scales the result.
  package static func delay(afterFailures count: Int, jitter: Double) -> Duration {
    min(.milliseconds(25 << min(count - 1, 4)), longest) * jitter
  }
}
