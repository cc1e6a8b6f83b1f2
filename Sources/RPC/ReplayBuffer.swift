// The requests of a client call that no server has answered yet, kept for its next attempt.

/// Messages in their envelopes, in order, up to a limit.
struct ReplayBuffer {
  private var envelopes: [[UInt8]] = []
  private(set) var byteCount = 0

  /// Whether it holds more than a call may keep.
  var isOverfull: Bool { byteCount > Limits.replayBytes }

  mutating func append(_ envelope: [UInt8]) {
    envelopes.append(envelope)
    byteCount += envelope.count + Limits.messageOverheadBytes
  }

  /// Sends everything again.
  func replay(into sink: any ClientStreamSink) {
    for envelope in envelopes { sink.sendMessage(envelope) }
  }

  mutating func drop() { self = ReplayBuffer() }
}
