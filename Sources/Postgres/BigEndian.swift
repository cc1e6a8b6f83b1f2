// Network byte order for the binary formats of this floor: appending to byte arrays, and a reader
// that answers nil rather than trap when bytes from the server end early.

extension [UInt8] {
  mutating func appendBigEndian<Value: FixedWidthInteger>(_ value: Value) {
    var shift = Value.bitWidth - 8
    while shift >= 0 {
      append(UInt8(truncatingIfNeeded: value >> Value(shift)))
      shift -= 8
    }
  }

  /// Overwrites four bytes at an offset that the caller appended before.
  mutating func putBigEndian(_ value: Int32, at offset: Int) {
    for index in 0..<4 {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> Int32(24 - 8 * index))
    }
  }
}

/// Reads a byte string from front to back. Every read is checked; none traps.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  // SAFETY: the reader must not outlive the closure or call that lent it the buffer; it is made and
  // dropped inside one function in each use.
  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var remaining: Int { bytes.count - offset }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
    let width = MemoryLayout<Value>.size
    guard remaining >= width else { return nil }
    defer { offset += width }
    return Value(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// The next `count` bytes, nil when fewer are left or `count` is negative.
  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, count <= remaining else { return nil }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  /// A string up to its terminating zero byte, which is consumed; nil without one or when the
  /// bytes are not UTF-8.
  mutating func terminatedString() -> String? {
    let rest = bytes[offset...]
    guard let end = rest.firstIndex(of: 0) else { return nil }
    defer { offset = end + 1 }
    return String(validating: rest[..<end], as: UTF8.self)
  }
}
