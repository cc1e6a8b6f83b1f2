// Bounds of the HTTP/2 floor, each with its reason.

/// Bounds that no session has for itself.
enum Limits {
  /// Bytes that a loop keeps of what its sessions have freed: the streams of a large batch.
  static let freeSessionBytes = 1 << 20
}

/// Limits of one HTTP/2 session.
package struct HTTP2Limits: Sendable {
  /// Streams a peer may have open at once: Envoy's and nghttp2's default for unary callers.
  package var concurrentStreams: UInt32 = 100
  /// Bytes a peer may send on a stream before it is read.
  package var streamWindowBytes: UInt32 = 64 << 10
  /// Bytes a peer may send on all streams before they are read.
  package var connectionWindowBytes: UInt32 = 1 << 20
  /// Decoded size of a header list (name + value + 32 per field), gRPC C-core's and nginx's scale.
  package var headerListBytes = 16 << 10
  /// CONTINUATION frames of one header block: a list within the limit needs none.
  package var continuationFrames = 8
  /// Entries in one SETTINGS frame, nghttp2's default.
  package var settingsEntries = 32
  /// SETTINGS and PING acknowledgements waiting to be sent to a peer that does not read.
  package var queuedAcknowledgements = 1_000
  /// Resets a peer may send in a burst, and the rate at which the allowance returns.
  package var resetBurst = 1_000.0
  package var resetsPerSecond = 33.0
  /// Resets that the peer's own errors may force this side to send, within ten seconds.
  package var forcedResetBurst = 200.0
  package var forcedResetsPerSecond = 20.0
  /// Other frames without effect (PING, SETTINGS, PRIORITY, empty DATA) in a burst, and their rate.
  package var idleFrameBurst = 1_000.0
  package var idleFramesPerSecond = 100.0
  /// Bytes of a GOAWAY's debug data that are kept: a reason such as `too_many_pings`.
  package var goAwayReasonBytes = 128
  /// Output gathered before the session stops producing and waits for the socket.
  package var outputHighWaterBytes = 256 << 10

  package init() {}
}
