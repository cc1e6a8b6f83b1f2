// Fields that a message's schema does not know, kept as the bytes they arrived in.

/// Whole fields, tags included, in order of arrival. They are written behind the known fields, so
/// that a newer peer's data survives a visit to an older one.
@usableFromInline package struct UnknownFields: Sendable, Equatable {
  /// The fields in protobuf encoding.
  @usableFromInline package internal(set) var bytes: [UInt8] = []

  @inlinable package init() {}

  @inlinable package var isEmpty: Bool { bytes.isEmpty }

  /// Bytes that the fields take in an encoded message.
  @inlinable package var encodedByteCount: Int { bytes.count }

  /// Writes the fields.
  @inlinable package func encode(into writer: inout ProtoWriter) {
    if !bytes.isEmpty { writer.writeBytes(bytes) }
  }

  mutating func append(_ fields: UnsafeRawBufferPointer) { bytes.append(contentsOf: fields) }
}
