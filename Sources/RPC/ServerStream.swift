// One call on the server between transport and handler: its two halves, its ending, its task.
// Confined to its loop. Does no I/O: the transport is behind `ServerStreamSink`.

package import Reactor

/// What a server call asks of its transport. All calls happen on the loop.
package protocol ServerStreamSink: AnyObject {
  /// Sends the response headers.
  func sendHeaders(_ metadata: Metadata)
  /// Queues one message in its envelope.
  func sendMessage(_ envelope: [UInt8])
  /// Ends the response. `wasOpened` tells whether headers went out before.
  func sendTrailers(_ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata)
  /// Lets the peer send this many more bytes.
  func reopenWindow(_ byteCount: Int)
  /// Bytes queued and not yet given to the connection.
  var queuedByteCount: Int { get }
  /// The connection, which wakes all its calls that follow a topic together; nil when it is gone.
  var line: (any BroadcastLine)? { get }
  /// From here on messages are pulled from a slot of the group whenever the peer can take some and
  /// none are queued. Called again when the slot changes.
  func follow(_ group: BroadcastGroup, slot: Int)
  /// The group has messages: pulls them if the call waits for any.
  func wake()
}

/// The state of one server call.
///
/// States: `open` (nothing sent) → `responding` (headers sent) → `closed`; `open` → `closed` is a
/// trailers-only response. After `closed` every send is a no-op or throws, as documented.
package final class ServerStream {
  private enum State {
    case open
    case responding
    case closed
  }

  /// The loop that owns the call.
  package let loop: EventLoop
  let inbound: InboundMessages
  let gate = OutboundGate()
  private var state = State.open
  private weak var sink: (any ServerStreamSink)?
  private var task: Task<Void, Never>?
  private var deadlineTimer: LoopTimer?
  private var onClose: [(StatusCode) -> Void] = []
  private var closedWith: StatusCode?
  var initialMetadata = Metadata()
  var trailers = Metadata()
  /// Whether the client takes gzip, and whether the handler wants its messages compressed.
  private let acceptsGzip: Bool
  var wantsCompression = false
  /// The topic that the call was handed over to, and its slot there.
  private var group: BroadcastGroup?
  private var slot = 0
  private var hasHandlerReturned = false

  /// `encodings` are those of the request's headers.
  package init(
    loop: EventLoop, sink: any ServerStreamSink, receiveLimitBytes: Int,
    encodings: MessageEncodings = MessageEncodings()
  ) {
    self.loop = loop
    acceptsGzip = encodings.acceptsGzip
    self.sink = sink
    inbound = InboundMessages(limitBytes: receiveLimitBytes)
    if encodings.sendsGzip { inbound.expectGzip() }
    inbound.reopenWindow = { [weak self] in self?.sink?.reopenWindow($0) }
  }

  /// Whether the response has ended, by status or by reset.
  package var isClosed: Bool { state == .closed }

  // MARK: From the transport

  /// Bytes of DATA frames.
  package func receive(_ bytes: UnsafeRawBufferPointer) {
    do {
      try inbound.receive(bytes)
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
    close(.cancelled, RPCError.cancelled)
  }

  /// The transport has sent some of what was queued.
  package func noteDrained() { gate.noteDrained() }

  /// Starts the handler; its first part runs at once.
  package func start(_ body: @escaping @Sendable () async -> Void) {
    guard state != .closed else { return }
    let task = loop.spawn(body)
    if state != .closed, !hasHandlerReturned { self.task = task }
  }

  /// The handler is done; what it handed over lives on without a task.
  func handlerReturned() {
    hasHandlerReturned = true
    task = nil
  }

  /// Ends the call with DEADLINE_EXCEEDED unless it has ended before.
  package func arm(deadline: LoopInstant) {
    deadlineTimer = loop.schedule(at: deadline) { [weak self] in
      self?.finish(.deadlineExceeded)
    }
  }

  /// Calls back once with the final status; at once when the call is closed already. Observers are
  /// told in reverse order.
  package func whenClosed(_ body: @escaping (StatusCode) -> Void) {
    // Kept by a closed call, an observer would never be told and never be released.
    if let closedWith { return body(closedWith) }
    onClose.append(body)
  }

  // MARK: From the handler

  func sendHeadersIfNeeded() {
    guard state == .open else { return }
    state = .responding
    if compresses { initialMetadata.append(verified: "grpc-encoding", "gzip") }
    sink?.sendHeaders(initialMetadata)
  }

  var compresses: Bool { acceptsGzip && wantsCompression }

  func send(_ envelope: [UInt8], compress: Bool = true) throws(RPCError) {
    guard state != .closed else { throw gate.failure ?? .cancelled }
    sendHeadersIfNeeded()
    sink?.sendMessage(compress && compresses ? Gzip.envelope(envelope) : envelope)
  }

  var queuedByteCount: Int { sink?.queuedByteCount ?? 0 }

  /// The transport of a call that can still send.
  var openConnection: (sink: any ServerStreamSink, line: any BroadcastLine)? {
    guard state != .closed, let sink, let line = sink.line else { return nil }
    return (sink, line)
  }

  /// Whether a topic owns the call, so that the handler's return does not end it.
  var isHandedOver: Bool { group != nil }

  /// A topic owns the call, in a slot that may change.
  func handOver(to group: BroadcastGroup, slot: Int) {
    precondition(self.group == nil || self.group === group, "a call follows two topics")
    self.group = group
    self.slot = slot
  }

  /// Ends the call in good order.
  func finish() {
    guard state != .closed else { return }
    sendHeadersIfNeeded()
    sink?.sendTrailers(.ok, message: "", details: [], trailers)
    close(.ok, .cancelled)
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

  private func close(_ code: StatusCode, _ error: RPCError) {
    guard state != .closed else { return }
    state = .closed
    closedWith = code
    deadlineTimer?.cancel()
    deadlineTimer = nil
    inbound.abandon(error)
    gate.fail(error)
    task.take()?.cancel()
    group.take()?.leave(slot: slot)
    let observers = onClose
    onClose = []
    for observer in observers.reversed() { observer(code) }
  }
}
