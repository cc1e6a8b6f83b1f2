// Asking again. A change carries a request id, so that asking again when its answer was lost does
// nothing twice.

import Foundation
import RPC
import Reactor

/// Pauses that double and differ a little from client to client.
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

extension Session {
  /// Makes a change, and makes it again under the same request id while its answer is lost and
  /// there is time.
  func change<R: Sendable>(
    _ advice: Advice, _ call: (CallOptions) async throws(RPCError) -> R
  ) async throws(Failure) -> R {
    Signals.setFarewell(advice.farewell)
    defer { Signals.setFarewell(nil) }
    var pauses = Pauses()
    for attempt in 1... {
      do throws(RPCError) {
        return try await call(try options())
      } catch {
        let details = ErrorDetails(error.details)
        let pause = pauses.take(atLeast: details.retryAfter)
        guard Self.mayAskAgain(error.code, details), attempt < Limits.changeAttempts,
          remaining.map({ $0 > pause }) ?? true
        else { throw advice.failure(error) }
        output.notice(
          "no answer (\(error.message)); asking again in \(Clock.span(pause)) under the same request id"
        )
        try? await Task.sleep(for: pause)
      }
    }
    throw advice.failure(.deadlineExceeded)
  }

  /// UNAVAILABLE may have lost the answer; ABORTED with a delay says that the first attempt still
  /// runs.
  private static func mayAskAgain(_ code: StatusCode, _ details: ErrorDetails) -> Bool {
    code == .unavailable || (code == .aborted && details.retryAfter != nil)
  }

  /// Reads something once.
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
