// Whether a client pings too often (gRPC A8).

import Reactor

/// Counts strikes: pings that come faster than allowed. Sending HEADERS or DATA forgives them.
struct PingPolicy {
  private let limits: ConnectionLimits
  private var last: LoopInstant?
  private var strikeCount = 0

  init(_ limits: ConnectionLimits) { self.limits = limits }

  /// Notes a ping; false when the client has gone too far.
  mutating func notePing(now: LoopInstant, hasStreams: Bool) -> Bool {
    defer { last = now }
    guard let last else { return true }
    let allowed = hasStreams ? limits.pingIntervalWithStreams : limits.pingIntervalWithoutStreams
    if now - last < allowed { strikeCount += 1 }
    return strikeCount <= limits.pingStrikes
  }

  mutating func noteSending() {
    strikeCount = 0
    last = nil
  }
}
