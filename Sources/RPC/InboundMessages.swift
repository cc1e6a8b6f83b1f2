// The receiving half of a call, server's or client's: messages wait here for their reader.
// Confined to its loop.

import DequeModule

/// Where the peer is told that it may send more.
package protocol InboundWindow: AnyObject {
  /// Lets the peer send this many more bytes. Loop only.
  func reopenWindow(_ byteCount: Int)
}

/// Received messages of one call and the reader that waits for them.
///
/// States: open → finished (messages, then nil), ended by status (messages, then the error) or
/// abandoned (the error at once; what was not read is dropped).
final class InboundMessages {
  private enum Ending {
    case finished
    case status(RPCError)
    /// Nil stands for CANCELLED: most calls end with everything read, and need no error.
    case abandoned(RPCError?)
  }

  private var envelopes: EnvelopeReader
  /// The message to be read next, and those behind it: a unary call never has a second.
  private var first: ReceivedMessage?
  private var rest = Deque<ReceivedMessage>()
  private var queuedByteCount = 0
  private var withheldByteCount = 0
  /// Whether the message read last had come compressed.
  private(set) var lastWasCompressed = false
  private var ending: Ending?
  private var waiter: CheckedContinuation<Void, Never>?
  /// Let go when nothing more is wanted from the peer.
  private var window: (any InboundWindow)?

  init(limitBytes: Int, window: (any InboundWindow)?) {
    envelopes = EnvelopeReader(limitBytes: limitBytes)
    self.window = window
  }

  /// For a window that is only known later.
  func attach(_ window: any InboundWindow) {
    if ending == nil { self.window = window }
  }

  /// The peer declared gzip for its messages; each may still come as it is.
  func expectGzip() { envelopes.isGzip = true }

  /// Whether the peer has ended this direction in good order.
  var isFinished: Bool { if case .finished = ending { true } else { false } }

  /// Messages waiting to be read.
  var count: Int { first == nil ? 0 : 1 + rest.count }

  func receive(_ bytes: UnsafeRawBufferPointer) throws(RPCError) {
    guard ending == nil else { return }
    try envelopes.append(bytes) { message in
      queuedByteCount += message.bytes.count + Limits.messageOverheadBytes
      if first == nil { first = message } else { rest.append(message) }
    }
    if queuedByteCount <= Limits.inboundHighWaterBytes {
      window?.reopenWindow(bytes.count)
    } else {
      withheldByteCount += bytes.count
    }
    wake()
  }

  func finish() throws(RPCError) {
    guard ending == nil else { return }
    guard envelopes.isAtBoundary else {
      throw RPCError(.internal, "the stream ended inside a message")
    }
    ending = .finished
    window = nil
    wake()
  }

  /// The peer ended the call with an error, behind the messages it had sent.
  func finish(_ error: RPCError) {
    guard ending == nil else { return }
    ending = .status(error)
    window = nil
    wake()
  }

  /// The call is over on this side.
  func abandon(_ error: RPCError?) {
    if case .abandoned = ending { return }
    ending = .abandoned(error)
    first = nil
    rest.removeAll()
    queuedByteCount = 0
    window = nil
    wake()
  }

  /// The next message, or nil after the last. One reader at a time.
  func next() async throws(RPCError) -> [UInt8]? {
    while true {
      if case .abandoned(let error) = ending { throw error ?? .cancelled }
      if let message = takeFirst() {
        return try EnvelopeReader.open(message, limitBytes: envelopes.limitBytes)
      }
      if case .status(let error) = ending { throw error }
      if ending != nil { return nil }
      precondition(waiter == nil, "two readers of one call")
      await withCheckedContinuation { waiter = $0 }
    }
  }

  /// The only message of a request that must have exactly one.
  func takeOnly() throws(RPCError) -> [UInt8] {
    if case .abandoned(let error) = ending { throw error ?? .cancelled }
    guard count == 1, let message = takeFirst() else {
      throw RPCError(.unimplemented, "a unary request needs exactly one message")
    }
    return try EnvelopeReader.open(message, limitBytes: envelopes.limitBytes)
  }

  private func takeFirst() -> ReceivedMessage? {
    guard let message = first else { return nil }
    first = rest.popFirst()
    lastWasCompressed = message.isCompressed
    queuedByteCount -= message.bytes.count + Limits.messageOverheadBytes
    if withheldByteCount > 0, queuedByteCount <= Limits.inboundHighWaterBytes {
      window?.reopenWindow(withheldByteCount)
      withheldByteCount = 0
    }
    return message
  }

  private func wake() {
    waiter.take()?.resume()
  }
}
