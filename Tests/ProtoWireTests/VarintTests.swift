// Varints at every boundary, and every way to get one wrong.

import ProtoWire
import Testing

@Suite struct VarintTests {
  static let table: [(UInt64, [UInt8])] = [
    (0, [0]),
    (1, [1]),
    (127, [0x7F]),
    (128, [0x80, 0x01]),
    (300, [0xAC, 0x02]),
    (16_383, [0xFF, 0x7F]),
    (16_384, [0x80, 0x80, 0x01]),
    (0x7FFF_FFFF, [0xFF, 0xFF, 0xFF, 0xFF, 0x07]),
    (0xFFFF_FFFF, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
    (1 << 62, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40]),
    (1 << 63, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
    (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
  ]

  @Test(arguments: table) func writesAndReads(_ value: UInt64, _ bytes: [UInt8]) throws {
    #expect(Varint.byteCount(value) == bytes.count)
    #expect(written(bytes.count) { $0.writeVarint(value) } == bytes)
    let read = try reading(bytes) { reader throws(ProtoDecodingError) in try reader.readVarint() }
    #expect(read == value)
  }

  @Test func countsBytesOfEveryBitWidth() {
    for shift in 0..<64 {
      let value = UInt64(1) << UInt64(shift)
      #expect(Varint.byteCount(value) == shift / 7 + 1)
      #expect(Varint.byteCount(value - 1) == max(1, (shift + 6) / 7))
    }
  }

  @Test func acceptsLongerThanNecessary() throws {
    let read = try reading([0x81, 0x80, 0x80, 0x00]) { reader throws(ProtoDecodingError) in
      try reader.readVarint()
    }
    #expect(read == 1)
  }

  @Test(arguments: table) func refusesEveryTruncation(_ value: UInt64, _ bytes: [UInt8]) {
    for count in 0..<bytes.count {
      #expect(throws: ProtoDecodingError(.truncated, at: 0)) {
        try reading(Array(bytes.prefix(count))) { reader throws(ProtoDecodingError) in
          try reader.readVarint()
        }
      }
    }
  }

  @Test(arguments: [
    [UInt8](repeating: 0x80, count: 10) + [0x00],
    [UInt8](repeating: 0xFF, count: 11),
    [UInt8](repeating: 0x80, count: 9) + [0x02],
    [UInt8](repeating: 0xFF, count: 9) + [0x7F],
  ]) func refusesMoreThan64Bits(_ bytes: [UInt8]) {
    #expect(throws: ProtoDecodingError(.malformedVarint, at: 0)) {
      try reading(bytes) { reader throws(ProtoDecodingError) in try reader.readVarint() }
    }
  }
}
