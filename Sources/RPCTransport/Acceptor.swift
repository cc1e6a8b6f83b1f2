// A server's share of one loop: its listeners and the connections accepted there.

import CLinux
import Glibc
import HTTP2
import Logging
import RPC
import Reactor
import TLS

final class Acceptor {
  private let loop: EventLoop
  private let router: Router
  private var configuration: ServerConfiguration
  private let census: Census
  private let logger: Logger
  private let buffers = LoopBuffers()
  private var listeners: [Listener] = []
  private var connections: [ObjectIdentifier: ServerConnection] = [:]
  private var isDraining = false

  /// Takes ownership of listening sockets of this loop.
  init(
    _ sockets: [Int32], _ loop: EventLoop, router: Router, configuration: ServerConfiguration,
    census: Census, logger: Logger
  ) {
    self.loop = loop
    self.router = router
    self.configuration = configuration
    self.census = census
    self.logger = logger
    // From here on the listeners own the sockets, started or not.
    listeners = sockets.map { fd in
      Listener(fd: fd, loop: loop, userTimeout: configuration.limits.keepaliveTimeout) {
        [weak self] fd, peer in
        self?.accept(fd, peer)
      } onEvent: { [logger] event in
        Self.log(event, logger)
      }
    }
  }

  private static func log(_ event: Listener.Event, _ logger: Logger) {
    switch event {
    case .paused(let error):
      logger.warning("accepting pauses", metadata: ["error": "\(error)"])
    case .resumed: logger.notice("accepting goes on")
    }
  }

  func start() {
    do throws(SystemError) {
      for listener in listeners { try listener.start() }
    } catch {
      logger.error("cannot accept", metadata: ["error": "\(error)"])
    }
  }

  func replaceTLS(_ context: TLSContext) {
    if configuration.tls != nil { configuration.tls = context }
  }

  private func accept(_ fd: Int32, _ address: SocketAddress) {
    let peer = Peer(address)
    guard !isDraining, let number = census.admit(peer.host) else {
      close(fd)
      logger.debug("connection refused", metadata: ["peer": "\(peer.text)"])
      return
    }
    guard let connection = makeConnection(fd, peer, number) else {
      close(fd)
      return census.remove(peer.host)
    }
    connections[ObjectIdentifier(connection)] = connection
    connection.onSocketClosed = { [census] in census.remove(peer.host) }
    connection.onStreamGivenUp = { [logger] id in
      logger.info("stream given up", metadata: ["peer": "\(peer)", "stream": "\(id)"])
    }
    do throws(SystemError) {
      try connection.start()
    } catch {
      logger.warning("connection dropped", metadata: ["error": "\(error)"])
      connections[ObjectIdentifier(connection)] = nil
      census.remove(peer.host)
    }
  }

  private func makeConnection(
    _ fd: Int32, _ peer: Peer, _ number: Int
  ) -> ServerConnection? {
    guard
      let session = try? HTTP2Session(
        role: .server, limits: configuration.limits.http2, memory: buffers.sessions,
        nowSeconds: LoopInstant.now.seconds)
    else { return nil }
    var tls: TLSSession?
    if let context = configuration.tls, peer.host != nil {
      guard let session = try? TLSSession(context) else { return nil }
      tls = session
    }
    let connection = Connection(
      fd: fd, loop: loop, session: session, tls: tls, buffers: buffers, isConnecting: false)
    return ServerConnection(
      connection, number: number, router: router, limits: configuration.limits, peer: peer.text,
      isSecure: tls != nil
    ) { [weak self] connection, end in
      self?.connectionEnded(connection, peer, end)
    }
  }

  var openConnections: some Collection<ServerConnection> { connections.values }

  private func connectionEnded(
    _ connection: ServerConnection, _ peer: Peer, _ end: ConnectionEnd
  ) {
    let peer = peer.text
    connections[ObjectIdentifier(connection)] = nil
    switch end {
    case .closed: break
    case .gaveUp(let reason):
      logger.info("connection given up", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
    case .system(let error):
      logger.debug("connection lost", metadata: ["peer": "\(peer)", "error": "\(error)"])
    case .tls(let error):
      logger.info("TLS refused", metadata: ["peer": "\(peer)", "error": "\(error)"])
    case .http2(let error):
      logger.info("HTTP/2 refused", metadata: ["peer": "\(peer)", "error": "\(error)"])
    }
  }

  func drain(grace: Duration) {
    isDraining = true
    for listener in listeners { listener.close() }
    listeners = []
    for connection in connections.values { connection.drain(grace: grace) }
  }
}

/// Who is at the other end of an accepted connection.
private struct Peer {
  /// Nil for a Unix socket: everybody on this machine would be counted as one.
  let host: String?
  let text: String

  init(_ address: SocketAddress) {
    let hostPort = address.isUnix ? nil : address.hostPort
    host = hostPort?.host
    text = hostPort?.description ?? "unix:"
  }
}
