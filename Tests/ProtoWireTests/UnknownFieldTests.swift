// Fields without a schema: kept byte for byte, skipped within bounds, refused when they are broken.

import ProtoWire
import Testing

@Suite struct UnknownFieldTests {
  @Test(
    arguments: [
      [],
      // One of each wire type.
      [0x08, 0x96, 0x01],
      [0x09, 1, 2, 3, 4, 5, 6, 7, 8],
      [0x0A, 0x02, 0xFF, 0xFE],
      [0x0D, 1, 2, 3, 4],
      [0x0B, 0x0C],
      // A group with fields and a group inside.
      [0x0B, 0x08, 0x01, 0x13, 0x1A, 0x01, 0x00, 0x14, 0x0C],
      // Varints longer than necessary stay as they came, in tags too.
      [0x88, 0x80, 0x00, 0x81, 0x00],
      // The largest field number.
      [0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 0x00],
    ] as [[UInt8]]) func keepsBytes(_ bytes: [UInt8]) throws
  {
    let message = try Blank(protoBytes: bytes)
    #expect(message.unknownFields.bytes == bytes)
    #expect(message.unknownFields.isEmpty == bytes.isEmpty)
    #expect(message.protoBytes() == bytes)
  }

  @Test(
    arguments: [
      ("field number 0", [0x00], .invalidFieldNumber, 0),
      ("field number 0 with a length", [0x08, 0x01, 0x02, 0x00], .invalidFieldNumber, 2),
      ("wire type 6", [0x0E], .invalidWireType, 0),
      ("wire type 7", [0x08, 0x01, 0x0F], .invalidWireType, 2),
      ("a tag of 33 bits", [0xF8, 0xFF, 0xFF, 0xFF, 0x1F, 0x00], .malformedVarint, 0),
      ("a tag of eleven bytes", [UInt8](repeating: 0x80, count: 10) + [0x01], .malformedVarint, 0),
      ("a tag cut off", [0x80], .truncated, 0),
      ("no value", [0x08], .truncated, 1),
      ("a varint cut off", [0x08, 0xFF], .truncated, 1),
      ("seven bytes of eight", [0x09, 1, 2, 3, 4, 5, 6, 7], .truncated, 1),
      ("three bytes of four", [0x0D, 1, 2, 3], .truncated, 1),
      ("no length", [0x0A], .truncated, 1),
      ("a length beyond the end", [0x0A, 0x02, 0x00], .truncated, 1),
      ("2 GiB", [0x0A, 0x80, 0x80, 0x80, 0x80, 0x08], .lengthTooLarge, 1),
      ("2⁶⁴ − 1 bytes", [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01], .lengthTooLarge, 1),
      ("2 GiB less one", [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], .truncated, 1),
      ("a group without an end", [0x0B], .truncated, 1),
      ("a group whose field is cut off", [0x0B, 0x08], .truncated, 2),
      ("an end without a group", [0x0C], .mismatchedGroup, 0),
      ("another group's end", [0x0B, 0x14], .mismatchedGroup, 1),
      ("groups that overlap", [0x0B, 0x13, 0x0C, 0x14], .mismatchedGroup, 2),
    ] as [(String, [UInt8], ProtoDecodingError.Code, Int)])
  func refuses(_ what: String, _ bytes: [UInt8], _ code: ProtoDecodingError.Code, _ offset: Int) {
    #expect(refusal(bytes) == ProtoDecodingError(code, at: offset), "\(what)")
  }

  @Test func groupsNestToTheLimit() {
    func nested(_ depth: Int) -> [UInt8] {
      [UInt8](repeating: 0x0B, count: depth) + [UInt8](repeating: 0x0C, count: depth)
    }
    #expect(refusal(nested(100)) == nil)
    #expect(refusal(nested(101)) == ProtoDecodingError(.tooDeep, at: 100))
    #expect(refusal([UInt8](repeating: 0x0B, count: 1_000_000))?.code == .tooDeep)
  }

  @Test func errorsSayWhereAndNotWhat() {
    #expect(
      "\(ProtoDecodingError(.invalidUTF8, at: 17))"
        == "invalid protobuf at byte 17: a string is not UTF-8")
  }
}
