// What a generated message is to the rest of the program, and the ways to and from bytes. It knows
// of gRPC only the five bytes before a message.

/// A protobuf message. Two messages are equal when their fields are; NaN differs from itself.
@usableFromInline package protocol ProtoMessage: Sendable, Equatable {
  init()

  /// The full name, such as `usher.v1.HoldSeatsRequest`.
  static var protoName: String { get }

  /// Bytes that ``encode(into:)`` writes: the size pass.
  func encodedByteCount() -> Int

  /// The write pass, from the last byte to the first: the last field is written first, so that the
  /// length of an inner message is known when its prefix is written (see ``ProtoWriter``).
  func encode(into writer: inout ProtoWriter)

  /// Reads fields up to the reader's limit into this message: a singular field replaces, a repeated
  /// one appends, a message merges. After an error the message is half read and must be dropped.
  mutating func merge(from reader: inout ProtoReader) throws(ProtoDecodingError)

  var unknownFields: UnknownFields { get set }
}

extension ProtoMessage {
  /// Decodes a message.
  package init(
    protoBytes: UnsafeRawBufferPointer, limits: ProtoLimits = ProtoLimits()
  ) throws(ProtoDecodingError) {
    self.init()
    // SAFETY: the reader lives for this call only; the caller keeps the memory alive that long.
    var reader = ProtoReader(protoBytes, limits: limits)
    try merge(from: &reader)
  }

  /// Decodes a message.
  package init(
    protoBytes: [UInt8], limits: ProtoLimits = ProtoLimits()
  ) throws(ProtoDecodingError) {
    self = try protoBytes.span.bytes.withUnsafeBytes { raw throws(ProtoDecodingError) in
      try Self(protoBytes: raw, limits: limits)
    }
  }

  /// The encoded message. Equal messages give equal bytes: maps are written in key order.
  package func protoBytes() -> [UInt8] { bytes(behind: 0) { _, _ in } }

  /// The message as gRPC sends it: a zero byte (not compressed), the length in four bytes, big
  /// endian, and the message, in one allocation.
  package func envelope() -> [UInt8] {
    bytes(behind: 5) { prefix, byteCount in
      prefix[0] = 0
      prefix.storeBytes(of: UInt32(byteCount).bigEndian, toByteOffset: 1, as: UInt32.self)
    }
  }

  private func bytes(
    behind prefixByteCount: Int, fillPrefix: (UnsafeMutableRawBufferPointer, Int) -> Void
  ) -> [UInt8] {
    let byteCount = encodedByteCount()
    precondition(byteCount <= maximumLength, "a message over 2 GiB cannot be encoded")
    let total = prefixByteCount + byteCount
    return [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
      let memory = UnsafeMutableRawBufferPointer(buffer)
      fillPrefix(UnsafeMutableRawBufferPointer(rebasing: memory[..<prefixByteCount]), byteCount)
      // SAFETY: the writer stays inside the memory it is given and lives for this closure only;
      // `finish` traps unless every byte has been written, so none stays uninitialised.
      var writer = ProtoWriter(
        UnsafeMutableRawBufferPointer(rebasing: memory[prefixByteCount..<total]))
      encode(into: &writer)
      writer.finish()
      count = total
    }
  }
}
