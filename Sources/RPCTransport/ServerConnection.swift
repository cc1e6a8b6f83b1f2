// One client's connection on the server: its calls, its clocks, its end. Confined to its loop.

import Bytes
import HTTP2
import RPC
import Reactor
import TLS

final class ServerConnection: ConnectionDelegate, BroadcastLine {
  let router: Router
  /// Counted over all loops since the server started.
  let number: Int
  private let connection: Connection
  private let limits: ConnectionLimits
  let peer: String
  private let isSecure: Bool
  /// Read at the first call, when the handshake is over.
  private lazy var origin = CallOrigin(
    peer: peer, isSecure: isSecure, identity: connection.peerCertificate.map(PeerIdentity.init))
  let began = LoopInstant.now
  private let maxAge: Duration
  /// Since when no stream is open, and the newest stream at that time.
  private var idleSince = LoopInstant.now
  private var newestStream: Int32 = 0
  private var pings: PingPolicy
  private var dataFrameCountAtPing: UInt = 0
  private var hasPreface = false
  private var pingSent: LoopInstant?
  private(set) var drainDeadline: LoopInstant?
  /// Whether the second GOAWAY is out: before it the client may still begin calls.
  private var hasRefusedStreams = false
  private var housekeeping: LoopTimer?
  /// Topics with messages for calls of this connection.
  private var groupsWithMessages: [BroadcastGroup] = []
  private let onEnd: (ServerConnection, ConnectionEnd) -> Void

  init(
    _ connection: Connection, number: Int, router: Router, limits: ConnectionLimits, peer: String,
    isSecure: Bool, onEnd: @escaping (ServerConnection, ConnectionEnd) -> Void
  ) {
    self.connection = connection
    self.number = number
    self.router = router
    self.limits = limits
    self.peer = peer
    self.isSecure = isSecure
    self.onEnd = onEnd
    pings = PingPolicy(limits)
    maxAge = limits.age * Double.random(in: 0.9...1.1)
    connection.delegate = self
  }

  func start() throws(SystemError) {
    try connection.start()
    housekeeping = connection.loop.schedule(after: limits.handshake) { self.keepHouse() }
  }

  /// Called once when the connection's socket is closed.
  var onSocketClosed: () -> Void {
    get { connection.onSocketClosed }
    set { connection.onSocketClosed = newValue }
  }

  /// Told the number of each stream that was reset because its peer did not read.
  var onStreamGivenUp: (Int32) -> Void = { _ in }

  var loop: EventLoop { connection.loop }
  var streamCount: Int { connection.session.streams.count }
  var unsentByteCount: Int { connection.unsentByteCount }
  /// Version and suite of TLS; empty for cleartext and before the handshake is over.
  var agreement: String { connection.agreement }
  /// Subject of the client's certificate; empty without one.
  var certificateSubject: String { connection.peerCertificate?.subject ?? "" }

  // MARK: Events

  func handle(_ event: HTTP2Event) {
    switch event {
    case .headers(let stream, let block, let endStream): beginCall(stream, block, endStream)
    case .data(let stream, let bytes):
      if let transport = transport(stream) {
        transport.receive(bytes)
      } else {
        connection.session.reopenWindow(stream, bytes.count)
      }
    case .end(let stream), .trailers(let stream, _): transport(stream)?.receiveEnd()
    case .closed(let stream, _):
      transport(stream)?.streamClosed()
      stream.attachment = nil
      endIfDrained()
    case .drained(let stream):
      transport(stream)?.noteDrained()
    case .pinged: notePing()
    case .pingAcknowledged: pingSent = nil
    case .settings: hasPreface = true
    case .goAway: break  // A client that goes away ends its streams itself.
    }
  }

  private func transport(_ stream: HTTP2Stream) -> ServerCallTransport? {
    stream.attachment as? ServerCallTransport
  }

  private func beginCall(_ stream: HTTP2Stream, _ block: HeaderBlock, _ endStream: Bool) {
    switch RequestHead.read(block, router) {
    case .refusedByHTTP(let status):
      refuse(stream, byHTTP: status, isHead: block[":method"] == "HEAD")
    case .refused(let error):
      refuse(stream, error)
    case .call(let route, let timeout, let encodings):
      let now = LoopInstant.now
      let transport = ServerCallTransport(stream, route, self, began: now)
      stream.attachment = transport
      let deadline = timeout.map { now + $0 }
      let head = CallHead(
        method: route.method, metadata: Metadata(ofRequest: block), deadline: deadline,
        origin: origin)
      let call = ServerStream(
        head, loop: connection.loop, sink: transport, receiveLimitBytes: route.receiveLimitBytes,
        encodings: encodings)
      transport.begin(call, deadline: deadline)
      if endStream { transport.receiveEnd() }
    }
  }

  private func refuse(_ stream: HTTP2Stream, byHTTP status: String, isHead: Bool) {
    let headers = HeaderBlock([(":status", status), ("content-type", "text/plain")])
    respond(stream, headers, endStream: isHead)
    guard !isHead else { return }
    stream.attachment = RefusedRequest()
    connection.session.send(stream, RefusedRequest.text)
    connection.session.end(stream)
  }

  private func refuse(_ stream: HTTP2Stream, _ error: RPCError) {
    var block = HeaderBlock([
      (":status", "200"), ("content-type", "application/grpc"),
      ("grpc-status", String(error.code.rawValue)),
      ("grpc-message", PercentEncoding.encode(error.message)),
    ])
    for field in error.trailers.fields { block.append(field.name, field.value) }
    respond(stream, block, endStream: true)
  }

  private func notePing() {
    // A stream that has ended may go on sending: what counts is that DATA went out, not whose.
    let sent = connection.session.dataFrameCount
    if sent != dataFrameCountAtPing { pings.noteSending() }
    dataFrameCountAtPing = sent
    guard pings.notePing(now: .now, hasStreams: streamCount > 0) else {
      connection.session.goAway(errorCode: 0xb, reason: "too_many_pings")
      return connection.endWhenSent()
    }
  }

  // MARK: Commands of the calls

  func respond(_ stream: HTTP2Stream, _ block: HeaderBlock, endStream: Bool) {
    pings.noteSending()
    connection.session.respond(stream, block, endStream: endStream)
    connection.markDirty()
  }

  func respond(_ stream: HTTP2Stream, _ headers: FixedHeaders) {
    pings.noteSending()
    connection.session.respond(stream, headers)
    connection.markDirty()
  }

  func send(_ stream: HTTP2Stream, _ bytes: [UInt8]) {
    connection.session.send(stream, bytes)
    connection.markDirty()
  }

  func end(_ stream: HTTP2Stream, trailers: HeaderBlock) {
    connection.session.end(stream, trailers: trailers)
    connection.markDirty()
  }

  func end(_ stream: HTTP2Stream, trailers: FixedHeaders) {
    connection.session.end(stream, trailers: trailers)
    connection.markDirty()
  }

  func reopenWindow(_ stream: HTTP2Stream, _ byteCount: Int) {
    connection.session.reopenWindow(stream, byteCount)
    connection.markDirty()
  }

  // MARK: Topics

  func requestTurn(_ group: BroadcastGroup) {
    groupsWithMessages.append(group)
    connection.markDirty()
  }

  func willSend() {
    guard !groupsWithMessages.isEmpty else { return }
    pings.noteSending()
    for group in groupsWithMessages {
      group.turnBegins()
      connection.session.wake(group.streams.all)
    }
    groupsWithMessages.removeAll(keepingCapacity: true)
  }

  func follow(_ group: BroadcastGroup, _ stream: HTTP2Stream, slot: Int) {
    group.streams.put(stream, slot)
    stream.source = group
    stream.sourceSlot = slot
  }

  func shrink(_ group: BroadcastGroup, to count: Int) { group.streams.shrink(to: count) }

  // MARK: Clocks

  private func keepHouse() {
    guard !connection.isOver else { return }
    let now = LoopInstant.now
    guard hasPreface else { return connection.end(.gaveUp("no HTTP/2 preface")) }
    if let drainDeadline, now >= drainDeadline { return endByForce() }
    if drainDeadline == nil, now - began >= maxAge || isIdle(now) { drain(grace: limits.ageGrace) }
    if let reason = stuckReason(now) { return connection.end(.gaveUp(reason)) }
    keepAlive(now)
    limitStreams(now)
    guard !connection.isOver else { return }
    housekeeping = connection.loop.schedule(after: limits.housekeeping) { self.keepHouse() }
  }

  /// Whether no stream has been open for long. Looks at the newest stream's number rather than at a
  /// clock with each call, so that calls do not pay for it.
  private func isIdle(_ now: LoopInstant) -> Bool {
    let newest = connection.session.newestPeerStream
    if streamCount > 0 || newest != newestStream {
      newestStream = newest
      idleSince = now
    }
    return now - idleSince >= limits.idle
  }

  /// A header block that does not end, a socket that takes nothing: neither has a stream to reset.
  private func stuckReason(_ now: LoopInstant) -> String? {
    if let began = connection.session.headerBlockBegan,
      now.seconds - began >= limits.headerBlock.seconds
    {
      return "a header block that does not end"
    }
    guard let stalled = connection.stalledSince, now - stalled >= limits.stalledSocket else {
      return nil
    }
    return "a socket that takes nothing"
  }

  private func keepAlive(_ now: LoopInstant) {
    if let pingSent {
      if connection.lastReceived > pingSent {
        self.pingSent = nil
      } else if now - pingSent >= limits.keepaliveTimeout {
        connection.end(.gaveUp("no answer to a keepalive ping"))
      }
    } else if streamCount > 0, now - connection.lastReceived >= limits.keepaliveInterval {
      pingSent = now
      connection.session.ping()
      connection.markDirty()
    }
  }

  /// Requests of one message that never end, responses and queues that nobody reads.
  private func limitStreams(_ now: LoopInstant) {
    for stream in connection.session.streams {
      let transport = transport(stream)
      let ended = transport?.ended ?? (stream.attachment as? RefusedRequest)?.ended
      if let ended {
        if now - ended >= limits.stalledResponse { giveUp(stream) }
        continue
      }
      guard let transport else { continue }
      if transport.isStalled(now, limit: limits.stalledResponse) {
        giveUp(stream)
      } else if transport.hasOneRequest, !stream.isPeerEnded,
        now - transport.began >= limits.unaryBody
      {
        transport.call?.finish(RPCError(.deadlineExceeded, "the request took too long to arrive"))
      }
    }
  }

  private func giveUp(_ stream: HTTP2Stream) {
    connection.session.reset(stream, errorCode: 8)
    connection.markDirty()
    onStreamGivenUp(stream.id)
  }

  // MARK: The end

  /// Asks the client to go: GOAWAY in two steps, streaming calls ended so that their clients resume
  /// elsewhere, unary calls finished within the grace.
  func drain(grace: Duration) {
    guard drainDeadline == nil, !connection.isOver else { return }
    drainDeadline = .now + grace
    connection.session.announceShutdown()
    connection.markDirty()
    // These timers keep the connection alive until they fire: at most the grace, then it is over.
    connection.loop.schedule(after: min(limits.goAwayPause, grace)) { self.refuseNewStreams() }
    connection.loop.schedule(after: grace) { self.endByForce() }
  }

  private func refuseNewStreams() {
    guard !connection.isOver else { return }
    hasRefusedStreams = true
    connection.session.goAway(errorCode: 0)
    for call in calls where call.isStreaming { call.call?.finish(Self.goingAway) }
    connection.markDirty()
    endIfDrained()
  }

  private static let goingAway = RPCError(.unavailable, "the server is going away; call again")

  var calls: [ServerCallTransport] {
    connection.session.streams.compactMap { transport($0) }
  }

  private func endIfDrained() {
    if hasRefusedStreams, streamCount == 0 { connection.endWhenSent() }
  }

  private func endByForce() {
    guard !connection.isOver else { return }
    if !hasRefusedStreams { refuseNewStreams() }
    for call in calls { call.call?.finish(Self.goingAway) }
    connection.endWhenSent()
    connection.loop.schedule(after: .seconds(1)) { [connection] in connection.end(.closed) }
  }

  func connectionEnded(_ end: ConnectionEnd) {
    housekeeping?.cancel()
    housekeeping = nil
    groupsWithMessages = []
    for stream in connection.session.streams {
      transport(stream)?.streamClosed()
      stream.attachment = nil
    }
    onEnd(self, end)
  }
}

extension PeerIdentity {
  fileprivate convenience init(_ certificate: PeerCertificate) {
    self.init(
      subject: certificate.subject, dnsNames: certificate.dnsNames, uris: certificate.uris,
      emailAddresses: certificate.emailAddresses, ipAddresses: certificate.ipAddresses,
      fingerprint: certificate.fingerprint)
  }
}
