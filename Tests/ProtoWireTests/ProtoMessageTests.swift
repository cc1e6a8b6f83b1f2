// The ways to and from bytes, and the writer's promises.

import ProtoWire
import Testing

@Suite struct ProtoMessageTests {
  @Test func envelopeIsPrefixAndMessage() throws {
    let bytes = [0x0A, 0xAC, 0x02] + [UInt8](repeating: 5, count: 300)
    let message = try Blank(protoBytes: bytes)
    #expect(message.envelope() == [0, 0, 0, 0x01, 0x2F] + bytes)
    #expect(Blank().envelope() == [0, 0, 0, 0, 0])
    #expect(Blank().protoBytes() == [])
  }

  @Test func emptyMemoryIsAnEmptyMessage() throws {
    #expect(try Blank(protoBytes: UnsafeRawBufferPointer(start: nil, count: 0)) == Blank())
  }

  @Test func writesFieldsFromTheLast() {
    let bytes = written(9) { writer in
      writer.field(StringCodec.self, "ab", tag: 26)
      writer.packed(Int32Codec.self, [1, 2], tag: 18)
      writer.writeBytes([0xFF])
    }
    #expect(bytes == [0xFF, 18, 2, 1, 2, 26, 2, 97, 98])
  }

  @Test func mapsAreWrittenInKeyOrder() {
    let entries: [String: UInt32] = ["b": 1, "a": 2, "": 3]
    let byteCount = StringCodec.byteCount(map: entries, UInt32Codec.self, tagByteCount: 1)
    let bytes = written(byteCount) {
      $0.map(StringCodec.self, UInt32Codec.self, entries, tag: 10)
    }
    let expected: [UInt8] =
      [10, 4, 10, 0, 16, 3] + [10, 5, 10, 1, 97, 16, 2] + [10, 5, 10, 1, 98, 16, 1]
    #expect(bytes == expected)
  }

  @Test func packedIsOneValue() {
    #expect(Int32Codec.byteCount(packed: [], tagByteCount: 1) == 0)
    #expect(Int32Codec.byteCount(packed: [1, 300], tagByteCount: 1) == 5)
    #expect(
      written(5) { $0.packed(Int32Codec.self, [1, 300], tag: 10) } == [10, 3, 1, 0xAC, 0x02])
  }

  @Test func aSizePassThatCountsTooLittleTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = written(1) { $0.writeVarint(128) }
    }
  }

  @Test func aSizePassThatCountsTooMuchTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = written(2) { $0.writeVarint(1) }
    }
  }

  /// Around the memory that a writer starts with, and through several rounds of growing.
  @Test func messagesOfAnyLengthAreWhole() throws {
    for payloadCount in Array(2035...2055) + [4090, 5000, 100_000, 1 << 21] {
      let payload = (0..<payloadCount).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let bytes = written(Varint.prefixedByteCount(payloadCount) + 1) {
        $0.field(BytesCodec.self, payload, tag: 10)
      }
      let message = try Blank(protoBytes: bytes)
      #expect(message.protoBytes() == bytes)
      #expect(message.envelope().dropFirst(5).elementsEqual(bytes))
    }
  }

  @Test(
    arguments: [
      (1, [0x08]), (15, [0x78]), (16, [0x80, 0x01]), (2047, [0xF8, 0x7F]),
      (2048, [0x80, 0x80, 0x01]), (536_870_911, [0xF8, 0xFF, 0xFF, 0xFF, 0x0F]),
    ] as [(UInt32, [UInt8])])
  func tagsTakeOneToFiveBytes(_ number: UInt32, _ tag: [UInt8]) {
    let bytes = written(tag.count + 1) { $0.field(BoolCodec.self, true, tag: number << 3) }
    #expect(bytes == tag + [1])
  }

  @Test func budgetsDoNotOverflow() throws {
    var limits = ProtoLimits()
    limits.memoryPerByte = .max
    limits.memoryFloorBytes = .max
    #expect(refusal([0x08, 0x01], limits: limits) == nil)
  }
}
