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

/// How a call is made again: by the channel, or by the person.
enum Repetition {
  /// The command line as it was given, with this request id.
  static func command(_ arguments: [String], _ id: String) -> String {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    var words = ["usher"]
    var isValue = false
    for word in arguments[..<end].dropFirst() {
      let isOption = !isValue && word == "--request-id"
      if !isValue, !isOption, !word.hasPrefix("--request-id=") { words.append(word) }
      isValue = isOption
    }
    words += ["--request-id", id] + arguments[end...]
    return words.map(Shell.quote).joined(separator: " ")
  }

  // The policies of `Clients/service-config.json`, which stock clients use.

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
    let advice = complete(advice)
    var options = try options(advice)
    Signals.setFarewell(advice.farewell)
    defer { Signals.setFarewell(nil) }
    do throws(RPCError) {
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
    let advice = complete(advice)
    let options = try options(advice)
    do throws(RPCError) {
      return try await call(options)
    } catch {
      throw advice.failureOfAct(error)
    }
  }

  /// Reads something.
  func read<R: Sendable>(
    _ advice: Advice = Advice(), _ call: (CallOptions) async throws(RPCError) -> R
  ) async throws(Failure) -> R {
    let advice = complete(advice)
    let options = try options(advice)
    do throws(RPCError) {
      return try await call(options)
    } catch {
      throw advice.failure(error)
    }
  }

  /// Advice knows of this command's flags and token.
  private func complete(_ advice: Advice) -> Advice {
    var copy = advice
    copy.isCustomer = settings.token?.isCustomers ?? false
    copy.flags = settings.repeatedFlags
    if copy.repetition == nil {
      copy.repetition = advice.requestId.map { Repetition.command(CommandLine.arguments, $0) }
    }
    return copy
  }

  /// Options of a call that is to be sent now; throws when the time is up: then there is no doubt about
  /// what happened.
  private func options(_ advice: Advice) throws(Failure) -> CallOptions {
    do throws(RPCError) {
      return try options()
    } catch {
      var unsent = advice
      unsent.requestId = nil
      throw unsent.failure(error)
    }
  }
}
