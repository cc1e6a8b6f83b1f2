// One call on the client between transport and caller. Confined to the channel's loop; does no I/O.

package import Reactor

/// What a client call asks of its transport. All calls happen on the loop.
package protocol ClientStreamSink: InboundWindow {
  /// Queues one message in its envelope.
  func sendMessage(_ envelope: [UInt8])
  /// Ends the request.
  func sendEnd()
  /// Resets the stream with CANCEL.
  func cancel()
  /// Bytes queued and not yet given to the connection.
  var queuedByteCount: Int { get }
}

/// The state of one client call.
///
/// States: `open` → `closed` with the call's status, whoever ends it: trailers, a reset, the
/// deadline, the caller's cancellation or the connection's loss.
package final class ClientStreamState {
  package let loop: EventLoop
  let inbound: InboundMessages
  let gate = OutboundGate()
  private var isClosed = false
  private var hasEndedRequest = false
  private weak var sink: (any ClientStreamSink)?
  private var deadlineTimer: LoopTimer?
  /// Initial metadata of the response, once it has arrived.
  package private(set) var initialMetadata = Metadata()
  /// Trailing metadata of the response, once it has arrived.
  package private(set) var trailers = Metadata()

  private let compresses: Bool

  package init(loop: EventLoop, receiveLimitBytes: Int, compresses: Bool = false) {
    self.loop = loop
    self.compresses = compresses
    inbound = InboundMessages(limitBytes: receiveLimitBytes, window: nil)
  }

  package func attach(_ sink: any ClientStreamSink, deadline: LoopInstant?) {
    self.sink = sink
    inbound.attach(sink)
    guard let deadline else { return }
    deadlineTimer = loop.schedule(at: deadline) { [weak self] in
      self?.abandon(.deadlineExceeded)
    }
  }

  // MARK: From the transport

  package func receiveHeaders(_ metadata: Metadata) {
    initialMetadata = metadata
    switch metadata["grpc-encoding"] {
    case nil, "identity": break
    case "gzip": inbound.expectGzip()
    default: abandon(RPCError(.internal, "the server uses an unknown message encoding"))
    }
  }

  package func receive(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosed else { return }
    do {
      try inbound.receive(bytes)
    } catch {
      abandon(error)
    }
  }

  /// The call's status has arrived; nil is OK.
  package func receiveStatus(_ error: RPCError?, trailers: Metadata) {
    guard !isClosed else { return }
    self.trailers = trailers
    if let error {
      isClosed = true
      deadlineTimer?.cancel()
      inbound.finish(error)
      return gate.fail(error)
    }
    do {
      try inbound.finish()
      isClosed = true
      deadlineTimer?.cancel()
      gate.fail(RPCError(.internal, "the server has ended the call"))
    } catch {
      close(error)
    }
  }

  package func noteDrained() { gate.noteDrained() }

  // MARK: From the caller

  var queuedByteCount: Int { sink?.queuedByteCount ?? 0 }

  func send(_ envelope: [UInt8], compress: Bool = true) throws(RPCError) {
    if let failure = gate.failure { throw failure }
    precondition(!hasEndedRequest, "message after the end of the request")
    sink?.sendMessage(compress && compresses ? Gzip.envelope(envelope) : envelope)
  }

  func endRequest() {
    guard !isClosed, !hasEndedRequest else { return }
    hasEndedRequest = true
    sink?.sendEnd()
  }

  /// Gives the call up: resets the stream and fails both halves.
  package func abandon(_ error: RPCError) {
    guard !isClosed else { return }
    sink?.cancel()
    close(error)
  }

  /// Ends the call with an error that needs no reset.
  package func close(_ error: RPCError) {
    guard !isClosed else { return }
    isClosed = true
    deadlineTimer?.cancel()
    deadlineTimer = nil
    inbound.abandon(error)
    gate.fail(error)
  }
}
