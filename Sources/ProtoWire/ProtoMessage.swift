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
  package func protoBytes() -> [UInt8] { ProtoWriter.bytes { encode(into: &$0) } }

  /// The message as gRPC sends it: a zero byte (not compressed), the length in four bytes, big
  /// endian, and the message.
  package func envelope() -> [UInt8] {
    ProtoWriter.bytes { writer in
      encode(into: &writer)
      writer.writeFixed(UInt32(writer.writtenByteCount).byteSwapped)
      writer.writeVarint(0)
    }
  }
}

extension ProtoWriter {
  /// What `write` writes, the last field first. It is written into memory on the stack, or more if
  /// need be, and copied out: a copy costs less than counting the bytes before.
  @inline(__always) package static func bytes(
    _ write: (inout ProtoWriter) -> Void
  ) -> [UInt8] {
    withUnsafeTemporaryAllocation(byteCount: writerBytes, alignment: 16) { memory in
      // SAFETY: the writer stays inside the memory it has and lives for this closure only; what it
      // says is written has been initialised.
      var writer = ProtoWriter(startingWith: memory)
      write(&writer)
      precondition(
        writer.writtenByteCount <= maximumLength, "a message over 2 GiB cannot be encoded")
      return [UInt8](writer.written)
    }
  }
}

/// Enough for nearly every message but maps of seats, and little for a stack.
private let writerBytes = 2048
