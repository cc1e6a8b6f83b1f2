// Bounds of connections, each with its reason (see README, Limits).

package import HTTP2

/// Limits of a server's connections.
package struct ConnectionLimits: Sendable {
  package var http2 = HTTP2Limits()
  /// Connections of one server in all: what its descriptors and memory are planned for.
  package var connections = 10_000
  /// Connections of one peer address, so that one partner cannot take all of them.
  package var connectionsPerPeer = 100
  /// TLS handshake and HTTP/2 preface; a browser-class handshake takes two round trips.
  package var handshake = Duration.seconds(10)
  /// From the first byte of a header block to its last.
  package var headerBlock = Duration.seconds(10)
  /// From the headers of a request of one message to the end of its body.
  package var unaryBody = Duration.seconds(30)
  /// From a response's end to the moment the peer has read it; and how long a stream that goes on
  /// may have bytes waiting of which the peer takes none.
  package var stalledResponse = Duration.seconds(30)
  /// A socket that takes no byte for so long belongs to a peer that does not read.
  package var stalledSocket = Duration.seconds(30)
  /// A connection without any stream for so long is asked to go: its client connects again when it
  /// has something to say, and meanwhile it costs nothing.
  package var idle = Duration.seconds(10 * 60)
  /// Silence on a connection with streams after which the server pings, and the answer's time.
  package var keepaliveInterval = Duration.seconds(30)
  package var keepaliveTimeout = Duration.seconds(20)
  /// How often a client may ping with and without a stream (gRPC A8, subscriber-friendly).
  package var pingIntervalWithStreams = Duration.seconds(10)
  package var pingIntervalWithoutStreams = Duration.seconds(60)
  /// Pings over that rate which are forgiven.
  package var pingStrikes = 2
  /// Age at which a connection is asked to go, within ±10 %, and the time it then has.
  package var age = Duration.seconds(30 * 60)
  package var ageGrace = Duration.seconds(60)
  /// Between the two GOAWAYs of a graceful end: longer than a round trip (RFC 9113, section 6.8).
  package var goAwayPause = Duration.milliseconds(100)
  /// How often a connection looks at its clocks: the error of all limits above.
  package var housekeeping = Duration.seconds(5)

  package init() {}
}

enum Limits {
  /// Connections that the kernel keeps until they are accepted: a rush of reconnecting clients.
  static let backlog: Int32 = 1_024
  /// Bytes taken from a socket at a time; a full TLS record and more.
  static let readBytes = 64 << 10
  /// Accepts per readiness, so that a flood of connections cannot starve the open ones.
  static let acceptsPerBatch = 64
  /// Pause after running out of descriptors.
  static let acceptPause = Duration.milliseconds(100)
  /// How long a closed connection waits for the peer to close too, and what it throws away.
  static let linger = Duration.seconds(1)
  static let lingerBytes = 4 << 20
  /// TLS messages of its own, not data, that may wait for a peer that does not read.
  static let unsentCiphertextBytes = 1 << 20
  /// Rounds of produce-and-send in one flush, so that one fast reader cannot starve the others.
  static let sendsPerFlush = 8
  /// Addresses of one channel: a client that spreads calls over more wants a proxy.
  static let addresses = 100
  /// Calls of one channel that wait for a connection: each holds its request in memory.
  static let waitingCalls = 10_000
  /// Bytes of a health service's name: the length stays one byte on the wire.
  static let healthServiceBytes = 120
  /// Header list of a request, counted as RFC 9113, 6.5.2 does: nghttp2 ends the whole connection
  /// over a block that takes more than 64 KiB.
  static let requestHeadBytes = 60 << 10
  /// How long a client's connection may take to send its last bytes.
  static let farewell = Duration.seconds(5)
}
