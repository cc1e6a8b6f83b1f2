// How often one call has been tried, and whether it is tried again. Pure: knows no clock, no timers.

/// How far a failed attempt got.
package enum AttemptReach: Sendable {
  /// Its headers never left this process: repeating it is always safe.
  case unsent
  /// The server says that it did nothing: REFUSED_STREAM, or a GOAWAY that leaves the stream out.
  case refused
  /// The server may have acted on it.
  case processed
}

/// What becomes of a call whose attempt has failed.
package enum RetryDecision: Equatable, Sendable {
  /// The failure is the call's outcome.
  case end
  /// Another attempt at once, which is nobody's fault and does not count.
  case transparent
  /// Another attempt after a pause.
  case retry(after: Duration)
}

/// The attempts of one call.
package struct RetryState: Sendable {
  /// Nil for a call that is not safe to repeat: only transparent repetition is left to it.
  private let policy: RetryPolicy?
  /// Attempts that have failed and were repeated by policy: `grpc-previous-rpc-attempts`.
  package private(set) var previousAttempts = 0
  private var retriesSincePushback = 0
  private var wasRefused = false

  package init(policy: RetryPolicy?) { self.policy = policy }

  /// Decides about an attempt that failed. A committed call is never repeated, but its failure tells
  /// as much about the server as any other. `remaining` is the time until the deadline.
  package mutating func decide(
    _ error: RPCError, _ reach: AttemptReach, isCommitted: Bool = false, remaining: Duration?,
    throttle: inout RetryThrottle, chance: Double
  ) -> RetryDecision {
    switch reach {
    case .unsent: return isCommitted ? .end : .transparent
    case .refused where !wasRefused:
      wasRefused = true
      return isCommitted ? .end : .transparent
    case .refused, .processed: break
    }
    let advice = RetryAdvice(error)
    guard let policy, isRepeated(error.code, advice, policy, &throttle), !isCommitted,
      previousAttempts + 1 < policy.attempts, throttle.allowsRetry
    else { return .end }
    let pause = pause(advice, policy, chance)
    // A longer wait belongs to the caller, who can say so to a person.
    guard pause <= Limits.retryPause, remaining.map({ pause < $0 }) ?? true else { return .end }
    count(advice)
    return .retry(after: pause)
  }

  /// Counts the failure against the throttle when the code, or the server's pushback, says that the
  /// server is in trouble.
  private func isRepeated(
    _ code: StatusCode, _ advice: RetryAdvice, _ policy: RetryPolicy,
    _ throttle: inout RetryThrottle
  ) -> Bool {
    let isRetryable =
      policy.retryableCodes.contains(code)
      || (policy.advisedCodes.contains(code) && advice.delay != nil)
    let isForbidden = advice.pushback == .doNotRetry
    if isRetryable || isForbidden { throttle.noteFailure() }
    return isRetryable && !isForbidden
  }

  /// Pushback is obeyed to the letter; a RetryInfo is a lower bound.
  private func pause(_ advice: RetryAdvice, _ policy: RetryPolicy, _ chance: Double) -> Duration {
    if case .after(let delay) = advice.pushback { return delay }
    let backoff = policy.backoff(afterRetries: retriesSincePushback, chance: chance)
    return max(backoff, advice.retryInfo ?? .zero)
  }

  private mutating func count(_ advice: RetryAdvice) {
    previousAttempts += 1
    if case .after = advice.pushback {
      retriesSincePushback = 0
    } else {
      retriesSincePushback += 1
    }
  }
}
