// Encodings computed by hand from the protobuf documentation, both ways.

import ProtoWire
import Testing

/// Encodes to exactly these bytes, and decodes from them.
private func check<M: ProtoMessage>(
  _ message: M, _ bytes: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(message.protoBytes() == hex(bytes), sourceLocation: sourceLocation)
  #expect(message.encodedByteCount() == hex(bytes).count, sourceLocation: sourceLocation)
  #expect(try M(protoBytes: hex(bytes)) == message, sourceLocation: sourceLocation)
}

@Suite struct ExactBytesTests {
  @Test func defaultsAreNotWritten() throws {
    try check(V1.Singular(), "")
    try check(V1.Empty(), "")
    try check(V1.Values(), "")
  }

  @Test func singularFields() throws {
    try check(V1.Singular(fDouble: 1), "09 000000000000F03F")
    try check(V1.Singular(fFloat: -2), "15 000000C0")
    try check(V1.Singular(fInt32: 150), "18 9601")
    try check(V1.Singular(fInt32: -1), "18 FFFFFFFFFFFFFFFFFF01")
    try check(V1.Singular(fInt64: -2), "20 FEFFFFFFFFFFFFFFFF01")
    try check(V1.Singular(fUint32: .max), "28 FFFFFFFF0F")
    try check(V1.Singular(fUint64: .max), "30 FFFFFFFFFFFFFFFFFF01")
    try check(V1.Singular(fSint32: -3), "38 05")
    try check(V1.Singular(fSint64: .min), "40 FFFFFFFFFFFFFFFFFF01")
    try check(V1.Singular(fFixed32: 1), "4D 01000000")
    try check(V1.Singular(fFixed64: 1), "51 0100000000000000")
    try check(V1.Singular(fSfixed32: -1), "5D FFFFFFFF")
    try check(V1.Singular(fSfixed64: -1), "61 FFFFFFFFFFFFFFFF")
    try check(V1.Singular(fBool: true), "68 01")
    try check(V1.Singular(fString: "F12"), "72 03 463132")
    try check(V1.Singular(fBytes: [0, 255]), "7A 02 00FF")
    try check(V1.Singular(fColor: .darkBlue), "8001 02")
    try check(V1.Singular(fColor: .negative), "8001 FFFFFFFFFFFFFFFFFF01")
    try check(V1.Singular(fLeaf: V1.Leaf()), "8A01 00")
    try check(V1.Singular(fLeaf: V1.Leaf(number: 7, text: "x")), "8A01 05 0807 120178")
  }

  @Test func negativeZeroIsWritten() throws {
    try check(V1.Singular(fDouble: -0.0, fFloat: -0.0), "09 0000000000000080 15 00000080")
    #expect(V1.Singular(fDouble: 0.0, fFloat: 0.0).protoBytes() == [])
  }

  @Test func presenceIsWritten() throws {
    try check(
      V1.Present(fInt32: 0, fBool: false, fString: "", fBytes: [], fColor: .unspecified),
      "18 00 68 00 72 00 7A 00 8001 00")
    let decoded = try V1.Present(protoBytes: hex("1800"))
    #expect(decoded.fInt32 == 0)
    #expect(decoded.fInt64 == nil)
  }

  @Test func repeatedFieldsArePacked() throws {
    try check(V1.Repeated(fInt32: [1, -1, 0]), "1A 0C 01 FFFFFFFFFFFFFFFFFF01 00")
    try check(V1.Repeated(fDouble: [1]), "0A 08 000000000000F03F")
    try check(V1.Repeated(fBool: [true, false]), "6A 02 0100")
    try check(V1.Repeated(fString: ["", "a"]), "72 00 72 01 61")
    try check(V1.Repeated(fColor: [.red, V1.Color(rawValue: 99)]), "8201 02 01 63")
    try check(V1.Repeated(fLeaf: [V1.Leaf(), V1.Leaf(number: 1)]), "8A01 00 8A01 02 0801")
  }

  @Test func packedFalseIsNotPacked() throws {
    try check(V1.Unpacked(fInt32: [1, 0]), "18 01 18 00")
    try check(V1.Unpacked(fFixed32: [1, 2]), "4D 01000000 4D 02000000")
  }

  @Test func tagsOfOneToFiveBytes() throws {
    try check(
      V1.Numbers(
        oneByte: 1, twoBytes: 1, twoBytesLast: 1, threeBytes: 1, threeBytesLast: 1, fourBytes: 1,
        fourBytesLast: 1, fiveBytes: 1, last: 1, far: ["x"]),
      """
      78 01  8001 01  F87F 01  808001 01  F8FF7F 01  80808001 01  F8FFFF7F 01  8080808001 01
      F2FFFFFF0F 0178  F8FFFFFF0F 01
      """)
  }

  @Test func mapsAreSorted() throws {
    try check(
      V1.Keys(byInt32: [2: "b", -1: "a"], byBool: [true: "t", false: ""]),
      """
      0A 0E 08 FFFFFFFFFFFFFFFFFF01 12 01 61  0A 05 08 02 12 01 62
      5A 04 0800 1200  5A 05 0801 120174
      """)
    try check(
      V1.Values(ofDouble: ["": 0], ofLeaf: ["k": V1.Leaf(number: 1)]),
      "0A 0B 0A00 11 0000000000000000  8A01 07 0A016B 12020801")
  }

  @Test func oneofs() throws {
    try check(V1.Choice(choice: .fInt32(0)), "30 00")
    try check(V1.Choice(choice: .fLeaf(V1.Leaf())), "9202 00")
    try check(
      V1.Choice(before: 1, choice: .fBool(false), between: 2, other: .name(""), behind: 3),
      "08 01 38 02 D001 00 AA06 00 C00C 03")
  }
}
