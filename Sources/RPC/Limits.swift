// Bounds of the RPC floor, each with its reason.

package enum Limits {
  /// Largest message received, unless a method sets its own: grpc-go's default, which clients know.
  package static let messageBytes = 4 << 20
  /// Largest message of a call that sells: the biggest is a ten-seat hold, under 2 KiB.
  package static let smallMessageBytes = 64 << 10
  /// Received but unread bytes of a stream above which its window is no longer reopened.
  package static let inboundHighWaterBytes = 64 << 10
  /// What a waiting message costs besides its bytes: without it, empty messages would cost nothing
  /// and a stream of them could fill the memory.
  package static let messageOverheadBytes = 64
  /// Unsent bytes of a stream above which its writer waits.
  package static let outboundHighWaterBytes = 64 << 10
  /// Bytes of a status message that are sent, percent-encoded: with the details, a third longer in
  /// base64, trailers stay under the 8 KiB that clients accept.
  package static let statusMessageBytes = 2_048
  /// Bytes of serialized status details that are sent, before base64.
  package static let statusDetailsBytes = 4_096
  /// Room for messages that an empty log of a topic keeps: a show that sells has as many at a time.
  static let broadcastReserve = 64
  /// Attempts of one client call that a policy may ask for: gRPC's own bound (gRFC A6).
  static let retryAttempts = 5
  /// How far pauses between attempts spread, so that a crowd of clients does not come back at once.
  static let retryJitter = 0.2
  /// Longest pause before an attempt, whatever the server asks for: past it the caller decides.
  static let retryPause = Duration.seconds(120)
  /// Bytes of requests that a call keeps for another attempt: gRPC C-core's default.
  static let replayBytes = 256 << 10
}
