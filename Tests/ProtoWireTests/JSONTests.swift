// JSON of values and of the well-known types, at the ends of their ranges.

import ProtoWire
import Testing

/// What `body` writes.
private func json(_ body: (inout ProtoJSONWriter) -> Void) -> String {
  var writer = ProtoJSONWriter()
  body(&writer)
  return String(decoding: writer.bytes, as: UTF8.self)
}

@Suite struct JSONTests {
  @Test func commasStandBetween() {
    let text = json { json in
      json.beginObject()
      json.field(Int32Codec.self, 1, name: "a")
      json.repeated(BoolCodec.self, [true, false], name: "b")
      json.repeated(BoolCodec.self, [], name: "absent")
      json.map(SInt64Codec.self, StringCodec.self, [10: "x", 9: "y"], name: "c")
      json.map(BoolCodec.self, DoubleCodec.self, [true: 1, false: -0.0], name: "d")
      json.name("e")
      json.beginArray()
      json.beginObject()
      json.endObject()
      json.literal("null")
      json.endArray()
      json.endObject()
    }
    #expect(
      text == """
        {"a":1,"b":[true,false],"c":{"9":"y","10":"x"},"d":{"false":-0.0,"true":1.0},"e":[{},null]}
        """)
  }

  @Test func stringsAreEscaped() {
    #expect(
      json { $0.string("\"\\\n\r\t\0\u{1F}\u{7F}é🎟") } == #""\"\\\n\r\t\u0000\u001f\u007fé🎟""#)
  }

  @Test(
    arguments: [
      (0x80, #""\u0080""#), (0x9F, #""\u009f""#), (0x61C, #""\u061c""#), (0x200E, #""\u200e""#),
      (0x2028, #""\u2028""#), (0x202E, #""\u202e""#), (0x2066, #""\u2066""#),
      (0x2069, #""\u2069""#),
      // Neighbours, and characters that end with the same bytes.
      (0xA0, "\"\u{A0}\""), (0x61B, "\"\u{61B}\""), (0x200D, "\"\u{200D}\""),
      (0x202F, "\"\u{202F}\""), (0x2065, "\"\u{2065}\""), (0x206A, "\"\u{206A}\""),
      (0x308E, "\"\u{308E}\""), (0x1F02E, "\"\u{1F02E}\""),
    ] as [(UInt32, String)])
  func whatSteersATerminalIsEscaped(_ value: UInt32, _ text: String) throws {
    let scalar = try #require(Unicode.Scalar(value))
    #expect(json { $0.string(String(Character(scalar))) } == text)
  }

  @Test(
    arguments: [
      ([], "\"\""), ([0x66], "\"Zg==\""), ([0x66, 0x6F], "\"Zm8=\""),
      ([0x66, 0x6F, 0x6F], "\"Zm9v\""), ([0xFB, 0xFF], "\"+/8=\""),
    ] as [([UInt8], String)]) func bytesAreBase64(_ bytes: [UInt8], _ text: String)
  {
    #expect(json { $0.base64(bytes) } == text)
  }

  @Test func numbers() {
    #expect(json { Int64Codec.writeJSON(.min, into: &$0) } == "\"-9223372036854775808\"")
    #expect(json { Fixed64Codec.writeJSON(.max, into: &$0) } == "\"18446744073709551615\"")
    #expect(json { UInt32Codec.writeJSON(.max, into: &$0) } == "4294967295")
    #expect(json { DoubleCodec.writeJSON(.nan, into: &$0) } == "\"NaN\"")
    #expect(json { FloatCodec.writeJSON(-.infinity, into: &$0) } == "\"-Infinity\"")
    #expect(json { FloatCodec.writeJSON(0.1, into: &$0) } == "0.1")
    #expect(json { DoubleCodec.writeJSON(1e300, into: &$0) } == "1e+300")
  }

  @Test(
    arguments: [
      (0, 0, "\"1970-01-01T00:00:00Z\""),
      (-1, 999_999_999, "\"1969-12-31T23:59:59.999999999Z\""),
      (951_782_400, 10_000_000, "\"2000-02-29T00:00:00.010Z\""),
      (4_107_542_400, 1_000, "\"2100-03-01T00:00:00.000001Z\""),
      (-62_135_596_800, 0, "\"0001-01-01T00:00:00Z\""),
      (253_402_300_799, 999_999_999, "\"9999-12-31T23:59:59.999999999Z\""),
      (253_402_300_800, 0, "{\"seconds\":\"253402300800\"}"),
      (-62_135_596_801, 5, "{\"seconds\":\"-62135596801\",\"nanos\":5}"),
      (0, -1, "{\"nanos\":-1}"),
      (.max, .max, "{\"seconds\":\"9223372036854775807\",\"nanos\":2147483647}"),
      (.min, .min, "{\"seconds\":\"-9223372036854775808\",\"nanos\":-2147483648}"),
    ] as [(Int64, Int32, String)]) func timestamps(_ seconds: Int64, _ nanos: Int32, _ text: String)
  {
    #expect(json { $0.timestamp(seconds: seconds, nanos: nanos) } == text)
  }

  @Test(
    arguments: [
      (0, 0, "\"0s\""), (1, 500_000_000, "\"1.500s\""), (-1, -1, "\"-1.000000001s\""),
      (0, -500_000, "\"-0.000500s\""),
      (315_576_000_000, 999_999_999, "\"315576000000.999999999s\""),
      (1, -1, "{\"seconds\":\"1\",\"nanos\":-1}"),
      (315_576_000_001, 0, "{\"seconds\":\"315576000001\"}"),
      (.min, .min, "{\"seconds\":\"-9223372036854775808\",\"nanos\":-2147483648}"),
    ] as [(Int64, Int32, String)]) func durations(_ seconds: Int64, _ nanos: Int32, _ text: String)
  {
    #expect(json { $0.duration(seconds: seconds, nanos: nanos) } == text)
  }

  @Test func fieldMasks() {
    #expect(
      json { $0.fieldMask(["show_id", "quote.total_minor"]) } == "\"showId,quote.totalMinor\"")
  }
}
