// Which failed calls are repeated, and when: policy, throttling and the server's advice as tables.

import Testing

@testable import RPC

@Suite struct RetryTests {
  private static let policy = RetryPolicy(
    maxAttempts: 4, initialBackoff: .milliseconds(100), maxBackoff: .milliseconds(350),
    multiplier: 2, advisedCodes: [.aborted])

  // MARK: Pauses

  @Test(arguments: [(0, 100), (1, 200), (2, 350), (3, 350), (60, 350)])
  func pausesGrowUpToTheLongest(retries: Int, milliseconds: Int) {
    #expect(
      Self.policy.backoff(afterRetries: retries, chance: 0.5) == .milliseconds(milliseconds))
  }

  @Test func pausesSpreadByAFifth() {
    #expect(Self.policy.backoff(afterRetries: 0, chance: 0) == .milliseconds(80))
    let longest = Self.policy.backoff(afterRetries: 0, chance: 0.999_999)
    #expect(longest > .milliseconds(119) && longest < .milliseconds(120))
  }

  @Test(arguments: [(0, 1), (1, 1), (4, 4), (5, 5), (6, 5), (1_000, 5)])
  func noPolicyMakesMoreThanFiveAttempts(asked: Int, made: Int) {
    #expect(RetryPolicy(maxAttempts: asked).attempts == made)
  }

  // MARK: Throttling

  @Test func halfTheTokensEndRepetition() {
    var throttle = RetryThrottle(maxTokens: 4, tokenRatio: 0.5)
    throttle.noteFailure()
    #expect(throttle.allowsRetry && throttle.tokens == 3)
    throttle.noteFailure()
    #expect(!throttle.allowsRetry)
    throttle.noteSuccess()
    #expect(throttle.allowsRetry && throttle.tokens == 2.5)
    for _ in 0..<10 { throttle.noteFailure() }
    #expect(throttle.tokens == 0)
    for _ in 0..<100 { throttle.noteSuccess() }
    #expect(throttle.tokens == 4)
  }

  @Test func throttlingHasGRPCsBounds() {
    #expect(RetryThrottle(maxTokens: 0).tokens == 1)
    #expect(RetryThrottle(maxTokens: 5_000).tokens == 1_000)
    var throttle = RetryThrottle(maxTokens: 10, tokenRatio: 0.4669)
    throttle.noteFailure()
    throttle.noteSuccess()
    #expect(throttle.tokens == 9.466)
  }

  // MARK: Advice

  struct PushbackCase: Sendable {
    let values: [String]
    let pushback: RetryAdvice.Pushback
  }

  @Test(arguments: [
    PushbackCase(values: [], pushback: .none),
    PushbackCase(values: ["0"], pushback: .after(.zero)),
    PushbackCase(values: ["2147483647"], pushback: .after(.milliseconds(Int64(2_147_483_647)))),
    PushbackCase(values: ["2147483648"], pushback: .doNotRetry),
    PushbackCase(values: ["-1"], pushback: .doNotRetry),
    PushbackCase(values: [""], pushback: .doNotRetry),
    PushbackCase(values: ["1.5"], pushback: .doNotRetry),
    PushbackCase(values: ["10", "10"], pushback: .doNotRetry),
  ])
  func pushbackIsRead(_ given: PushbackCase) {
    var trailers = Metadata()
    for value in given.values { trailers.append("grpc-retry-pushback-ms", value) }
    let advice = RetryAdvice(RPCError(.unavailable, "", trailers: trailers))
    #expect(advice.pushback == given.pushback)
  }

  /// Status { details: [Any { type_url, value: RetryInfo { Duration } }] }, by hand.
  static func details(
    _ seconds: UInt8, _ nanos: [UInt8] = [],
    type: String = "type.googleapis.com/google.rpc.RetryInfo"
  ) -> [UInt8] {
    let duration = (seconds > 0 ? [0x08, seconds] : []) + (nanos.isEmpty ? [] : [0x10] + nanos)
    let info = [0x0a, UInt8(duration.count)] + duration
    let any =
      [0x0a, UInt8(type.utf8.count)] + Array(type.utf8) + [0x12, UInt8(info.count)] + info
    return [0x08, 14, 0x1a, UInt8(any.count)] + any
  }

  @Test func retryInfoIsReadFromTheDetails() {
    func read(_ details: [UInt8]) -> Duration? {
      RetryAdvice(RPCError(.unavailable, "", details: details)).retryInfo
    }
    #expect(read([]) == nil)
    #expect(read(Self.details(3)) == .seconds(3))
    #expect(read(Self.details(0, [0xc8, 1])) == .nanoseconds(200))
    #expect(read(Self.details(1, [0x80, 0x94, 0xeb, 0xdc, 3])) == nil)
    #expect(read(Self.details(3, type: "x/google.rpc.ErrorInfo")) == nil)
    #expect(read(Array(Self.details(3).dropLast())) == nil)
    #expect(read([0xff, 0xff, 7]) == nil)
  }

  // MARK: Decisions

  private func error(
    _ code: StatusCode = .unavailable, pushback: String? = nil, details: [UInt8] = []
  ) -> RPCError {
    var trailers = Metadata()
    if let pushback { trailers.append("grpc-retry-pushback-ms", pushback) }
    return RPCError(code, "no", details: details, trailers: trailers)
  }

  /// Decisions about a row of failures of one call.
  private func decisions(
    _ failures: [(RPCError, AttemptReach)], policy: RetryPolicy? = RetryTests.policy,
    remaining: Duration? = nil, tokens: Int = 100
  ) -> [RetryDecision] {
    var state = RetryState(policy: policy)
    var throttle = RetryThrottle(maxTokens: tokens)
    return failures.map {
      state.decide($0.0, $0.1, remaining: remaining, throttle: &throttle, chance: 0.5)
    }
  }

  @Test func aSafeCallIsRepeatedUntilItsAttemptsAreUsedUp() {
    let failures = [(error(), AttemptReach.processed)]
    #expect(
      decisions(failures + failures + failures + failures) == [
        .retry(after: .milliseconds(100)), .retry(after: .milliseconds(200)),
        .retry(after: .milliseconds(350)), .end,
      ])
  }

  @Test func aCallThatIsNotSafeIsRepeatedOnlyIfNoServerActed() {
    #expect(decisions([(error(), .processed)], policy: nil) == [.end])
    #expect(
      decisions([(error(), .unsent), (error(), .unsent)], policy: nil).allSatisfy {
        $0 == .transparent
      })
    #expect(
      decisions([(error(), .refused), (error(), .refused)], policy: nil) == [.transparent, .end])
  }

  @Test func aRefusalCountsOnlyFromTheSecondOn() {
    let refused = (error(), AttemptReach.refused)
    #expect(
      decisions([refused, refused]) == [.transparent, .retry(after: .milliseconds(100))])
  }

  @Test(arguments: StatusCode.allCases.filter { $0 != .ok && $0 != .unavailable })
  func otherCodesAreNotRepeated(code: StatusCode) {
    #expect(decisions([(error(code), .processed)]) == [.end])
  }

  @Test func anAdvisedCodeIsRepeatedWhenTheServerSaysWhen() {
    #expect(
      decisions([(error(.aborted, details: Self.details(2)), .processed)]) == [
        .retry(after: .seconds(2))
      ])
    #expect(
      decisions([(error(.aborted, pushback: "20"), .processed)]) == [
        .retry(after: .milliseconds(20))
      ])
    #expect(decisions([(error(.aborted, pushback: "-1"), .processed)]) == [.end])
  }

  @Test func pushbackReplacesThePauseAndBeginsTheRowAnew() {
    #expect(
      decisions([
        (error(), .processed), (error(pushback: "5"), .processed), (error(), .processed),
      ]) == [
        .retry(after: .milliseconds(100)), .retry(after: .milliseconds(5)),
        .retry(after: .milliseconds(100)),
      ])
    #expect(decisions([(error(pushback: "x"), .processed)]) == [.end])
  }

  @Test func retryInfoIsALowerBound() {
    #expect(
      decisions([(error(details: Self.details(1)), .processed)]) == [.retry(after: .seconds(1))])
    #expect(
      decisions([(error(details: Self.details(0, [1])), .processed)]) == [
        .retry(after: .milliseconds(100))
      ])
  }

  @Test func nothingIsRepeatedBeyondTheDeadlineOrAllPatience() {
    #expect(decisions([(error(), .processed)], remaining: .milliseconds(100)) == [.end])
    #expect(
      decisions([(error(), .processed)], remaining: .milliseconds(101)) == [
        .retry(after: .milliseconds(100))
      ])
    #expect(decisions([(error(pushback: "120001"), .processed)]) == [.end])
  }

  @Test func aServerInTroubleIsLeftAlone() {
    let failure = (error(), AttemptReach.processed)
    #expect(decisions([failure, failure], tokens: 2) == [.end, .end])
    #expect(decisions([failure, failure], tokens: 3) == [.retry(after: .milliseconds(100)), .end])
    // What no server has seen says nothing about the server.
    #expect(decisions([(error(), .unsent)], tokens: 1) == [.transparent])
  }

  @Test func pushbackAgainstRetryingTakesATokenWhateverTheCode() {
    var state = RetryState(policy: Self.policy)
    var throttle = RetryThrottle(maxTokens: 10)
    _ = state.decide(
      error(.notFound), .processed, remaining: nil, throttle: &throttle, chance: 0)
    #expect(throttle.tokens == 10)
    _ = state.decide(
      error(.notFound, pushback: "-1"), .processed, remaining: nil, throttle: &throttle, chance: 0)
    #expect(throttle.tokens == 9)
  }
}
