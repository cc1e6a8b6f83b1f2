// A client call between a caller and attempts that are made up.

import Reactor
import Testing

@testable import RPC

private final class Attempt: ClientStreamSink {
  var sent: [[UInt8]] = []
  var hasEnd = false
  var isCancelled = false
  /// As a stream's attachment does until the stream ends.
  var call: ClientStreamState?

  func sendMessage(_ envelope: [UInt8]) { sent.append(envelope) }
  func sendEnd() { hasEnd = true }
  func cancel() { isCancelled = true }
  func reopenWindow(_ byteCount: Int) {}
  var queuedByteCount: Int { 0 }
}

/// A call whose attempts are made here.
private final class Dialogue {
  let call: ClientStreamState
  let shared: RetryContext
  var attempts: [Attempt] = []
  var codes: [StatusCode] = []
  var repeats: [Duration] = []

  init(
    _ loop: EventLoop, isSafe: Bool = true, timeout: Duration? = nil,
    metadata: ResponseMetadata? = nil, pause: Duration = .milliseconds(1)
  ) {
    let method = MethodDescriptor(
      service: "test.Test", method: "Call", kind: .bidirectional, sideEffects: !isSafe)
    let policy = RetryPolicy(maxAttempts: 3, initialBackoff: pause, maxBackoff: pause)
    shared = RetryContext(policy: policy, throttle: RetryThrottle(), chance: { 0.5 })
    call = ClientStreamState(
      loop: loop,
      context: ClientContext(
        method, CallOptions(timeout: timeout, responseMetadata: metadata)), shared: shared)
    call.whenClosed { [unowned self] in codes.append($0) }
    call.whenRepeated { [unowned self] in repeats.append($1) }
  }

  func attempt() -> Attempt {
    let attempt = Attempt()
    attempts.append(attempt)
    call.attach(attempt)
    return attempt
  }

  /// The next attempt that the call asks for.
  func nextAttempt() async -> Attempt {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      call.requestAttempt = { _ in continuation.resume() }
    }
    return attempt()
  }
}

@Suite struct ClientStreamTests {
  private static let unavailable = RPCError(.unavailable, "away")

  private func onLoop(_ body: @escaping @Sendable (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in try await body(loop) }
    loop.stop()
  }

  @Test func requestsMadeBeforeAndDuringAnAttemptGoOutAgain() async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop)
      try dialogue.call.send([1])
      let first = dialogue.attempt()
      try dialogue.call.send([2])
      #expect(first.sent == [[1], [2]])
      dialogue.call.receiveStatus(Self.unavailable, trailers: Metadata())
      #expect(first.isCancelled)
      try dialogue.call.send([3])
      dialogue.call.endRequest()
      let second = await dialogue.nextAttempt()
      #expect(second.sent == [[1], [2], [3]])
      #expect(second.hasEnd)
      #expect(first.sent == [[1], [2]])
      #expect(dialogue.call.previousAttempts == 1)
      #expect(dialogue.repeats == [.milliseconds(1)])
      dialogue.call.receiveStatus(nil, trailers: Metadata())
      #expect(dialogue.codes == [.ok])
    }
  }

  @Test func headersCommitTheCall() async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop)
      let first = dialogue.attempt()
      dialogue.call.receiveHeaders(Metadata())
      dialogue.call.receiveStatus(Self.unavailable, trailers: Metadata())
      #expect(dialogue.codes == [.unavailable])
      #expect(!first.isCancelled)
      #expect(dialogue.repeats.isEmpty)
    }
  }

  /// Of failures after the response has begun, those count that would have been repeated before.
  @Test(arguments: [
    (StatusCode.unavailable, AttemptReach.processed, 99), (.unavailable, .refused, 100),
    (.notFound, .processed, 100),
  ])
  func committedCallsCountForThrottling(
    code: StatusCode, reach: AttemptReach, tokens: Double
  ) async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop)
      _ = dialogue.attempt()
      dialogue.call.receiveHeaders(Metadata())
      dialogue.call.attemptFailed(RPCError(code, "away"), reach)
      #expect(dialogue.codes == [code])
      #expect(dialogue.shared.throttle.tokens == tokens)
    }
  }

  @Test func aCallWithSideEffectsIsNotRepeated() async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop, isSafe: false)
      _ = dialogue.attempt()
      dialogue.call.attemptFailed(Self.unavailable, .processed)
      #expect(dialogue.codes == [.unavailable])
    }
  }

  @Test func aRefusedStreamIsRepeatedOnceAtOnceWhateverTheCall() async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop, isSafe: false)
      var requests = 0
      dialogue.call.requestAttempt = { _ in requests += 1 }
      try dialogue.call.send([1])
      _ = dialogue.attempt()
      dialogue.call.attemptFailed(Self.unavailable, .refused)
      #expect(requests == 1)
      #expect(dialogue.attempt().sent == [[1]])
      #expect(dialogue.call.previousAttempts == 0)
      dialogue.call.attemptFailed(Self.unavailable, .refused)
      #expect(requests == 1)
      #expect(dialogue.codes == [.unavailable])
    }
  }

  /// Longer requests than a call may keep make its attempt the last, but only once they are on it.
  @Test(arguments: [(200 << 10, true), (300 << 10, false)])
  func requestsOverTheReplayLimitCommitTheCall(byteCount: Int, isRepeated: Bool) async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop)
      let long = [UInt8](repeating: 1, count: byteCount)
      try dialogue.call.send(long)
      #expect(dialogue.attempt().sent == [long])
      dialogue.call.attemptFailed(Self.unavailable, .processed)
      #expect(dialogue.codes == (isRepeated ? [] : [.unavailable]))
      dialogue.call.abandon(.cancelled)
    }
  }

  @Test func theDeadlineEndsAPauseBetweenAttempts() async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop, timeout: .seconds(1))
      _ = dialogue.attempt()
      dialogue.call.attemptFailed(Self.unavailable, .processed)
      #expect(dialogue.repeats == [.milliseconds(1)])
      // No attempt comes: the deadline ends the wait and tells what it was for.
      let error = await #expect(throws: RPCError.self) { try await dialogue.call.nextMessage() }
      #expect(error?.code == .deadlineExceeded)
      #expect(error?.message.contains("away") == true)
    }
  }

  @Test func aCallGivenUpInAPauseTakesNoNewAttempt() async throws {
    try await onLoop { loop in
      let dialogue = Dialogue(loop)
      _ = dialogue.attempt()
      dialogue.call.attemptFailed(Self.unavailable, .processed)
      dialogue.call.abandon(.cancelled)
      #expect(dialogue.codes == [.cancelled])
      #expect(dialogue.attempt().isCancelled)
      #expect(throws: RPCError.cancelled) { try dialogue.call.send([1]) }
    }
  }

  /// Calls, attempts and what they keep alive form rings; each end of a call cuts them.
  @Test(arguments: ["status", "error", "reset", "abandoned", "waiting", "pausing"])
  func anEndedCallIsReleased(end: String) async throws {
    try await onLoop { loop in
      weak var left: ClientStreamState?
      weak var attempt: Attempt?
      do {
        let dialogue = Dialogue(loop, isSafe: end == "pausing")
        let call = dialogue.call
        left = call
        call.requestAttempt = { _ = $0 }
        try call.send([1])
        if end != "waiting" { attempt = dialogue.attempt() }
        attempt?.call = call
        switch end {
        case "status": call.receiveStatus(nil, trailers: Metadata())
        case "error": call.receiveStatus(Self.unavailable, trailers: Metadata())
        case "reset", "pausing": call.attemptFailed(Self.unavailable, .processed)
        default: break
        }
        call.abandon(.cancelled)
        #expect(dialogue.codes.count == 1)
      }
      #expect(left == nil)
      #expect(attempt == nil)
    }
  }

  @Test func metadataIsThereForThoseWhoAsk() async throws {
    try await onLoop { loop in
      let metadata = ResponseMetadata()
      let dialogue = Dialogue(loop, metadata: metadata)
      var initial = Metadata()
      initial.append("x-initial", "1")
      var trailing = Metadata()
      trailing.append("x-trailing", "2")
      _ = dialogue.attempt()
      dialogue.call.receiveHeaders(initial)
      #expect(metadata.initial == initial)
      dialogue.call.receiveStatus(RPCError(.notFound, "no"), trailers: trailing)
      #expect(metadata.trailing == trailing)
    }
  }

  @Test func manySuccessesPayForFewFailures() async throws {
    try await onLoop { loop in
      let shared = RetryContext(
        policy: RetryPolicy(), throttle: RetryThrottle(maxTokens: 2, tokenRatio: 1), chance: { 0 })
      let method = MethodDescriptor(
        service: "test.Test", method: "Call", kind: .unary, sideEffects: false)
      func call() -> ClientStreamState {
        let call = ClientStreamState(
          loop: loop, context: ClientContext(method, CallOptions()), shared: shared)
        return call
      }
      let failing = call()
      failing.attach(Attempt())
      failing.attemptFailed(Self.unavailable, .processed)
      #expect(failing.isClosed)
      let working = call()
      working.attach(Attempt())
      working.receiveStatus(nil, trailers: Metadata())
      #expect(shared.throttle.tokens == 2)
    }
  }
}
