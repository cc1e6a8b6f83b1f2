// What proto3 says of messages that no encoder of ours would write.

import ProtoWire
import Testing

@Suite struct SemanticsTests {
  @Test func lastOneWins() throws {
    #expect(try V1.Singular(protoBytes: hex("18 01 18 02")).fInt32 == 2)
    #expect(try V1.Singular(protoBytes: hex("18 01 18 00")) == V1.Singular())
    #expect(try V1.Singular(protoBytes: hex("7201 61 7200")).fString == "")
    #expect(try V1.Present(protoBytes: hex("18 01 18 00")).fInt32 == 0)
  }

  @Test func fieldsComeInAnyOrder() throws {
    let message = try V1.Leaf(protoBytes: hex("12 01 61 08 07"))
    #expect(message == V1.Leaf(number: 7, text: "a"))
    #expect(message.protoBytes() == hex("08 07 12 01 61"))
  }

  @Test func messagesMerge() throws {
    let message = try V1.Singular(protoBytes: hex("8A01 02 0807 8A01 03 120178 8A01 00"))
    #expect(message.fLeaf == V1.Leaf(number: 7, text: "x"))
  }

  @Test func mergingAppendsAndReplaces() throws {
    var message = V1.Repeated(fInt32: [1], fString: ["a"])
    let more = V1.Repeated(fInt32: [2], fString: ["b"]).protoBytes()
    try more.span.bytes.withUnsafeBytes { memory throws(ProtoDecodingError) in
      var reader = ProtoReader(memory)
      try message.merge(from: &reader)
    }
    #expect(message == V1.Repeated(fInt32: [1, 2], fString: ["a", "b"]))
  }

  @Test func packedAndUnpackedAreOneField() throws {
    // Packed, single, packed, empty.
    let bytes = hex("1A 02 0102 18 03 1A 01 04 1A 00")
    #expect(try V1.Repeated(protoBytes: bytes).fInt32 == [1, 2, 3, 4])
    #expect(try V1.Unpacked(protoBytes: bytes).fInt32 == [1, 2, 3, 4])
    #expect(try V1.Unpacked(protoBytes: bytes).protoBytes() == hex("1801 1802 1803 1804"))
  }

  @Test func theLastMemberOfAOneofWins() throws {
    let bytes = hex("30 05 9202 02 0801")
    #expect(try V1.Choice(protoBytes: bytes).choice == .fLeaf(V1.Leaf(number: 1)))
    // A member that comes back merges only with what is there still.
    let again = hex("9202 02 0801 30 05 9202 03 120178")
    #expect(try V1.Choice(protoBytes: again).choice == .fLeaf(V1.Leaf(text: "x")))
    let merged = hex("9202 02 0801 9202 03 120178")
    #expect(try V1.Choice(protoBytes: merged).choice == .fLeaf(V1.Leaf(number: 1, text: "x")))
    let other = hex("30 05 AA06 01 61")
    #expect(try V1.Choice(protoBytes: other) == V1.Choice(choice: .fInt32(5), other: .name("a")))
  }

  @Test func mapEntriesHaveDefaults() throws {
    #expect(try V1.Keys(protoBytes: hex("0A 00")).byInt32 == [0: ""])
    #expect(try V1.Keys(protoBytes: hex("0A 02 0805")).byInt32 == [5: ""])
    #expect(try V1.Keys(protoBytes: hex("0A 03 120161")).byInt32 == [0: "a"])
    #expect(try V1.Values(protoBytes: hex("8A01 00")).ofLeaf == ["": V1.Leaf()])
    // Written out, both are there.
    #expect(try V1.Keys(protoBytes: hex("0A 00")).protoBytes() == hex("0A 04 0800 1200"))
  }

  @Test func mapEntriesInDisorder() throws {
    // The value first; a key twice; a field that entries do not have; a wrong wire type.
    let bytes = hex("0A 0E 120161 0801 0802 1805 0D01020304")
    #expect(try V1.Keys(protoBytes: bytes).byInt32 == [2: "a"])
    let same = hex("0A 05 0801 120161 0A 05 0801 120162")
    #expect(try V1.Keys(protoBytes: same).byInt32 == [1: "b"])
    let merged = hex("8A01 0B 12020801 1203120178 0A00")
    #expect(try V1.Values(protoBytes: merged).ofLeaf == ["": V1.Leaf(number: 1, text: "x")])
  }

  @Test func equivalentKeysAreBothKept() throws {
    // "é", and "e" with an accent behind it: one key to Swift, two to everyone else.
    let both = hex("72 07 0A02C3A9 120131 72 07 0A0365CC81 1200")
    #expect(try V1.Values(protoBytes: both).protoBytes() == both)
  }

  @Test func unknownEnumNumbersStay() throws {
    let message = try V1.Singular(protoBytes: hex("8001 63"))
    #expect(message.fColor.rawValue == 99)
    #expect(message.fColor.protoValueName == nil)
    #expect(message.unknownFields.isEmpty)
    #expect(message.protoBytes() == hex("8001 63"))
  }

  @Test func wrongWireTypesAreUnknownFields() throws {
    // An int32 as fixed32, a string as varint, a message as fixed64, a double as length-delimited.
    let bytes = hex("1D 01020304 70 05 8901 0102030405060708 0A 01 00")
    let message = try V1.Singular(protoBytes: bytes)
    #expect(
      message
        == {
          var expected = V1.Singular()
          expected.unknownFields = message.unknownFields
          return expected
        }())
    #expect(message.protoBytes() == bytes)
    // A string field has no packed form.
    #expect(try V1.Repeated(protoBytes: hex("70 05")).unknownFields.bytes == hex("70 05"))
  }

  @Test func unknownFieldsStandBehind() throws {
    let message = try V1.Leaf(protoBytes: hex("18 05 08 01 1B 1C 12 01 61"))
    #expect(message.unknownFields.bytes == hex("18 05 1B 1C"))
    #expect(message.protoBytes() == hex("08 01 12 01 61 18 05 1B 1C"))
    let outer = try V1.Singular(protoBytes: hex("8A01 02 1805"))
    #expect(outer.fLeaf?.unknownFields.bytes == hex("18 05"))
  }

  @Test func recursiveFieldsAreValues() throws {
    var node = V1.Node(value: 1, next: V1.Node(value: 2, next: V1.Node(value: 3)))
    let copy = node
    node.next?.next?.value = 4
    #expect(copy.next?.next?.value == 3)
    #expect(node.next?.next?.value == 4)
    #expect(node.protoBytes() == hex("0801 12 06 0802 12 02 0804"))
    let merged = try V1.Node(protoBytes: hex("12 02 0802 12 04 12 02 0803 3A 00"))
    #expect(merged == V1.Node(next: V1.Node(value: 2, next: V1.Node(value: 3)), spare: V1.Node()))
    let left = try V1.Node(protoBytes: hex("2A 02 0801 2A 02 2A00"))
    #expect(left.link == .left(V1.Node(value: 1, link: .left(V1.Node()))))
    #expect(
      V1.Ping(pong: V1.Pong(ping: V1.Ping(numbers: [1]))).protoBytes() == hex("0A050A03120101"))
  }

  @Test func nanIsKeptBitForBit() throws {
    let bytes = hex("09 010000000000F87F 15 0100C07F")
    #expect(try V1.Singular(protoBytes: bytes).protoBytes() == bytes)
  }
}
