// Asking again: what the channel repeats, and how a person learns of it. A change carries a request
// id, so that asking again when its answer was lost does nothing twice.

import RPC
import UsherProtos

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
  /// The command line as it was given, with this request id and without a time limit, which is no part
  /// of the change.
  static func command(
    _ arguments: [String], _ id: String, adding flags: [String] = []
  ) -> String {
    let left = ["--request-id", "--timeout"]
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    var words = ["usher"]
    var isValue = false
    for word in arguments[..<end].dropFirst() {
      let isOption = !isValue && left.contains(word)
      let isBoth = left.contains { word.hasPrefix($0 + "=") }
      if !isValue, !isOption, !isBoth { words.append(word) }
      isValue = isOption
    }
    words += flags + ["--request-id", id] + arguments[end...]
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

/// How an answer is asked for: a method of a stub, such as `session.catalog.listCities`.
typealias Call<Request, Answer> = (Request, CallOptions) async throws(RPCError) -> Answer

extension Session {
  /// Makes a change; it is made again under its request id while its answer is lost and there is time.
  func change<Request: ChangeRequest, Answer: Sendable>(
    _ request: Request, _ call: Call<Request, Answer>, _ advice: Advice = Advice()
  ) async throws(Failure) -> Answer {
    let advice = complete(advice, under: request.requestId)
    Signals.setFarewell(advice.farewell)
    defer { Signals.setFarewell(nil) }
    return try await change(request, under: request.requestId, call, advice)
  }

  /// The same of a request whose parts have ids of their own, which follow from one. What to tell whoever
  /// interrupts is the caller's to say.
  func change<Request, Answer: Sendable>(
    _ request: Request, under id: String, _ call: Call<Request, Answer>, _ advice: Advice
  ) async throws(Failure) -> Answer {
    let advice = complete(advice, under: id)
    var options = try options(advice)
    do throws(RPCError) {
      options.isSafe = true
      options.retryPolicy = Repetition.changes
      return try await call(request, options)
    } catch {
      throw advice.failure(error)
    }
  }

  /// Does something that has no request id and so is done at most once.
  func act<Request, Answer: Sendable>(
    _ request: Request, _ call: Call<Request, Answer>, _ advice: Advice = Advice()
  ) async throws(Failure) -> Answer {
    let advice = complete(advice)
    let options = try options(advice)
    do throws(RPCError) {
      return try await call(request, options)
    } catch {
      throw advice.failureOfAct(error)
    }
  }

  /// Reads something.
  func read<Request, Answer: Sendable>(
    _ request: Request, _ call: Call<Request, Answer>, _ advice: Advice = Advice()
  ) async throws(Failure) -> Answer {
    let advice = complete(advice)
    let options = try options(advice)
    do throws(RPCError) {
      return try await call(request, options)
    } catch {
      throw advice.failure(error)
    }
  }

  /// Advice knows of this command's flags and token.
  private func complete(_ advice: Advice) -> Advice {
    var copy = advice
    copy.isCustomer = settings.token?.isCustomers ?? false
    copy.flags = settings.repeatedFlags
    return copy
  }

  private func complete(_ advice: Advice, under id: String) -> Advice {
    var copy = complete(advice)
    copy.requestId = id
    copy.repetition = advice.repetition ?? Repetition.command(CommandLine.arguments, id)
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

// MARK: What has a request id

/// A change that its server makes once for each request id.
protocol ChangeRequest: Sendable {
  var requestId: String { get }
}

extension Usher.V1.AddCommentRequest: ChangeRequest {}
extension Usher.V1.AdvanceClockRequest: ChangeRequest {}
extension Usher.V1.BlockSeatsRequest: ChangeRequest {}
extension Usher.V1.CancelBookingRequest: ChangeRequest {}
extension Usher.V1.ConfirmBookingRequest: ChangeRequest {}
extension Usher.V1.CreateAddOnRequest: ChangeRequest {}
extension Usher.V1.CreateAllocationRequest: ChangeRequest {}
extension Usher.V1.CreateOfferRequest: ChangeRequest {}
extension Usher.V1.EndAddOnRequest: ChangeRequest {}
extension Usher.V1.EndAllocationRequest: ChangeRequest {}
extension Usher.V1.EndOfferRequest: ChangeRequest {}
extension Usher.V1.ExchangeBookingRequest: ChangeRequest {}
extension Usher.V1.ExtendHoldRequest: ChangeRequest {}
extension Usher.V1.FenceRequestRequest: ChangeRequest {}
extension Usher.V1.HoldSeatsRequest: ChangeRequest {}
extension Usher.V1.LeaveWaitlistRequest: ChangeRequest {}
extension Usher.V1.ReleaseHoldRequest: ChangeRequest {}
extension Usher.V1.SetAddOnsRequest: ChangeRequest {}
extension Usher.V1.SetPricesRequest: ChangeRequest {}
extension Usher.V1.UnblockSeatsRequest: ChangeRequest {}
extension Usher.V1.UpdateAddOnRequest: ChangeRequest {}
extension Usher.V1.UpdateOfferRequest: ChangeRequest {}
