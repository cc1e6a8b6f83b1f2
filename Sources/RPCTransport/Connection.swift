// A socket with TLS (or none) and an HTTP/2 session on it, for servers and clients alike. Knows no
// calls: what the session reports goes to the delegate. Confined to its loop.

import CLinux
import Glibc
import HTTP2
import Reactor
import TLS

/// Why a connection ended.
enum ConnectionEnd: Error {
  /// The peer closed it in good order, or this side did.
  case closed
  /// This side ended it at a limit; the text says which.
  case gaveUp(String)
  case system(SystemError)
  case tls(TLSError)
  case http2(HTTP2Error)
}

protocol ConnectionDelegate: AnyObject {
  /// An event of the HTTP/2 session.
  func handle(_ event: HTTP2Event)
  /// The session is about to produce what is to be sent.
  func willSend()
  /// The connection is gone; nothing follows.
  func connectionEnded(_ end: ConnectionEnd)
}

extension ConnectionDelegate {
  func willSend() {}
}

/// Memory that all connections of a loop share: used within one callback, empty between.
final class LoopBuffers {
  /// Where sockets are read to.
  let received = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.readBytes, alignment: 16)
  var plaintext: [UInt8] = []
  var produced: [UInt8] = []
  var events: [HTTP2Event] = []
  /// What the sessions' nghttp2 has its memory from.
  let sessions = SessionMemory()

  deinit { received.deallocate() }
}

final class Connection: BatchEndHandler {
  let loop: EventLoop
  let session: HTTP2Session
  /// Kept alive until the connection has ended: it and its delegate are a ring till then.
  var delegate: (any ConnectionDelegate)?
  private let fd: Int32
  private let tls: TLSSession?
  private let buffers: LoopBuffers
  private var registration: Registration?
  private var unsent: [UInt8] = []
  private var unsentOffset = 0
  private var isDirty = false
  private var isConnecting: Bool
  private var endsWhenSent = false
  private(set) var isOver = false
  /// When bytes last arrived.
  private(set) var lastReceived = LoopInstant.now
  /// Since when the socket has taken nothing although there is something to send; nil when it does.
  private(set) var stalledSince: LoopInstant?
  /// Called once when the socket has been closed, some time after the end of the connection.
  var onSocketClosed: () -> Void = {}
  private var isSocketClosed = false
  private var lingerTimer: LoopTimer?

  /// Takes ownership of the socket. `isConnecting` when its connection is still being made.
  init(
    fd: Int32, loop: EventLoop, session: HTTP2Session, tls: TLSSession?, buffers: LoopBuffers,
    isConnecting: Bool
  ) {
    self.fd = fd
    self.loop = loop
    self.session = session
    self.tls = tls
    self.buffers = buffers
    self.isConnecting = isConnecting
  }

  deinit { if !isSocketClosed { close(fd) } }

  /// Who the peer is by its certificate; nil when it showed none.
  var peerCertificate: PeerCertificate? { tls?.peerCertificate }

  /// Version and suite of TLS; empty for cleartext and before the handshake is over.
  var agreement: String { tls.flatMap { $0.isEstablished ? $0.agreement : nil } ?? "" }

  var isEstablished: Bool { !isConnecting && (tls?.isEstablished ?? true) }

  func start() throws(SystemError) {
    do throws(SystemError) {
      registration = try loop.register(fd, isConnecting ? .write : .read) { interest in
        self.becameReady(interest)
      }
    } catch {
      delegate = nil
      throw error
    }
    if !isConnecting { begin() }
  }

  private func begin() {
    do throws(TLSError) {
      try tls?.start()
    } catch {
      return end(.tls(error))
    }
    markDirty()
  }

  private func becameReady(_ interest: Interest) {
    if isConnecting { return finishConnecting() }
    if interest.contains(.write) { flush() }
    if !isOver, interest.contains(.read) || interest.contains(.hangup) { readOnce() }
  }

  private func finishConnecting() {
    if let error = Socket.error(fd) { return end(.system(error)) }
    isConnecting = false
    registration?.update(.read)
    begin()
  }

  // MARK: In

  private func readOnce() {
    let chunk = buffers.received
    let count = recv(fd, chunk.baseAddress, chunk.count, 0)
    if count > 0 {
      lastReceived = .now
      receive(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
    } else if count == 0 {
      end(.closed, isPeerGone: true)
    } else if errno != EAGAIN && errno != EINTR {
      end(.system(.last("recv")), isPeerGone: true)
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    guard let tls else { return receivePlaintext(bytes) }
    buffers.plaintext.removeAll(keepingCapacity: true)
    do throws(TLSError) {
      try tls.receive(bytes, into: &buffers.plaintext)
    } catch {
      sendAlert()
      return end(.tls(error))
    }
    // Answers to handshake messages and key updates that a peer never fetches must not pile up.
    guard tls.output.count <= Limits.unsentCiphertextBytes else {
      return end(.gaveUp("TLS messages that nobody reads"))
    }
    markDirty()
    // The array stays untouched while handlers run: only this function writes to it.
    let plaintext = buffers.plaintext
    if !plaintext.isEmpty { plaintext.withUnsafeBytes(receivePlaintext) }
    if tls.isPeerClosed { end(.closed) }
  }

  private func receivePlaintext(_ bytes: UnsafeRawBufferPointer) {
    do throws(HTTP2Error) {
      try session.receive(bytes, nowSeconds: lastReceived.seconds)
    } catch {
      deliverEvents()
      return fail(error)
    }
    deliverEvents()
    markDirty()
    if !session.wantsToReceive && !session.wantsToSend { endWhenSent() }
  }

  private func deliverEvents() {
    var events: [HTTP2Event] = []
    swap(&events, &buffers.events)
    let delegate = delegate
    while session.hasEvents, !isOver {
      session.takeEvents(into: &events)
      for event in events where !isOver { delegate?.handle(event) }
      events.removeAll(keepingCapacity: true)
    }
    swap(&events, &buffers.events)
  }

  // MARK: Out

  /// Asks for a flush at the end of the current batch.
  func markDirty() {
    guard !isDirty, !isOver else { return }
    isDirty = true
    loop.atBatchEnd(self)
  }

  func batchEnded() {
    isDirty = false
    flush()
  }

  /// Bytes that the socket would not take yet.
  var unsentByteCount: Int { unsent.count - unsentOffset }

  private func flush() {
    guard !isOver, !isConnecting else { return }
    for _ in 0..<Limits.sendsPerFlush {
      if unsentByteCount == 0 { gather() }
      if isOver { return }
      if unsentByteCount == 0 { return becameIdle() }
      guard sendSome() else { return }
    }
    markDirty()
  }

  /// Everything that may be sent now has been sent.
  private func becameIdle() {
    // Thousands of idle connections keep no memory for what they may have to say.
    unsent = []
    unsentOffset = 0
    registration?.update(.read)
    guard endsWhenSent || (isEstablished && !session.wantsToReceive) else { return }
    end(session.ownFarewell.map { .http2($0) } ?? .closed)
  }

  private func gather() {
    unsent.removeAll(keepingCapacity: unsent.capacity <= Limits.readBytes)
    unsentOffset = 0
    if isEstablished {
      buffers.produced.removeAll(keepingCapacity: true)
      delegate?.willSend()
      do throws(HTTP2Error) {
        try session.produce(into: &buffers.produced)
      } catch {
        return fail(error)
      }
      queue(buffers.produced)
      deliverEvents()
    }
    takeCiphertext()
  }

  private func queue(_ plaintext: [UInt8]) {
    guard let tls else {
      unsent.append(contentsOf: plaintext)
      return
    }
    do throws(TLSError) {
      try tls.send(plaintext)
    } catch {
      end(.tls(error))
    }
  }

  private func takeCiphertext() {
    guard let tls, !tls.output.isEmpty else { return }
    unsent.append(contentsOf: tls.output)
    tls.output.removeAll(keepingCapacity: false)
  }

  /// Sends once; false when the socket takes no more or is gone.
  private func sendSome() -> Bool {
    let count = unsent.withUnsafeBytes {
      send(fd, $0.baseAddress.map { $0 + unsentOffset }, unsentByteCount, Int32(MSG_NOSIGNAL))
    }
    if count < 0 {
      guard errno == EAGAIN || errno == EINTR else {
        end(.system(.last("send")), isPeerGone: true)
        return false
      }
      registration?.update([.read, .write])
      if stalledSince == nil { stalledSince = .now }
      return false
    }
    unsentOffset += count
    stalledSince = unsentByteCount > 0 ? .now : nil
    if unsentByteCount > 0 { registration?.update([.read, .write]) }
    return unsentByteCount == 0
  }

  // MARK: The end

  /// Closes after everything queued has been sent.
  func endWhenSent() {
    endsWhenSent = true
    markDirty()
  }

  /// Tells the peer why the session failed, as far as its socket takes it now, and closes.
  private func fail(_ error: HTTP2Error) {
    guard !isOver else { return }
    if isEstablished {
      queue(session.farewell(error))
      takeCiphertext()
      if unsentByteCount > 0 { _ = sendSome() }
    }
    end(.http2(error))
  }

  /// The alert that OpenSSL has written tells the peer more than a closed socket.
  private func sendAlert() {
    guard unsentByteCount == 0 else { return }
    takeCiphertext()
    if unsentByteCount > 0 { _ = sendSome() }
  }

  /// Ends the connection at once; its socket follows when the peer has seen why.
  func end(_ end: ConnectionEnd, isPeerGone: Bool = false) {
    guard !isOver else { return }
    isOver = true
    switch end {
    case .closed, .gaveUp, .http2: sayGoodbye()
    case .system, .tls: break
    }
    delegate.take()?.connectionEnded(end)
    if isPeerGone || isConnecting {
      closeSocket()
    } else {
      linger()
    }
  }

  private func sayGoodbye() {
    guard let tls, unsentByteCount == 0 else { return }
    tls.close()
    _ = tls.output.withUnsafeBytes {
      send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }
}

// MARK: The socket after the connection

extension Connection {
  /// Closing a socket with unread bytes resets it, and a reset makes the peer's system drop what it
  /// has not read yet: the GOAWAY, the last trailers. So this side only stops sending, throws away
  /// what still comes, and closes when the peer has closed or has had its time.
  private func linger() {
    guard shutdown(fd, Int32(SHUT_WR)) == 0 else { return closeSocket() }
    var allowance = Limits.lingerBytes
    registration?.cancel()
    do throws(SystemError) {
      registration = try loop.register(fd, .read) { _ in self.discard(&allowance) }
    } catch {
      return closeSocket()
    }
    // The timer and the registration keep the connection alive, nobody else does.
    lingerTimer = loop.schedule(after: Limits.linger) { self.closeSocket() }
  }

  private func discard(_ allowance: inout Int) {
    let count = withUnsafeTemporaryAllocation(byteCount: Limits.readBytes, alignment: 1) { chunk in
      recv(fd, chunk.baseAddress, chunk.count, 0)
    }
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    allowance -= count
    if count <= 0 || allowance <= 0 { closeSocket() }
  }

  private func closeSocket() {
    guard !isSocketClosed else { return }
    isSocketClosed = true
    lingerTimer?.cancel()
    registration?.cancel()
    registration = nil
    close(fd)
    onSocketClosed()
  }
}

extension LoopInstant {
  var seconds: Double { Double(nanoseconds) / 1e9 }
}

extension Duration {
  var seconds: Double { Double(wholeNanoseconds) / 1e9 }
}
