// Which failed calls are made again, how often and after what pause (gRFC A6). Pure: knows no clock
// and no chance; the caller hands in both.

/// When to repeat a call that is safe to repeat.
package struct RetryPolicy: Sendable {
  /// Attempts in all, the first included. At most 5 count, as in gRPC.
  package var maxAttempts: Int
  /// Pause before the first repetition, before jitter.
  package var initialBackoff: Duration
  /// Longest pause before jitter.
  package var maxBackoff: Duration
  /// Growth from one pause to the next.
  package var multiplier: Double
  /// Codes whose calls are repeated.
  package var retryableCodes: Set<StatusCode>
  /// Codes whose calls are repeated only if the status says when, by a RetryInfo detail or by
  /// pushback: such as ABORTED while an earlier attempt of the same request is still running.
  package var advisedCodes: Set<StatusCode>

  package init(
    maxAttempts: Int = 4, initialBackoff: Duration = .milliseconds(250),
    maxBackoff: Duration = .seconds(10), multiplier: Double = 2,
    retryableCodes: Set<StatusCode> = [.unavailable], advisedCodes: Set<StatusCode> = []
  ) {
    self.maxAttempts = maxAttempts
    self.initialBackoff = initialBackoff
    self.maxBackoff = maxBackoff
    self.multiplier = multiplier
    self.retryableCodes = retryableCodes
    self.advisedCodes = advisedCodes
  }

  /// Attempts that are really made.
  package var attempts: Int { min(max(1, maxAttempts), Limits.retryAttempts) }

  /// The pause after `retries` repetitions; `chance` from 0 up to 1 places it within ±20 %.
  package func backoff(afterRetries retries: Int, chance: Double) -> Duration {
    var pause = min(initialBackoff, maxBackoff)
    for _ in 0..<retries where pause < maxBackoff { pause = min(pause * multiplier, maxBackoff) }
    return pause * (1 - Limits.retryJitter + 2 * Limits.retryJitter * chance)
  }
}

/// Keeps a channel from repeating calls to a server that fails most of them (gRFC A6, "Throttling
/// Retry Attempts and Hedged RPCs").
///
/// Holds `maxTokens` at first; a failure takes one, a success gives back `tokenRatio`; with no more
/// than half of them nothing is repeated.
package struct RetryThrottle: Sendable {
  private let maxTokens: Double
  private let tokenRatio: Double
  /// What is left.
  package private(set) var tokens: Double

  /// `maxTokens` within 1…1,000; of `tokenRatio`, above 0, three decimals count.
  package init(maxTokens: Int = 100, tokenRatio: Double = 0.1) {
    self.maxTokens = Double(min(max(1, maxTokens), 1_000))
    self.tokenRatio = max(0.001, (tokenRatio * 1_000).rounded(.down) / 1_000)
    tokens = self.maxTokens
  }

  /// Whether a failed call may be repeated now.
  package var allowsRetry: Bool { tokens > maxTokens / 2 }

  package mutating func noteFailure() { tokens = max(0, tokens - 1) }

  package mutating func noteSuccess() { tokens = min(maxTokens, tokens + tokenRatio) }
}
