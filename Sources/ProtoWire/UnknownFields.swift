// Fields that a message's schema does not know, kept as the bytes they arrived in.

/// Whole fields, tags included, in order of arrival. They are written behind the known fields, so
/// that a newer peer's data survives a visit to an older one.
package struct UnknownFields: Sendable, Equatable {
  /// The fields in protobuf encoding.
  package private(set) var bytes: [UInt8] = []

  @inlinable package init() {}

  package var isEmpty: Bool { bytes.isEmpty }

  /// Bytes that the fields take in an encoded message.
  package var encodedByteCount: Int { bytes.count }

  /// Writes the fields.
  package func encode(into writer: inout ProtoWriter) {
    if !bytes.isEmpty { writer.writeBytes(bytes) }
  }

  mutating func append(_ fields: UnsafeRawBufferPointer) { bytes.append(contentsOf: fields) }
}
