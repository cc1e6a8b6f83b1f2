// The wire types of the protobuf encoding and the arithmetic of varints.

/// How a field's value is laid out; the low three bits of a tag (protobuf.dev "Encoding").
@usableFromInline enum WireType: UInt32 {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case startGroup = 3
  case endGroup = 4
  case fixed32 = 5
}

/// Varints: seven bits per byte, the least significant first.
@usableFromInline package enum Varint {
  /// Bytes that the value takes, 1 … 10.
  @inlinable package static func byteCount(_ value: UInt64) -> Int {
    let bitCount = 64 - (value | 1).leadingZeroBitCount
    return (bitCount + 6) / 7
  }

  /// Bytes of a length prefix together with what it measures.
  @inlinable package static func prefixedByteCount(_ byteCount: Int) -> Int {
    self.byteCount(UInt64(byteCount)) + byteCount
  }
}
