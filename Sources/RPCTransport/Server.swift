// A server: its listeners and their connections on every loop, started and drained as one.

import CLinux
import Glibc
import HTTP2
package import Logging
package import RPC
package import Reactor
import Synchronization
package import TLS

/// What a server needs to know before it starts.
package struct ServerConfiguration: Sendable {
  /// Where to listen; at least one.
  package var endpoints: [Endpoint]
  /// Nil serves cleartext HTTP/2 with prior knowledge, as Unix sockets always do.
  package var tls: TLSContext?
  package var limits = ConnectionLimits()
  /// Of Unix sockets: who may write to the file may call.
  package var socketPermissions: UInt32 = 0o660

  package init(endpoints: [Endpoint], tls: TLSContext?) {
    self.endpoints = endpoints
    self.tls = tls
  }

  package init(address: HostPort, tls: TLSContext?) {
    self.init(endpoints: [.tcp(address)], tls: tls)
  }
}

/// Why a server could not start.
package struct ServerError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

/// An RPC server on several loops.
package final class Server: Sendable {
  let acceptors: [LoopBound<Acceptor>]
  private let census: Census
  private let files: [UnixSocketFile]
  /// Where it listens; ports are the actual ones where 0 was asked for.
  package let endpoints: [Endpoint]
  /// The first of them.
  package var address: Endpoint { endpoints[0] }

  /// Opens the listening sockets; nothing is accepted before `start()`. Blocks briefly.
  package init(
    loops: [EventLoop], router: Router, configuration: ServerConfiguration, logger: Logger
  ) throws(ServerError) {
    let census = Census(limits: configuration.limits)
    self.census = census
    precondition(!configuration.endpoints.isEmpty, "a server that listens nowhere")
    let sockets = try ListeningSockets(configuration, loopCount: loops.count)
    files = sockets.files
    endpoints = sockets.endpoints
    acceptors = zip(loops, sockets.byLoop).map { loop, sockets in
      let acceptor = Acceptor(
        sockets, loop, router: router, configuration: configuration, census: census,
        logger: logger)
      return LoopBound(acceptor, loop: loop)
    }
  }

  deinit {
    for file in files { file.remove() }
  }

  /// Begins to accept connections.
  package func start() async {
    for acceptor in acceptors {
      await acceptor.loop.run { acceptor.value.start() }
    }
  }

  /// Takes other TLS settings for connections from now on; those that are open keep theirs. A server
  /// that began without TLS stays without.
  package func replaceTLS(_ context: TLSContext) async {
    for acceptor in acceptors {
      await acceptor.loop.run { acceptor.value.replaceTLS(context) }
    }
  }

  /// Open connections.
  package var connectionCount: Int { census.count }

  /// Stops accepting, asks every client to go and waits until all have gone or the grace is over;
  /// what is left then is closed.
  package func drain(grace: Duration) async {
    for acceptor in acceptors {
      await acceptor.loop.run { acceptor.value.drain(grace: grace) }
    }
    for file in files { file.remove() }
    let end = LoopInstant.now + grace + .seconds(3)
    while census.count > 0, LoopInstant.now < end {
      try? await Task.sleep(for: .milliseconds(10))
    }
  }
}

extension SystemError {
  /// What to tell an operator.
  var reason: String {
    if call == "getaddrinfo" { return "the host name is unknown" }
    return String(cString: strerror(code)).lowercased()
  }
}

/// Counts connections over all loops, in all and per peer host.
final class Census: Sendable {
  private struct Counts {
    var total = 0
    var admitted = 0
    var perHost: [String: Int] = [:]
  }

  private let counts = Mutex(Counts())
  private let limits: ConnectionLimits

  init(limits: ConnectionLimits) { self.limits = limits }

  var count: Int { counts.withLock { $0.total } }

  /// Admits a connection and gives its number, or refuses it when a limit is reached. Without a host
  /// only the limit of all connections counts.
  func admit(_ host: String?) -> Int? {
    counts.withLock { counts in
      guard counts.total < limits.connections else { return nil }
      if let host {
        guard counts.perHost[host, default: 0] < limits.connectionsPerPeer else { return nil }
        counts.perHost[host, default: 0] += 1
      }
      counts.total += 1
      counts.admitted += 1
      return counts.admitted
    }
  }

  func remove(_ host: String?) {
    counts.withLock { counts in
      counts.total -= 1
      guard let host else { return }
      let left = counts.perHost[host, default: 1] - 1
      counts.perHost[host] = left > 0 ? left : nil
    }
  }
}
