// A stream that broke is asked for again: how often, and after which pause.

import RPC

/// How one stream ended for the command that read it.
enum StreamOutcome {
  /// As was asked for.
  case done
  /// By the server or the connection.
  case broken(RPCError)
  /// By a failure of our own.
  case failed(Failure)
}

/// The reconnections of one command. Every event begins the count anew.
struct Reconnections {
  private var failureCount = 0
  private var pauses = Pauses()

  mutating func noteEvent() { (failureCount, pauses) = (0, Pauses()) }

  /// The pause before the next attempt; throws what ended the stream when there is to be none.
  mutating func pause(
    after error: RPCError, _ session: Session, _ advice: Advice
  ) throws(Failure) -> Duration {
    guard Self.mayResume(error.code), failureCount < Limits.reconnections else {
      throw advice.failure(error)
    }
    failureCount += 1
    let pause = pauses.take(atLeast: ErrorDetails(error.details).retryAfter)
    if let remaining = session.remaining, remaining <= pause {
      throw advice.failure(.deadlineExceeded)
    }
    return pause
  }

  private static func mayResume(_ code: StatusCode) -> Bool {
    switch code {
    case .unavailable, .aborted, .resourceExhausted: true
    default: false
    }
  }
}
