// The codecs of numbers and booleans, one per protobuf type.

/// Types whose values are varints.
@usableFromInline package protocol VarintCodec: FieldCodec {
  /// The value as it is written.
  static func bits(_ value: Value) -> UInt64
  /// The value that was written; bits beyond its width are dropped, as every runtime does.
  static func value(_ bits: UInt64) -> Value
}

extension VarintCodec {
  @inlinable package static var wireType: UInt32 { 0 }
  @inlinable package static func byteCount(_ value: Value) -> Int { Varint.byteCount(bits(value)) }
  @inlinable package static func write(_ value: Value, into writer: inout ProtoWriter) {
    writer.writeVarint(bits(value))
  }
  @inlinable package static func read(
    from reader: inout ProtoReader
  ) throws(ProtoDecodingError) -> Value {
    value(try reader.readVarint())
  }
}

/// Types whose values take four or eight bytes.
@usableFromInline package protocol FixedCodec: FieldCodec {
  associatedtype Bits: FixedWidthInteger
  /// The value as it is written.
  static func bits(_ value: Value) -> Bits
  /// The value that was written.
  static func value(_ bits: Bits) -> Value
}

extension FixedCodec {
  @inlinable package static var wireType: UInt32 { MemoryLayout<Bits>.size == 4 ? 5 : 1 }
  @inlinable package static func byteCount(_: Value) -> Int { MemoryLayout<Bits>.size }
  @inlinable package static func write(_ value: Value, into writer: inout ProtoWriter) {
    writer.writeFixed(bits(value))
  }
  @inlinable package static func read(
    from reader: inout ProtoReader
  ) throws(ProtoDecodingError) -> Value {
    value(try reader.readFixed(Bits.self))
  }
}

/// `int32`: a negative value takes ten bytes.
@usableFromInline package enum Int32Codec: VarintCodec, KeyCodec {
  @inlinable package static var zero: Int32 { 0 }
  @inlinable package static func bits(_ value: Int32) -> UInt64 { UInt64(bitPattern: Int64(value)) }
  @inlinable package static func value(_ bits: UInt64) -> Int32 { Int32(truncatingIfNeeded: bits) }
}

/// `int64`
@usableFromInline package enum Int64Codec: VarintCodec, KeyCodec {
  @inlinable package static var zero: Int64 { 0 }
  @inlinable package static func bits(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) }
  @inlinable package static func value(_ bits: UInt64) -> Int64 { Int64(bitPattern: bits) }
}

/// `uint32`
@usableFromInline package enum UInt32Codec: VarintCodec, KeyCodec {
  @inlinable package static var zero: UInt32 { 0 }
  @inlinable package static func bits(_ value: UInt32) -> UInt64 { UInt64(value) }
  @inlinable package static func value(_ bits: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: bits)
  }
}

/// `uint64`
@usableFromInline package enum UInt64Codec: VarintCodec, KeyCodec {
  @inlinable package static var zero: UInt64 { 0 }
  @inlinable package static func bits(_ value: UInt64) -> UInt64 { value }
  @inlinable package static func value(_ bits: UInt64) -> UInt64 { bits }
}

/// `sint32`: zigzag, so that small negative values are short.
@usableFromInline package enum SInt32Codec: VarintCodec, KeyCodec {
  @inlinable package static var zero: Int32 { 0 }
  @inlinable package static func bits(_ value: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: (value << 1) ^ (value >> 31)))
  }
  @inlinable package static func value(_ bits: UInt64) -> Int32 {
    let zigzag = UInt32(truncatingIfNeeded: bits)
    return Int32(bitPattern: (zigzag >> 1) ^ (0 &- (zigzag & 1)))
  }
}

/// `sint64`: zigzag, so that small negative values are short.
@usableFromInline package enum SInt64Codec: VarintCodec, KeyCodec {
  @inlinable package static var zero: Int64 { 0 }
  @inlinable package static func bits(_ value: Int64) -> UInt64 {
    UInt64(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }
  @inlinable package static func value(_ bits: UInt64) -> Int64 {
    let zigzag = UInt64(truncatingIfNeeded: bits)
    return Int64(bitPattern: (zigzag >> 1) ^ (0 &- (zigzag & 1)))
  }
}

/// `bool`
@usableFromInline package enum BoolCodec: VarintCodec, KeyCodec {
  @inlinable package static var zero: Bool { false }
  @inlinable package static func bits(_ value: Bool) -> UInt64 { value ? 1 : 0 }
  @inlinable package static func value(_ bits: UInt64) -> Bool { bits != 0 }
  @inlinable package static func precedes(_ left: Bool, _ right: Bool) -> Bool { !left && right }
}

/// `fixed32`
@usableFromInline package enum Fixed32Codec: FixedCodec, KeyCodec {
  @inlinable package static var zero: UInt32 { 0 }
  @inlinable package static func bits(_ value: UInt32) -> UInt32 { value }
  @inlinable package static func value(_ bits: UInt32) -> UInt32 { bits }
}

/// `sfixed32`
@usableFromInline package enum SFixed32Codec: FixedCodec, KeyCodec {
  @inlinable package static var zero: Int32 { 0 }
  @inlinable package static func bits(_ value: Int32) -> Int32 { value }
  @inlinable package static func value(_ bits: Int32) -> Int32 { bits }
}

/// `fixed64`
@usableFromInline package enum Fixed64Codec: FixedCodec, KeyCodec {
  @inlinable package static var zero: UInt64 { 0 }
  @inlinable package static func bits(_ value: UInt64) -> UInt64 { value }
  @inlinable package static func value(_ bits: UInt64) -> UInt64 { bits }
}

/// `sfixed64`
@usableFromInline package enum SFixed64Codec: FixedCodec, KeyCodec {
  @inlinable package static var zero: Int64 { 0 }
  @inlinable package static func bits(_ value: Int64) -> Int64 { value }
  @inlinable package static func value(_ bits: Int64) -> Int64 { bits }
}

/// `float`
@usableFromInline package enum FloatCodec: FixedCodec {
  @inlinable package static var zero: Float { 0 }
  @inlinable package static func bits(_ value: Float) -> UInt32 { value.bitPattern }
  @inlinable package static func value(_ bits: UInt32) -> Float { Float(bitPattern: bits) }
}

/// `double`
@usableFromInline package enum DoubleCodec: FixedCodec {
  @inlinable package static var zero: Double { 0 }
  @inlinable package static func bits(_ value: Double) -> UInt64 { value.bitPattern }
  @inlinable package static func value(_ bits: UInt64) -> Double { Double(bitPattern: bits) }
}
