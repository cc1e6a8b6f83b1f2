// One call on the server between transport and handler: its two halves, its ending, its task.
// Confined to its loop. Does no I/O: the transport is behind `ServerStreamSink`.

package import Reactor

/// What a server call asks of its transport. All calls happen on the loop.
package protocol ServerStreamSink: InboundWindow {
  /// Sends the response headers.
  func sendHeaders(_ metadata: Metadata)
  /// Queues one message in its envelope.
  func sendMessage(_ envelope: [UInt8])
  /// Ends the response; without headers before it, as one header block.
  func sendTrailers(_ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata)
  /// Bytes queued and not yet given to the connection.
  var queuedByteCount: Int { get }
  /// The connection, which wakes all its calls that follow a topic together; nil when it is gone.
  var line: (any BroadcastLine)? { get }
  /// From here on messages are pulled from a slot of the group whenever the peer can take more than
  /// is queued. Called again when the slot changes.
  func follow(_ group: BroadcastGroup, slot: Int)
}

/// The state of one server call.
///
/// States: `open` (nothing sent) → `responding` (headers sent) → `closed`; `open` → `closed` is a
/// trailers-only response. After `closed` every send is a no-op or throws, as documented. Until
/// then the call keeps its transport, its task, its timer and its observers alive, and they keep
/// the call; closing cuts all of these. No reference here is weak: an object that has ever been
/// referred to weakly pays for it with every later retain and release.
package final class ServerStream: LoopConfined, InboundReader {
  private enum State {
    case open
    case responding
    case closed
  }

  /// The interceptors that wait for the call's end.
  private struct Observation {
    let interceptors: [any ServerInterceptor]
    let began: LoopInstant
    /// Those that have begun.
    var count = 1
  }

  /// The loop that owns the call.
  package let loop: EventLoop
  private(set) var head: CallHead
  var inbound: InboundMessages
  private var state = State.open
  private var sink: (any ServerStreamSink)?
  private var task: Task<Void, Never>?
  private var deadlineTimer: LoopTimer?
  private var onClose: [(StatusCode) -> Void] = []
  private var observation: Observation?
  private var closedWith: StatusCode?
  private(set) var failure: RPCError?
  private var openGate: OutboundGate?
  /// Set by an interceptor.
  var caller: (any CallerIdentity)?
  var initialMetadata = Metadata()
  var trailers = Metadata()
  /// Whether the client takes gzip, and whether the handler wants its messages compressed.
  private let acceptsGzip: Bool
  var wantsCompression = false
  /// Sent in place of what a unary handler returns.
  var preparedAnswer: SharedEnvelope?
  /// Where the answer breaks off; nil for nowhere.
  var breakingPoint: BreakingPoint?
  /// The topic that the call was handed over to, and its slot there.
  private var group: BroadcastGroup?
  private var slot = 0
  private var hasHandlerReturned = false

  /// `encodings` are those of the request's headers.
  package init(
    _ head: CallHead, loop: EventLoop, sink: any ServerStreamSink, receiveLimitBytes: Int,
    encodings: MessageEncodings = MessageEncodings()
  ) {
    self.head = head
    self.loop = loop
    acceptsGzip = encodings.acceptsGzip
    self.sink = sink
    inbound = InboundMessages(limitBytes: receiveLimitBytes)
    if encodings.sendsGzip { inbound.expectGzip() }
  }

  /// Whether the response has ended, by status or by reset.
  package var isClosed: Bool { state == .closed }

  /// Where writers wait. Most calls have one message and never need it.
  var gate: OutboundGate {
    if let openGate { return openGate }
    let gate = OutboundGate()
    if isClosed { gate.fail(failure ?? .cancelled) }
    openGate = gate
    return gate
  }

  // MARK: From the transport

  /// Bytes of DATA frames.
  package func receive(_ bytes: UnsafeRawBufferPointer) {
    do {
      try inbound.receive(bytes)
      reopenWindow()
    } catch {
      finish(error)
    }
  }

  /// The request has ended.
  package func receiveEnd() {
    do {
      try inbound.finish()
    } catch {
      finish(error)
    }
  }

  /// The peer reset the stream, or the connection is gone.
  package func receiveReset() {
    close(.cancelled, nil)
  }

  /// The transport has sent some of what was queued.
  package func noteDrained() { openGate?.noteDrained() }

  /// Starts the handler; its first part runs at once.
  func start(_ route: Route) {
    guard state != .closed else { return }
    var run = HandlerRun(route, ServerContext(self))
    do throws(RPCError) {
      if try run.finishesAtOnce() { return handlerEnded(nil) }
    } catch {
      return handlerEnded(error)
    }
    let task = loop.spawn(run)
    if state != .closed, !hasHandlerReturned { self.task = task }
  }

  /// Ends the call with DEADLINE_EXCEEDED unless it has ended before.
  package func arm(deadline: LoopInstant) {
    guard state != .closed else { return }
    // A handler may answer before any timer fires.
    if deadline <= .now { return finish(.deadlineExceeded) }
    deadlineTimer = loop.schedule(at: deadline) { self.finish(.deadlineExceeded) }
  }

  /// Calls back once with the final status; at once when the call is closed already. Observers are
  /// told in reverse order.
  package func whenClosed(_ body: @escaping (StatusCode) -> Void) {
    // Kept by a closed call, an observer would never be told and never be released.
    if let closedWith { return body(closedWith) }
    onClose.append(body)
  }

  /// An interceptor has begun, the next in the chain: it is told of the call's end.
  func observe(_ index: Int, of interceptors: [any ServerInterceptor], began: LoopInstant) {
    if let closedWith {
      // Those before it were told when the call closed.
      interceptors[index].callEnded(ServerContext(self), closedWith, took: .now - began)
    } else if observation == nil {
      observation = Observation(interceptors: interceptors, began: began)
    } else {
      observation?.count = index + 1
    }
  }

  // MARK: From the handler

  func sendHeadersIfNeeded() {
    guard state == .open, let sink else { return }
    sendHeaders(to: sink)
  }

  private func sendHeaders(to sink: any ServerStreamSink) {
    state = .responding
    if compresses { initialMetadata.append(verified: "grpc-encoding", "gzip") }
    sink.sendHeaders(initialMetadata)
  }

  var compresses: Bool { acceptsGzip && wantsCompression }

  func send(_ envelope: [UInt8], compress: Bool = true) throws(RPCError) {
    guard state != .closed else { throw failure ?? .cancelled }
    if let breakingPoint, !breakingPoint.lets() {
      finish(breakingPoint.error)
      throw breakingPoint.error
    }
    sendHeadersIfNeeded()
    sink?.sendMessage(compress && compresses ? Gzip.envelope(envelope) : envelope)
    if let breakingPoint, breakingPoint.isReached { finish(breakingPoint.error) }
  }

  var inboundWindow: (any InboundWindow)? { sink }

  var queuedByteCount: Int { sink?.queuedByteCount ?? 0 }

  /// The transport of a call that can still send.
  var openConnection: (sink: any ServerStreamSink, line: any BroadcastLine)? {
    guard state != .closed, let sink, let line = sink.line else { return nil }
    return (sink, line)
  }

  /// A topic owns the call, in a slot that may change: the handler's return does not end it.
  func follow(_ group: BroadcastGroup, slot: Int) {
    precondition(self.group == nil || self.group === group, "a call follows two topics")
    self.group = group
    self.slot = slot
    sink?.follow(group, slot: slot)
  }

  /// Sends the only message of a call, the prepared one if there is one, and ends the call in good
  /// order.
  func respond(_ make: @autoclosure () -> [UInt8]) throws(RPCError) {
    guard let sink else { throw failure ?? .cancelled }
    if let breakingPoint, breakingPoint.isReached { return finish(breakingPoint.error) }
    if state == .open { sendHeaders(to: sink) }
    if let prepared = preparedAnswer.take() {
      sink.sendMessage(compresses ? prepared.compressed : prepared.bytes)
    } else {
      let envelope = make()
      sink.sendMessage(compresses ? Gzip.envelope(envelope) : envelope)
    }
    sink.sendTrailers(.ok, message: "", details: [], trailers)
    // The task that calls is about to end by itself.
    task = nil
    close(.ok, nil)
  }

  /// The handler has returned or thrown; its task needs no cancelling any more. A call that was
  /// handed over lives on without it, and without what only handlers read.
  func handlerEnded(_ error: RPCError?) {
    hasHandlerReturned = true
    task = nil
    if let breakingPoint, breakingPoint.isReached, error != nil || group == nil {
      // A refusal is an answer too.
      finish(breakingPoint.error)
    } else if let error {
      finish(error)
    } else if group == nil {
      finish()
    } else {
      head.forgetMetadata()
    }
  }

  /// Ends the call in good order.
  func finish() {
    guard state != .closed else { return }
    sendHeadersIfNeeded()
    sink?.sendTrailers(.ok, message: "", details: [], trailers)
    close(.ok, nil)
  }

  /// Ends the call with a status; after the end it is a no-op.
  package func finish(_ error: RPCError) {
    guard state != .closed else { return }
    // What a handler put into the headers travels with an error too.
    if !initialMetadata.isEmpty { sendHeadersIfNeeded() }
    var all = trailers
    for field in error.trailers.fields { all.append(verified: field.name, field.value) }
    sink?.sendTrailers(error.code, message: error.message, details: error.details, all)
    close(error.code, error)
  }

  private func close(_ code: StatusCode, _ error: RPCError?) {
    guard state != .closed else { return }
    state = .closed
    closedWith = code
    failure = error
    sink = nil
    deadlineTimer?.cancel()
    deadlineTimer = nil
    inbound.abandon(error)
    openGate?.fail(error ?? .cancelled)
    task.take()?.cancel()
    group.take()?.leave(slot: slot)
    tellInterceptors(code)
    guard !onClose.isEmpty else { return }
    let observers = onClose
    onClose = []
    for observer in observers.reversed() { observer(code) }
  }

  private func tellInterceptors(_ code: StatusCode) {
    guard let told = observation.take() else { return }
    let took = LoopInstant.now - told.began
    let context = ServerContext(self)
    for index in (0..<told.count).reversed() {
      told.interceptors[index].callEnded(context, code, took: took)
    }
  }
}
