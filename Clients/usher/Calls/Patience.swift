// Whoever calls too often waits as long as the server says, and goes on.

/// The pauses of a command before one answer.
struct Patience {
  private(set) var pauseCount = 0

  /// Waits as told after a call that was one too many. Throws every other failure, and this one when it has
  /// come too often, or when there is not so much time.
  mutating func wait(after failure: Failure, _ session: Session) async throws(Failure) {
    guard failure.reason == "RATE_LIMITED", let pause = failure.retryAfter,
      pauseCount < Limits.pausesInARow, session.remaining.map({ $0 > pause }) ?? true
    else { throw failure }
    pauseCount += 1
    session.output.notice("too many calls; going on in \(Clock.span(pause))")
    try? await Task.sleep(for: pause)
  }
}
