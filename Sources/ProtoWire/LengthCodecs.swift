// The codecs of length-delimited values and of enums: text, bytes, messages.

/// `string`
@usableFromInline package enum StringCodec: KeyCodec {
  @inlinable package static var wireType: UInt32 { 2 }
  @inlinable package static var zero: String { "" }
  @inlinable package static func byteCount(_ value: String) -> Int {
    Varint.prefixedByteCount(value.utf8.count)
  }
  @inlinable package static func write(_ value: String, into writer: inout ProtoWriter) {
    let byteCount = value.utf8.count
    writer.writeUTF8(value, byteCount: byteCount)
    writer.writeVarint(UInt64(truncatingIfNeeded: byteCount))
  }
  @inlinable package static func read(
    from reader: inout ProtoReader
  ) throws(ProtoDecodingError) -> String {
    try reader.readString()
  }
  /// By bytes, as other runtimes sort: Swift's own order is by Unicode equivalence.
  @usableFromInline package static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
  /// Swift takes "é" for equal to "e" with an accent behind it; the wire does not.
  @usableFromInline package static func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }
}

/// `bytes`
@usableFromInline package enum BytesCodec: FieldCodec {
  @inlinable package static var wireType: UInt32 { 2 }
  @inlinable package static var zero: [UInt8] { [] }
  /// The reference and the header of the storage behind it.
  @inlinable package static var memoryBytes: Int { 48 }
  @inlinable package static func byteCount(_ value: [UInt8]) -> Int {
    Varint.prefixedByteCount(value.count)
  }
  @inlinable package static func write(_ value: [UInt8], into writer: inout ProtoWriter) {
    writer.writeBytes(value)
    writer.writeVarint(UInt64(value.count))
  }
  @inlinable package static func read(
    from reader: inout ProtoReader
  ) throws(ProtoDecodingError) -> [UInt8] {
    try reader.readBytes()
  }
}

/// An enum of the schema. proto3 enums are open: a number without a name is a value like any other.
@usableFromInline package protocol ProtoEnum: RawRepresentable, Sendable, Hashable
where RawValue == Int32 {
  init(rawValue: Int32)
  /// The name in the schema, nil for a number that has none.
  var protoValueName: String? { get }
  /// The numbers of all names of the schema.
  static var protoValues: ProtoNames { get }
  /// True for `google.protobuf.NullValue`, whose JSON is null.
  static var isJSONNull: Bool { get }
}

extension ProtoEnum {
  package static var isJSONNull: Bool { false }
}

/// An enum type
@usableFromInline package enum EnumCodec<E: ProtoEnum>: VarintCodec {
  @inlinable package static var zero: E { E(rawValue: 0) }
  @inlinable package static func bits(_ value: E) -> UInt64 {
    UInt64(bitPattern: Int64(value.rawValue))
  }
  @inlinable package static func value(_ bits: UInt64) -> E {
    E(rawValue: Int32(truncatingIfNeeded: bits))
  }
}

/// A message type
@usableFromInline package enum MessageCodec<M: ProtoMessage>: FieldCodec {
  @inlinable package static var wireType: UInt32 { 2 }
  @inlinable package static var zero: M { M() }
  @inlinable package static func byteCount(_ value: M) -> Int {
    Varint.prefixedByteCount(value.encodedByteCount())
  }
  @inlinable package static func write(_ value: M, into writer: inout ProtoWriter) {
    let before = writer.writtenByteCount
    value.encode(into: &writer)
    writer.writeVarint(UInt64(truncatingIfNeeded: writer.writtenByteCount &- before))
  }
  @inlinable package static func read(
    from reader: inout ProtoReader
  ) throws(ProtoDecodingError) -> M {
    var value = M()
    try merge(into: &value, from: &reader)
    return value
  }
  @inlinable package static func merge(
    into value: inout M, from reader: inout ProtoReader
  ) throws(ProtoDecodingError) {
    let outer = try reader.enterMessage()
    try value.merge(from: &reader)
    reader.leaveMessage(outer)
  }
}
