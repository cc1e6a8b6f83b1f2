// A server: a listener and its connections on every loop, started and drained as one.

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
  package var address: HostPort
  /// Nil serves cleartext HTTP/2 with prior knowledge.
  package var tls: TLSContext?
  package var limits = ConnectionLimits()

  package init(address: HostPort, tls: TLSContext?) {
    self.address = address
    self.tls = tls
  }
}

/// Why a server could not start.
package struct ServerError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

/// An RPC server on several loops.
package final class Server: Sendable {
  private let acceptors: [LoopBound<Acceptor>]
  private let census: Census
  /// Where it listens; the port is the actual one when 0 was asked for.
  package let address: HostPort

  /// Opens the listening sockets; nothing is accepted before `start()`. Blocks briefly.
  package init(
    loops: [EventLoop], router: Router, configuration: ServerConfiguration, logger: Logger
  ) throws(ServerError) {
    let census = Census(limits: configuration.limits)
    self.census = census
    var wanted = configuration.address
    do throws(SystemError) {
      let probe = try Self.open(wanted, shared: false)
      wanted.port = Socket.localAddress(probe).port
      close(probe)
      var acceptors: [LoopBound<Acceptor>] = []
      for loop in loops {
        let fd = try Self.open(wanted, shared: true)
        let acceptor = Acceptor(
          fd, loop, router: router, configuration: configuration, census: census, logger: logger)
        acceptors.append(LoopBound(acceptor, loop: loop))
      }
      self.acceptors = acceptors
    } catch {
      throw ServerError(description: "cannot listen on \(wanted): \(error.reason)")
    }
    address = wanted
  }

  /// A first socket without port sharing finds out whether anyone else has the port.
  private static func open(_ address: HostPort, shared: Bool) throws(SystemError) -> Int32 {
    guard let resolved = try SocketAddress.resolve(address, passive: true).first else {
      throw SystemError(call: "getaddrinfo", code: ENOENT)
    }
    return try Socket.listen(resolved, shared: shared)
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
    var perHost: [String: Int] = [:]
  }

  private let counts = Mutex(Counts())
  private let limits: ConnectionLimits

  init(limits: ConnectionLimits) { self.limits = limits }

  var count: Int { counts.withLock { $0.total } }

  /// Admits a connection, or refuses it when a limit is reached.
  func admit(_ host: String) -> Bool {
    counts.withLock { counts in
      guard counts.total < limits.connections,
        counts.perHost[host, default: 0] < limits.connectionsPerPeer
      else { return false }
      counts.total += 1
      counts.perHost[host, default: 0] += 1
      return true
    }
  }

  func remove(_ host: String) {
    counts.withLock { counts in
      counts.total -= 1
      let left = counts.perHost[host, default: 1] - 1
      counts.perHost[host] = left > 0 ? left : nil
    }
  }
}
