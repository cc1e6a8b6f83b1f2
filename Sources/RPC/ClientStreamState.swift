// One call on the client between its attempts and its caller. Confined to the channel's loop; does
// no I/O: an attempt is behind `ClientStreamSink`, and the channel makes the next one on request.

package import Reactor

/// What a client call asks of the transport of its present attempt. All calls happen on the loop.
package protocol ClientStreamSink: InboundWindow {
  /// Queues one message in its envelope.
  func sendMessage(_ envelope: [UInt8])
  /// Ends the request.
  func sendEnd()
  /// Resets the stream with CANCEL, if it is open; the attempt reports nothing from here on.
  func cancel()
  /// Bytes queued and not yet given to the connection.
  var queuedByteCount: Int { get }
}

/// What the calls of one channel share about repetition. Confined to the channel's loop.
package final class RetryContext {
  /// Nil repeats only what no server has seen.
  package let policy: RetryPolicy?
  var throttle: RetryThrottle
  let chance: () -> Double

  /// `chance` gives numbers from 0 up to 1.
  package init(policy: RetryPolicy?, throttle: RetryThrottle, chance: @escaping () -> Double) {
    self.policy = policy
    self.throttle = throttle
    self.chance = chance
  }
}

/// The state of one client call.
///
/// States: `waiting` (no attempt: for a connection, or out of a pause) → `attempting` (may fail and
/// go back to `waiting`) → `committed` (the response has begun, or the requests are too long to be
/// kept) → `closed` with the call's status, whoever ends it: the server, a reset, the deadline, the
/// caller or the channel. Every state may become `closed`.
package final class ClientStreamState: InboundReader {
  private enum State {
    case waiting
    case attempting
    case committed
    case closed
  }

  package let loop: EventLoop
  package let context: ClientContext
  var inbound: InboundMessages
  let gate = OutboundGate()
  private var state = State.waiting
  private var hasEndedRequest = false
  /// A ring with its attempt, cut when either ends: a weak reference would cost every other.
  private var sink: (any ClientStreamSink)?
  private var replay = ReplayBuffer()
  private var retry: RetryState
  private let shared: RetryContext
  private var deadlineTimer: LoopTimer?
  private var pauseTimer: LoopTimer?
  private var onRepeat: [(RPCError, Duration) -> Void] = []
  private var onClose: [(StatusCode) -> Void] = []
  private var closedWith: StatusCode?
  /// Asks the channel for the next attempt, which comes by `attach` or as a failure.
  package var requestAttempt: (ClientStreamState) -> Void = { _ in }
  /// Why there is no attempt, for the message of a deadline that passes meanwhile.
  package var waitsBecause: String?
  /// Initial metadata of the response, once it has arrived.
  package private(set) var initialMetadata = Metadata()
  /// Trailing metadata of the response, once it has arrived.
  package private(set) var trailers = Metadata()

  package init(
    loop: EventLoop, context: ClientContext, shared: RetryContext,
    receiveLimitBytes: Int = Limits.messageBytes
  ) {
    self.loop = loop
    self.context = context
    self.shared = shared
    retry = RetryState(
      policy: context.isSafe ? context.options.retryPolicy ?? shared.policy : nil)
    inbound = InboundMessages(limitBytes: receiveLimitBytes)
    guard let deadline = context.deadline else { return }
    deadlineTimer = loop.schedule(at: deadline) { [weak self] in self?.deadlinePassed() }
  }

  package var isClosed: Bool { state == .closed }

  /// Attempts repeated by policy before the present one: `grpc-previous-rpc-attempts`.
  package var previousAttempts: Int { retry.previousAttempts }

  private func deadlinePassed() {
    guard state == .waiting, let waitsBecause else { return abandon(.deadlineExceeded) }
    abandon(RPCError(.deadlineExceeded, "\(RPCError.deadlineExceeded.message): \(waitsBecause)"))
  }

  // MARK: Observers

  /// Calls back once with the final status; at once when the call is closed already. Observers are
  /// told in reverse order.
  package func whenClosed(_ body: @escaping (StatusCode) -> Void) {
    if let closedWith { return body(closedWith) }
    onClose.append(body)
  }

  /// Calls back whenever a failed attempt is repeated by policy.
  func whenRepeated(_ body: @escaping (RPCError, Duration) -> Void) { onRepeat.append(body) }

  // MARK: From the channel

  /// Starts an attempt on a stream: everything sent so far goes out on it.
  package func attach(_ sink: any ClientStreamSink) {
    guard state == .waiting else { return sink.cancel() }
    self.sink = sink
    state = .attempting
    waitsBecause = nil
    replay.replay(into: sink)
    if hasEndedRequest { sink.sendEnd() }
    if replay.isOverfull { commit() }
    gate.noteDrained()
  }

  // MARK: From the present attempt

  package func receiveHeaders(_ metadata: Metadata) {
    guard state != .closed else { return }
    commit()
    initialMetadata = metadata
    context.options.responseMetadata?.setInitial(metadata)
    switch metadata["grpc-encoding"] {
    case nil, "identity": break
    case "gzip": inbound.expectGzip()
    default: abandon(RPCError(.internal, "the server uses an unknown message encoding"))
    }
  }

  package func receive(_ bytes: UnsafeRawBufferPointer) {
    guard state != .closed else { return }
    do {
      try inbound.receive(bytes)
      reopenWindow()
    } catch {
      abandon(error)
    }
  }

  /// The attempt's status has arrived; nil is OK.
  package func receiveStatus(_ error: RPCError?, trailers: Metadata) {
    guard state != .closed else { return }
    if let error {
      guard !repeats(error, .processed) else { return }
      self.trailers = trailers
      inbound.finish(error)
      return close(error.code) { gate.fail(error) }
    }
    shared.throttle.noteSuccess()
    self.trailers = trailers
    do {
      try inbound.finish()
      close(.ok) { gate.fail(RPCError(.internal, "the server has ended the call")) }
    } catch {
      fail(error)
    }
  }

  /// The attempt ended without a status, or could not begin.
  package func attemptFailed(_ error: RPCError, _ reach: AttemptReach) {
    guard state != .closed, !repeats(error, reach) else { return }
    fail(error)
  }

  package func noteDrained() { gate.noteDrained() }

  // MARK: Repetition

  /// The response has begun, or the requests no longer fit: what happens now is the outcome.
  private func commit() {
    guard state == .attempting else { return }
    state = .committed
    replay.drop()
  }

  private func repeats(_ error: RPCError, _ reach: AttemptReach) -> Bool {
    let decision = retry.decide(
      error, reach, isCommitted: state == .committed, remaining: context.remaining,
      throttle: &shared.throttle, chance: shared.chance())
    switch decision {
    case .end: return false
    case .transparent:
      leaveAttempt()
      requestAttempt(self)
    case .retry(let pause):
      leaveAttempt()
      waitsBecause = error.description
      for observer in onRepeat { observer(error, pause) }
      pauseTimer = loop.schedule(after: pause) { [weak self] in
        guard let self else { return }
        requestAttempt(self)
      }
    }
    return true
  }

  private func leaveAttempt() {
    sink?.cancel()
    sink = nil
    state = .waiting
  }

  // MARK: From the caller

  var inboundWindow: (any InboundWindow)? { sink }

  var queuedByteCount: Int { sink?.queuedByteCount ?? replay.byteCount }

  func send(_ envelope: [UInt8], compress: Bool = true) throws(RPCError) {
    if let failure = gate.failure { throw failure }
    precondition(!hasEndedRequest, "message after the end of the request")
    let packed =
      compress && context.options.compressesRequests ? Gzip.envelope(envelope) : envelope
    if state != .committed { replay.append(packed) }
    sink?.sendMessage(packed)
    if replay.isOverfull { commit() }
  }

  /// Sends the only request, in its envelope, of a call that has no stub.
  package func sendOnly(_ envelope: [UInt8]) throws(RPCError) {
    try send(envelope)
    endRequest()
  }

  /// The next response of a call that has no stub; nil after the last.
  package func nextMessage() async throws(RPCError) -> [UInt8]? { try await receiveNext() }

  func endRequest() {
    guard state != .closed, !hasEndedRequest else { return }
    hasEndedRequest = true
    sink?.sendEnd()
  }

  /// Gives the call up: resets the stream and fails both halves.
  package func abandon(_ error: RPCError) {
    guard state != .closed else { return }
    sink?.cancel()
    fail(error)
  }

  private func fail(_ error: RPCError) {
    inbound.abandon(error)
    close(error.code) { gate.fail(error) }
  }

  private func close(_ code: StatusCode, _ release: () -> Void) {
    guard state != .closed else { return }
    state = .closed
    closedWith = code
    deadlineTimer?.cancel()
    pauseTimer?.cancel()
    (deadlineTimer, pauseTimer, requestAttempt, sink) = (nil, nil, { _ in }, nil)
    replay.drop()
    context.options.responseMetadata?.setTrailing(trailers)
    release()
    let observers = onClose
    (onClose, onRepeat) = ([], [])
    for observer in observers.reversed() { observer(code) }
  }
}
