// Splits a stream of DATA bytes into length-prefixed messages. Refuses at the prefix, before
// anything is allocated for the message.

/// The message framing of one direction of one call.
///
/// Source: gRPC over HTTP/2, "Length-Prefixed-Message": one flag byte, four length bytes.
package struct EnvelopeReader {
  /// Largest message accepted, in bytes.
  package let limitBytes: Int
  private var prefix: [UInt8] = []
  private var partial: [UInt8] = []
  private var missingByteCount = 0
  private var inMessage = false

  package init(limitBytes: Int) { self.limitBytes = limitBytes }

  /// Whether the bytes so far end at a message boundary.
  package var isAtBoundary: Bool { !inMessage && prefix.isEmpty }

  /// Takes bytes and hands over each message that they complete.
  package mutating func append(
    _ bytes: UnsafeRawBufferPointer, _ deliver: ([UInt8]) -> Void
  ) throws(RPCError) {
    var rest = bytes[...]
    while true {
      if !inMessage {
        guard try readPrefix(&rest) else { return }
      }
      let taken = rest.prefix(missingByteCount)
      if partial.isEmpty && taken.count == missingByteCount {
        partial = Array(taken)
      } else {
        partial.append(contentsOf: taken)
      }
      missingByteCount -= taken.count
      rest = rest.dropFirst(taken.count)
      guard missingByteCount == 0 else { return }
      let message = partial
      partial = []
      inMessage = false
      deliver(message)
    }
  }

  private mutating func readPrefix(
    _ rest: inout Slice<UnsafeRawBufferPointer>
  ) throws(RPCError) -> Bool {
    while prefix.count < 5 {
      guard let byte = rest.popFirst() else { return false }
      prefix.append(byte)
    }
    let flag = prefix[0]
    let length = prefix.dropFirst().reduce(0) { $0 << 8 | Int($1) }
    prefix.removeAll(keepingCapacity: true)
    guard flag <= 1 else {
      throw RPCError(.internal, "a message starts with an unknown flag byte")
    }
    guard flag == 0 else {
      throw RPCError(.internal, "a message is compressed, but no encoding was declared")
    }
    guard length <= limitBytes else {
      throw RPCError(
        .resourceExhausted, "a message of \(length) bytes exceeds the limit of \(limitBytes)")
    }
    missingByteCount = length
    inMessage = true
    return true
  }
}
