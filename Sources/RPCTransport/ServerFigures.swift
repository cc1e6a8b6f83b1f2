// What an operator may ask a running server: its connections and what is open on them.

package import Reactor

/// One connection as it is now.
package struct ConnectionFigures: Sendable {
  /// Counted over all loops since the server started.
  package let number: Int
  package let loop: EventLoop
  package let peer: String
  /// Version and suite of TLS; empty for cleartext and before the handshake is over.
  package let tls: String
  /// Subject of the client's certificate; empty without one.
  package let certificateSubject: String
  package let age: Duration
  package let streamCount: Int
  /// Calls whose response has not ended.
  package let callCount: Int
  package let unsentByteCount: Int
  package let isDraining: Bool
}

extension Server {
  /// Every open connection, oldest first.
  package func connections() async -> [ConnectionFigures] {
    var all: [ConnectionFigures] = []
    for acceptor in acceptors {
      all += await acceptor.loop.run { acceptor.value.figures }
    }
    return all.sorted { $0.number < $1.number }
  }
}

extension Acceptor {
  fileprivate var figures: [ConnectionFigures] { openConnections.map(\.figures) }
}

extension ServerConnection {
  fileprivate var figures: ConnectionFigures {
    ConnectionFigures(
      number: number, loop: loop, peer: peer, tls: agreement,
      certificateSubject: certificateSubject, age: .now - began, streamCount: streamCount,
      callCount: calls.count { $0.ended == nil }, unsentByteCount: unsentByteCount,
      isDraining: drainDeadline != nil)
  }
}
