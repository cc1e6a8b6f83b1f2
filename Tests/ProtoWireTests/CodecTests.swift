// Every scalar codec: known bytes, byte counts, and the way back.

import ProtoWire
import Testing

/// Writes, measures and reads a value.
private func check<F: FieldCodec>(
  _: F.Type, _ value: F.Value, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(F.byteCount(value) == bytes.count, sourceLocation: sourceLocation)
  #expect(
    written(bytes.count) { F.write(value, into: &$0) } == bytes, sourceLocation: sourceLocation)
  let read = try reading(bytes) { reader throws(ProtoDecodingError) in try F.read(from: &reader) }
  #expect(read == value, sourceLocation: sourceLocation)
  for count in 0..<bytes.count {
    #expect(throws: ProtoDecodingError.self, sourceLocation: sourceLocation) {
      try reading(Array(bytes.prefix(count))) { reader throws(ProtoDecodingError) in
        try F.read(from: &reader)
      }
    }
  }
}

@Suite struct CodecTests {
  private let minusOne: [UInt8] = [UInt8](repeating: 0xFF, count: 9) + [0x01]

  @Test func int32() throws {
    try check(Int32Codec.self, 0, [0])
    try check(Int32Codec.self, .max, [0xFF, 0xFF, 0xFF, 0xFF, 0x07])
    // Sign-extended to 64 bits.
    try check(Int32Codec.self, -1, minusOne)
    try check(
      Int32Codec.self, .min, [0x80, 0x80, 0x80, 0x80, 0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
  }

  @Test func int64() throws {
    try check(Int64Codec.self, -1, minusOne)
    try check(Int64Codec.self, .max, [UInt8](repeating: 0xFF, count: 8) + [0x7F])
    try check(Int64Codec.self, .min, [UInt8](repeating: 0x80, count: 9) + [0x01])
  }

  @Test func unsigned() throws {
    try check(UInt32Codec.self, .max, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
    try check(UInt64Codec.self, .max, minusOne)
  }

  @Test func zigzag() throws {
    try check(SInt32Codec.self, 0, [0])
    try check(SInt32Codec.self, -1, [1])
    try check(SInt32Codec.self, 1, [2])
    try check(SInt32Codec.self, -64, [0x7F])
    try check(SInt32Codec.self, 64, [0x80, 0x01])
    try check(SInt32Codec.self, .max, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F])
    try check(SInt32Codec.self, .min, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
    try check(SInt64Codec.self, .min, minusOne)
    try check(SInt64Codec.self, .max, [0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01])
  }

  @Test func fixed() throws {
    try check(Fixed32Codec.self, 0x0102_0304, [4, 3, 2, 1])
    try check(SFixed32Codec.self, -2, [0xFE, 0xFF, 0xFF, 0xFF])
    try check(Fixed64Codec.self, 0x0102_0304_0506_0708, [8, 7, 6, 5, 4, 3, 2, 1])
    try check(SFixed64Codec.self, .min, [0, 0, 0, 0, 0, 0, 0, 0x80])
  }

  @Test func floatingPoint() throws {
    try check(FloatCodec.self, 1.5, [0, 0, 0xC0, 0x3F])
    try check(DoubleCodec.self, -0.0, [0, 0, 0, 0, 0, 0, 0, 0x80])
    try check(DoubleCodec.self, .infinity, [0, 0, 0, 0, 0, 0, 0xF0, 0x7F])
    let quiet: [UInt8] = [1, 2, 3, 4, 5, 6, 0xF8, 0x7F]
    let nan = try reading(quiet) { reader throws(ProtoDecodingError) in
      try DoubleCodec.read(from: &reader)
    }
    #expect(written(8) { DoubleCodec.write(nan, into: &$0) } == quiet)
  }

  @Test func bool() throws {
    try check(BoolCodec.self, false, [0])
    try check(BoolCodec.self, true, [1])
    // Any number but zero is true; so say all runtimes.
    let read = try reading([0x80, 0x02]) { reader throws(ProtoDecodingError) in
      try BoolCodec.read(from: &reader)
    }
    #expect(read)
  }

  @Test func narrowTypesDropHighBits() throws {
    let bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    let signed = try reading(bytes) { reader throws(ProtoDecodingError) in
      try Int32Codec.read(from: &reader)
    }
    let unsigned = try reading(bytes) { reader throws(ProtoDecodingError) in
      try UInt32Codec.read(from: &reader)
    }
    #expect(signed == -1)
    #expect(unsigned == .max)
  }

  @Test func lengthDelimited() throws {
    try check(StringCodec.self, "", [0])
    try check(StringCodec.self, "é🎟", [6, 0xC3, 0xA9, 0xF0, 0x9F, 0x8E, 0x9F])
    try check(StringCodec.self, "\0", [1, 0])
    try check(BytesCodec.self, [0xFF, 0x00], [2, 0xFF, 0x00])
    let long = [UInt8](repeating: 7, count: 200)
    try check(BytesCodec.self, long, [0xC8, 0x01] + long)
  }

  @Test(
    arguments: [
      [0x80], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF],
      [0x61, 0xE2, 0x82], [0xEF, 0xBF, 0xBD, 0xFE],
    ] as [[UInt8]]) func refusesInvalidUTF8(_ text: [UInt8])
  {
    #expect(throws: ProtoDecodingError(.invalidUTF8, at: 0)) {
      try reading([UInt8(text.count)] + text) { reader throws(ProtoDecodingError) in
        try StringCodec.read(from: &reader)
      }
    }
  }

  @Test func stringKeysSortByBytes() {
    // U+FFFD has smaller bytes than U+10000; by UTF-16 it would be larger.
    #expect(StringCodec.precedes("\u{FFFD}", "\u{10000}"))
    #expect(StringCodec.precedes("a", "aa"))
    #expect(StringCodec.precedes("e\u{301}", "é"))
    #expect(!StringCodec.precedes("a", "a"))
    #expect(!StringCodec.isSame("é", "e\u{301}"))
    #expect(BoolCodec.precedes(false, true))
    #expect(!BoolCodec.precedes(true, true))
    #expect(SInt32Codec.precedes(-1, 0))
  }
}
