// A client's connection and its calls. Confined to its loop.

import Bytes
import HTTP2
import RPC
import Reactor
import TLS

final class ClientConnection: ConnectionDelegate {
  /// What a connection tells its address.
  struct Events {
    /// The server's first SETTINGS have arrived.
    let ready: () -> Void
    /// The server takes no new calls; code and reason are its GOAWAY's.
    let goingAway: (ClientConnection, UInt32, String) -> Void
    /// The connection is gone, and so are its calls.
    let ended: (ClientConnection, ConnectionEnd) -> Void
  }

  private let connection: Connection
  private let authority: String
  private let scheme: String
  private let events: Events
  private var keepalive: ClientKeepalive?
  private var keepaliveTimer: LoopTimer?
  private var abortReason: String?
  private var callCount = 0
  private var closeTimer: LoopTimer?
  /// The connection lives until its end, even when its address is forgotten before.
  private var untilTheEnd: ClientConnection?
  /// False once the server has said that it takes no new calls.
  private(set) var takesCalls = true
  /// Whether the server ever completed the connection.
  private(set) var wasReady = false
  /// Whether the server has answered any call.
  private(set) var wasUseful = false
  private(set) var lastCallEnd = LoopInstant.now

  init(
    _ connection: Connection, authority: String, scheme: String, keepalive: KeepaliveOptions?,
    events: Events
  ) {
    self.connection = connection
    self.authority = authority
    self.scheme = scheme
    self.keepalive = keepalive.map { ClientKeepalive($0) }
    self.events = events
    connection.delegate = self
  }

  func start() throws(SystemError) {
    try connection.start()
    untilTheEnd = self
  }

  /// Whether any call is under way; the watch of the server's health is none.
  var hasCalls: Bool { callCount > 0 }

  /// Ends the connection after its calls.
  func close() {
    takesCalls = false
    connection.session.goAway(errorCode: 0)
    connection.markDirty()
    endIfUnused()
  }

  /// Ends the connection and its calls; the reason is for their errors.
  func abort(_ reason: String? = nil) {
    abortReason = reason
    connection.end(.closed)
  }

  private func endIfUnused() {
    guard !takesCalls, !connection.isOver, connection.session.streams.isEmpty else { return }
    connection.endWhenSent()
    guard closeTimer == nil else { return }
    // A peer that does not read must not hold the connection.
    closeTimer = connection.loop.schedule(after: Limits.farewell) { [weak self] in self?.abort() }
  }

  /// Why the connection ended.
  func reason(_ end: ConnectionEnd) -> String {
    if let abortReason { return abortReason }
    return switch end {
    case .closed: "the server closed the connection"
    case .gaveUp(let reason): reason
    case .system(let error): error.reason
    case .tls(let error): error.reason
    case .http2(let error): error.reason
    }
  }

  // MARK: Calls

  /// Starts an attempt of a call. `isCall` false is for what nobody waits for.
  func start(_ call: ClientStreamState, isCall: Bool = true) {
    let head = head(call)
    guard head.listByteCount <= Limits.requestHeadBytes else {
      return call.attemptFailed(
        RPCError(.internal, "the call's metadata is too long to be sent"), .processed)
    }
    let stream: HTTP2Stream
    do throws(HTTP2Error) {
      stream = try connection.session.request(head)
    } catch {
      goAway(0, error.reason)
      return call.attemptFailed(
        RPCError(.unavailable, "the connection can carry no more calls"), .unsent)
    }
    if isCall { callCount += 1 }
    let transport = ClientCallTransport(stream, call, connection, isCall: isCall)
    stream.attachment = transport
    call.attach(transport)
    connection.markDirty()
  }

  private func head(_ call: ClientStreamState) -> HeaderBlock {
    let options = call.context.options
    var block = HeaderBlock([
      (":method", "POST"), (":scheme", scheme), (":path", call.context.method.path),
      (":authority", authority), ("content-type", "application/grpc"), ("te", "trailers"),
      ("user-agent", "usher"),
    ])
    block.append("grpc-accept-encoding", "identity,gzip")
    if options.compressesRequests { block.append("grpc-encoding", "gzip") }
    if let remaining = call.context.remaining {
      block.append("grpc-timeout", Timeout.format(remaining))
    }
    if call.previousAttempts > 0 {
      block.append("grpc-previous-rpc-attempts", "\(call.previousAttempts)")
    }
    for field in options.metadata.fields { block.append(field.name, field.value) }
    return block
  }

  // MARK: From the session

  func handle(_ event: HTTP2Event) {
    switch event {
    case .headers(let stream, let block, let endStream):
      guard let transport = transport(stream) else { break }
      wasUseful = wasUseful || transport.isCall
      transport.receiveHeaders(block, endStream: endStream)
    case .data(let stream, let bytes):
      if let transport = transport(stream) {
        transport.receive(bytes)
      } else {
        connection.session.reopenWindow(stream, bytes.count)
      }
    case .trailers(let stream, let block): transport(stream)?.receiveTrailers(block)
    case .end(let stream): transport(stream)?.receiveEndWithoutTrailers()
    case .closed(let stream, let code): closed(stream, code)
    case .drained(let stream): transport(stream)?.noteDrained()
    case .goAway(_, let code, let reason): goAway(code, reason)
    case .settings: noteSettings()
    case .pinged, .pingAcknowledged: break
    }
  }

  /// Only the first SETTINGS complete the connection; a server may change its mind later.
  private func noteSettings() {
    guard !wasReady else { return }
    wasReady = true
    events.ready()
    keepAlive()
  }

  private func closed(_ stream: HTTP2Stream, _ code: UInt32) {
    release(stream)?.receiveReset(code, isGoingAway: !takesCalls)
    endIfUnused()
  }

  /// Streams above the GOAWAY's last one are closed by the session, as refused.
  private func goAway(_ code: UInt32, _ reason: String) {
    takesCalls = false
    events.goingAway(self, code, reason)
    endIfUnused()
  }

  private func transport(_ stream: HTTP2Stream) -> ClientCallTransport? {
    stream.attachment as? ClientCallTransport
  }

  private func release(_ stream: HTTP2Stream) -> ClientCallTransport? {
    guard let transport = transport(stream) else { return nil }
    stream.attachment = nil
    if transport.isCall {
      callCount -= 1
      lastCallEnd = .now
    }
    return transport
  }

  func connectionEnded(_ end: ConnectionEnd) {
    takesCalls = false
    keepaliveTimer?.cancel()
    closeTimer?.cancel()
    defer { untilTheEnd = nil }
    let lost = connection.session.streams.compactMap { release($0) }
    events.ended(self, end)
    // Afterwards, or calls that are repeated would find this connection.
    for transport in lost { transport.connectionLost(reason(end)) }
  }

  // MARK: Keepalive

  private func keepAlive() {
    guard !connection.isOver else { return }
    let step = keepalive?.step(
      now: .now, lastReceived: connection.lastReceived,
      hasStreams: !connection.session.streams.isEmpty)
    switch step {
    case nil: break
    case .wait(let until): keepAlive(at: until)
    case .ping(let askAgain):
      connection.session.ping()
      connection.markDirty()
      keepAlive(at: askAgain)
    case .giveUp: abort("the server does not answer pings")
    }
  }

  private func keepAlive(at instant: LoopInstant) {
    keepaliveTimer = connection.loop.schedule(at: instant) { [weak self] in self?.keepAlive() }
  }
}
