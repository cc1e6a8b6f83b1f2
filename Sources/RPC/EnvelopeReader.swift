// Splits a stream of DATA bytes into length-prefixed messages. Refuses at the prefix, before
// anything is allocated for the message.

/// A message as it came, perhaps compressed.
package struct ReceivedMessage: Sendable {
  let bytes: [UInt8]
  let isCompressed: Bool
}

/// The message framing of one direction of one call.
///
/// Source: gRPC over HTTP/2, "Length-Prefixed-Message": one flag byte, four length bytes.
package struct EnvelopeReader {
  /// Largest message accepted, in bytes, before and after inflation.
  package let limitBytes: Int
  /// Whether the peer declared that its messages may be gzip-compressed.
  package var isGzip = false
  /// The prefix as far as it has come: its bytes, the first on top.
  private var prefix: UInt64 = 0
  private var prefixByteCount = 0
  private var partial: [UInt8] = []
  private var missingByteCount = 0
  private var inMessage = false
  private var isCompressed = false

  package init(limitBytes: Int) { self.limitBytes = limitBytes }

  /// Whether the bytes so far end at a message boundary.
  package var isAtBoundary: Bool { !inMessage && prefixByteCount == 0 }

  /// Takes bytes up to the end of a message and returns it; nil when all are taken and it goes on.
  package mutating func next(
    _ rest: inout Slice<UnsafeRawBufferPointer>
  ) throws(RPCError) -> ReceivedMessage? {
    if !inMessage {
      guard try readPrefix(&rest) else { return nil }
    }
    let taken = rest.prefix(missingByteCount)
    if partial.isEmpty && taken.count == missingByteCount {
      partial = Array(taken)
    } else {
      partial.append(contentsOf: taken)
    }
    missingByteCount -= taken.count
    rest = rest.dropFirst(taken.count)
    guard missingByteCount == 0 else { return nil }
    let message = ReceivedMessage(bytes: partial, isCompressed: isCompressed)
    partial = []
    inMessage = false
    return message
  }

  private mutating func readPrefix(
    _ rest: inout Slice<UnsafeRawBufferPointer>
  ) throws(RPCError) -> Bool {
    while prefixByteCount < 5 {
      guard let byte = rest.popFirst() else { return false }
      prefix = prefix << 8 | UInt64(byte)
      prefixByteCount += 1
    }
    let flag = prefix >> 32
    let length = Int(prefix & 0xffff_ffff)
    prefix = 0
    prefixByteCount = 0
    guard flag <= 1 else {
      throw RPCError(.internal, "a message starts with an unknown flag byte")
    }
    guard flag == 0 || isGzip else {
      throw RPCError(.internal, "a message is compressed, but no encoding was declared")
    }
    guard length <= limitBytes else {
      throw RPCError(
        .resourceExhausted, "a message of \(length) bytes exceeds the limit of \(limitBytes)")
    }
    missingByteCount = length
    inMessage = true
    isCompressed = flag == 1
    return true
  }

  /// The bytes of a message, inflated up to the limit. Called when the message is wanted, not when
  /// it comes: a window full of small bombs would otherwise become gigabytes in the queue.
  package static func open(
    _ message: ReceivedMessage, limitBytes: Int
  ) throws(RPCError) -> [UInt8] {
    guard message.isCompressed else { return message.bytes }
    do {
      return try Gzip.inflate(message.bytes, limitBytes: limitBytes)
    } catch {
      throw error == .tooLarge
        ? RPCError(.resourceExhausted, "a message inflates beyond the limit of \(limitBytes)")
        : RPCError(.internal, "a compressed message is damaged")
    }
  }
}
