// How long to leave a failing address alone (gRPC's "Connection Backoff Protocol"). Pure: the caller
// hands in the time and the chance.

package import Reactor

/// The numbers of the protocol.
package struct BackoffPolicy: Sendable {
  package var base = Duration.seconds(1)
  package var multiplier = 1.6
  package var max = Duration.seconds(120)
  package var jitter = 0.2
  /// A connection attempt gets at least this long, whatever the backoff is.
  package var minimumConnectTime = Duration.seconds(20)

  package init() {}
}

/// The attempts at one address. The pause runs from the start of an attempt, not from its failure:
/// an attempt that took longer than its pause is followed by the next one at once.
package struct Backoff: Sendable {
  private let policy: BackoffPolicy
  private var failureCount = 0
  /// The earliest start of the next attempt; nil before the first.
  package private(set) var nextStart: LoopInstant?

  package init(_ policy: BackoffPolicy) { self.policy = policy }

  /// Begins an attempt; `chance` from 0 up to 1 places the pause within the jitter. Returns when the
  /// attempt has failed for lack of an answer.
  package mutating func beginAttempt(now: LoopInstant, chance: Double) -> LoopInstant {
    var pause = Swift.min(policy.base, policy.max)
    for _ in 0..<failureCount where pause < policy.max {
      pause = Swift.min(pause * policy.multiplier, policy.max)
    }
    failureCount += 1
    let next = now + pause * (1 - policy.jitter + 2 * policy.jitter * chance)
    nextStart = next
    return Swift.max(next, now + policy.minimumConnectTime)
  }

  /// The address works: the next failure is the first again. The pause that began with the last
  /// attempt stands, so that a server that accepts and hangs up is not asked in a loop.
  package mutating func noteSuccess() { failureCount = 0 }

  /// The address has done some good since: nothing holds the next attempt back.
  package mutating func forgetPause() { nextStart = nil }

  /// Whether an attempt may begin.
  package func isOver(now: LoopInstant) -> Bool { nextStart.map { $0 <= now } ?? true }
}
