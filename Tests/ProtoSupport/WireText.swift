// The protobuf encoding in its plainest form, for making test data. It shares no code with ProtoWire,
// so that a mistake there cannot hide here.

/// Pieces of encoded messages.
package enum WireText {
  package static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest > 127 {
      bytes.append(UInt8(rest % 128) + 128)
      rest /= 128
    }
    return bytes + [UInt8(rest)]
  }

  package static func tag(_ number: Int32, _ wireType: UInt64) -> [UInt8] {
    varint(UInt64(number) * 8 + wireType)
  }

  package static func fixed(_ value: UInt64, byteCount: Int) -> [UInt8] {
    (0..<byteCount).map { UInt8(value / (1 << (8 * UInt64($0))) % 256) }
  }

  package static func prefixed(_ bytes: [UInt8]) -> [UInt8] { varint(UInt64(bytes.count)) + bytes }

  package static func lengthDelimited(_ number: Int32, _ bytes: [UInt8]) -> [UInt8] {
    tag(number, 2) + prefixed(bytes)
  }
}
