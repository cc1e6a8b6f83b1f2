// The receiving half of a call, server's or client's: messages wait here for their reader.
// Confined to its loop. Part of its owner rather than an object: a call is short.

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
struct InboundMessages {
  private enum Ending {
    case finished
    case status(RPCError)
    /// Nil stands for CANCELLED: most calls end with everything read, and need no error.
    case abandoned(RPCError?)
  }

  /// What a reader finds.
  enum Arrival {
    case message(ReceivedMessage)
    /// Nothing yet.
    case none
    /// Nothing any more.
    case end
  }

  private var envelopes: EnvelopeReader
  /// The message to be read next, and those behind it: a unary call never has a second.
  private var first: ReceivedMessage?
  private var rest: Deque<ReceivedMessage>?
  private var queuedByteCount = 0
  /// Bytes that the peer has sent and may not send again yet.
  private var withheldByteCount = 0
  /// Whether the message read last had come compressed.
  private(set) var lastWasCompressed = false
  private var ending: Ending?
  private var waiter: CheckedContinuation<Void, Never>?

  init(limitBytes: Int) { envelopes = EnvelopeReader(limitBytes: limitBytes) }

  /// Largest message accepted.
  var limitBytes: Int { envelopes.limitBytes }

  /// The peer declared gzip for its messages; each may still come as it is.
  mutating func expectGzip() { envelopes.isGzip = true }

  /// Messages waiting to be read.
  private var count: Int { first == nil ? 0 : 1 + (rest?.count ?? 0) }

  /// Takes bytes of DATA.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) throws(RPCError) {
    guard ending == nil else { return }
    var unread = bytes[...]
    while let message = try envelopes.next(&unread) {
      queuedByteCount += message.bytes.count + Limits.messageOverheadBytes
      queue(message)
    }
    withheldByteCount += bytes.count
    wake()
  }

  private mutating func queue(_ message: ReceivedMessage) {
    guard first != nil else { return first = message }
    if rest == nil { rest = Deque() }
    rest?.append(message)
  }

  /// Bytes that the peer may send again, as the reader has kept up; nothing once nothing more is
  /// wanted.
  mutating func releaseWindow() -> Int {
    guard ending == nil, queuedByteCount <= Limits.inboundHighWaterBytes else { return 0 }
    defer { withheldByteCount = 0 }
    return withheldByteCount
  }

  mutating func finish() throws(RPCError) {
    guard ending == nil else { return }
    guard envelopes.isAtBoundary else {
      throw RPCError(.internal, "the stream ended inside a message")
    }
    ending = .finished
    wake()
  }

  /// The peer ended the call with an error, behind the messages it had sent.
  mutating func finish(_ error: RPCError) {
    guard ending == nil else { return }
    ending = .status(error)
    wake()
  }

  /// The call is over on this side.
  mutating func abandon(_ error: RPCError?) {
    if case .abandoned = ending { return }
    ending = .abandoned(error)
    first = nil
    rest = nil
    queuedByteCount = 0
    wake()
  }

  /// The next message, if it is there.
  mutating func take() throws(RPCError) -> Arrival {
    if case .abandoned(let error) = ending { throw error ?? .cancelled }
    if let message = takeFirst() { return .message(message) }
    if case .status(let error) = ending { throw error }
    return ending == nil ? .none : .end
  }

  /// The only message of a request that must have exactly one.
  mutating func takeOnly() throws(RPCError) -> [UInt8] {
    if case .abandoned(let error) = ending { throw error ?? .cancelled }
    guard count == 1, let message = takeFirst() else {
      throw RPCError(.unimplemented, "a unary request needs exactly one message")
    }
    return try EnvelopeReader.open(message, limitBytes: limitBytes)
  }

  private mutating func takeFirst() -> ReceivedMessage? {
    guard let message = first.take() else { return nil }
    first = rest?.popFirst()
    lastWasCompressed = message.isCompressed
    queuedByteCount -= message.bytes.count + Limits.messageOverheadBytes
    return message
  }

  /// Resumes the reader when something has come. One reader at a time.
  mutating func park(_ reader: CheckedContinuation<Void, Never>) {
    precondition(waiter == nil, "two readers of one call")
    waiter = reader
  }

  private mutating func wake() {
    waiter.take()?.resume()
  }
}

/// A call, by its receiving half.
protocol InboundReader: AnyObject {
  var inbound: InboundMessages { get set }
  /// Where the peer is told that it may send more; nil when it is not to.
  var inboundWindow: (any InboundWindow)? { get }
}

extension InboundReader {
  /// Tells the peer of room, if there is any.
  func reopenWindow() {
    let byteCount = inbound.releaseWindow()
    if byteCount > 0 { inboundWindow?.reopenWindow(byteCount) }
  }

  /// The next message, or nil after the last. One reader at a time.
  func receiveNext() async throws(RPCError) -> [UInt8]? {
    while true {
      switch try inbound.take() {
      case .message(let message):
        reopenWindow()
        return try EnvelopeReader.open(message, limitBytes: inbound.limitBytes)
      case .end: return nil
      case .none: await withCheckedContinuation { inbound.park($0) }
      }
    }
  }
}
