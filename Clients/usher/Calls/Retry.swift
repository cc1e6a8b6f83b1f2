// Asking again: what the channel repeats, and how a person learns of it. A change carries a request
// id, so that asking again when its answer was lost does nothing twice.

import RPC

/// Pauses between reconnections of a watch, which double and differ a little from client to client.
struct Pauses {
  private var next = Limits.firstPause

  /// The next pause, no shorter than what the server asked for.
  mutating func take(atLeast asked: Duration? = nil) -> Duration {
    let jitter = Double.random(in: 1 - Limits.pauseJitter...1 + Limits.pauseJitter)
    let pause = max(next * jitter, asked ?? .zero)
    next = min(next * 2, Limits.longestPause)
    return pause
  }
}

/// The policies of `Clients/service-config.json`, which stock clients use.
enum Repetition {
  /// A read is quick to say that nobody is there.
  static let reads = RetryPolicy(
    maxAttempts: 3, initialBackoff: .milliseconds(200), maxBackoff: .seconds(1), multiplier: 2)
  /// A change waits for its answer through a restart of the server. ABORTED with a delay says that
  /// the first attempt still runs.
  static let changes = RetryPolicy(
    maxAttempts: 5, initialBackoff: .milliseconds(250), maxBackoff: .seconds(10), multiplier: 3,
    advisedCodes: [.aborted])
}

/// Tells the person of each repetition of a change.
struct RepetitionNotice: ClientInterceptor {
  let output: Output

  func callRepeats(_ context: ClientContext, _ error: RPCError, after pause: Duration) {
    guard context.options.isSafe else { return }
    output.notice(
      "no answer (\(error.message)); asking again in \(Clock.span(pause)) under the same request id"
    )
  }
}

extension Session {
  /// Makes a change under a request id; it is made again while its answer is lost and there is time.
  func change<R: Sendable>(
    _ advice: Advice, _ call: (CallOptions) async throws(RPCError) -> R
  ) async throws(Failure) -> R {
    Signals.setFarewell(advice.farewell)
    defer { Signals.setFarewell(nil) }
    do throws(RPCError) {
      var options = try options()
      options.isSafe = true
      options.retryPolicy = Repetition.changes
      return try await call(options)
    } catch {
      throw advice.failure(error)
    }
  }

  /// Does something that has no request id and so is done at most once.
  func act<R: Sendable>(
    _ advice: Advice = Advice(), _ call: (CallOptions) async throws(RPCError) -> R
  ) async throws(Failure) -> R {
    try await read(advice, call)
  }

  /// Reads something.
  func read<R: Sendable>(
    _ advice: Advice = Advice(), _ call: (CallOptions) async throws(RPCError) -> R
  ) async throws(Failure) -> R {
    do throws(RPCError) {
      return try await call(try options())
    } catch {
      throw advice.failure(error)
    }
  }
}
