// What proto3 says of JSON that no writer of ours would write, and what is refused where.

import ProtoWire
import Testing

/// The message that the text is.
private func read<M: ProtoJSONMessage>(
  _: M.Type, _ text: String, _ options: ProtoJSONOptions = ProtoJSONOptions()
) throws(ProtoJSONError) -> M {
  try M(jsonBytes: Array(text.utf8), options: options)
}

/// The error that reading the text gives, nil when it gives none.
private func complaint<M: ProtoJSONMessage>(
  _: M.Type, _ text: String, _ options: ProtoJSONOptions = ProtoJSONOptions()
) -> ProtoJSONError? {
  do throws(ProtoJSONError) {
    _ = try read(M.self, text, options)
    return nil
  } catch {
    return error
  }
}

@Suite struct JSONReadingTests {
  @Test func fieldsGoByEitherName() throws {
    let message = V1.Leaf(number: 7, text: "x")
    #expect(try read(V1.Leaf.self, "\t{ \"text\":\"x\",\r\n\"number\" : 7 } ") == message)
    #expect(try read(V1.Singular.self, #"{"fInt32":1,"f_int64":"2"}"#).fInt32 == 1)
    #expect(try read(V1.Singular.self, #"{"fInt32":1,"f_int64":"2"}"#).fInt64 == 2)
  }

  @Test(
    arguments: [
      ("2147483647", 2_147_483_647), ("-2147483648", .min), ("1e5", 100_000), ("1.0", 1),
      ("\"-12\"", -12), ("\"1e2\"", 100), ("1230E-1", 123), ("0.00", 0), ("-0", 0),
      ("2147483647.000", .max), ("0e999999999999999999999", 0),
    ] as [(String, Int32)]) func integersAreExact(_ text: String, _ value: Int32) throws
  {
    #expect(try read(V1.Singular.self, "{\"fInt32\":\(text)}").fInt32 == value)
  }

  @Test(
    arguments: [
      ("0.5", .notAnInteger), ("1e-1", .notAnInteger), ("2147483648", .outOfRange),
      ("-2147483649", .outOfRange), ("1e999999999999999999999", .outOfRange),
      ("01", .malformed), ("+1", .malformed), ("1.", .malformed), (".5", .malformed),
      ("1e", .malformed), ("-", .malformed), ("\"\"", .wrongKind), ("\" 1\"", .wrongKind),
      ("\"1x\"", .wrongKind), ("true", .wrongKind), ("{}", .wrongKind), ("[1]", .wrongKind),
      ("nulx", .malformed), ("NaN", .malformed), ("0x1", .malformed),
    ] as [(String, ProtoJSONError.Code)])
  func numbersThatAreNone(_ text: String, _ code: ProtoJSONError.Code) {
    #expect(complaint(V1.Singular.self, "{\"fInt32\":\(text) }")?.code == code)
  }

  @Test func integersOfAllWidths() throws {
    let text = #"{"fUint64":18446744073709551615,"fInt64":-9223372036854775808}"#
    let message = try read(V1.Singular.self, text)
    #expect(message.fUint64 == .max)
    #expect(message.fInt64 == .min)
    #expect(complaint(V1.Singular.self, #"{"fUint64":"-1"}"#)?.code == .outOfRange)
    #expect(
      complaint(V1.Singular.self, #"{"fUint64":18446744073709551616}"#)?.code == .outOfRange)
    #expect(
      complaint(V1.Singular.self, #"{"fUint64":100000000000000000000000}"#)?.code == .outOfRange)
  }

  @Test func floatingPoint() throws {
    let text = #"{"fDouble":"-Infinity","fFloat":"3.4028235e38"}"#
    #expect(try read(V1.Singular.self, text).fDouble == -.infinity)
    #expect(try read(V1.Singular.self, text).fFloat == .greatestFiniteMagnitude)
    #expect(try read(V1.Singular.self, #"{"fDouble":"NaN"}"#).fDouble.isNaN)
    #expect(try read(V1.Singular.self, #"{"fDouble":-0}"#).fDouble.sign == .minus)
    #expect(try read(V1.Singular.self, #"{"fDouble":1e-400}"#).fDouble == 0)
    for beyond in ["1e309", "-1e309"] {
      #expect(complaint(V1.Singular.self, "{\"fDouble\":\(beyond)}")?.code == .outOfRange)
    }
    #expect(complaint(V1.Singular.self, #"{"fFloat":3.5e38}"#)?.code == .outOfRange)
    for name in ["nan", "inf", "+Infinity", "infinity", "0x1p3"] {
      #expect(complaint(V1.Singular.self, "{\"fDouble\":\"\(name)\"}")?.code == .wrongKind)
    }
  }

  @Test(
    arguments: [
      (#""\u00e9\u0041""#, "éA"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
      (#""\ud83c\udf9f""#, "🎟"), (#""\u0000""#, "\0"), ("\"\u{7F}é\"", "\u{7F}é"),
    ]) func escapes(_ text: String, _ value: String) throws
  {
    #expect(try read(V1.Leaf.self, "{\"text\":\(text)}").text == value)
  }

  @Test(
    arguments: [
      (#""\ud83c""#, .invalidEscape), (#""\udf9f\ud83c""#, .invalidEscape),
      (#""\ud83cx""#, .invalidEscape), (#""\ud83c\u0041""#, .invalidEscape),
      (#""\u12g4""#, .invalidEscape), (#""\x""#, .invalidEscape), (#""\'""#, .invalidEscape),
      ("\"\n\"", .controlCharacter), ("\"\0\"", .controlCharacter), ("'a'", .malformed),
      ("7", .wrongKind),
    ] as [(String, ProtoJSONError.Code)])
  func stringsThatAreNone(_ text: String, _ code: ProtoJSONError.Code) {
    #expect(complaint(V1.Leaf.self, "{\"text\":\(text)}")?.code == code)
  }

  @Test func textsThatAreNotUTF8() {
    for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE9]] as [[UInt8]] {
      let text = Array("{\"text\":\"a".utf8) + bytes + Array("\"}".utf8)
      let error = #expect(throws: ProtoJSONError.self) { try V1.Leaf(jsonBytes: text) }
      #expect(error?.code == .invalidUTF8)
      #expect(error?.byteOffset == 10)
    }
  }

  @Test func bytesAreBase64OfEitherAlphabet() throws {
    for text in ["+/8=", "+/8", "-_8=", "-_8"] {
      #expect(try read(V1.Singular.self, "{\"fBytes\":\"\(text)\"}").fBytes == [0xFB, 0xFF])
    }
    for text in ["?", "A", "AA=A", "AA===", "A A="] {
      #expect(complaint(V1.Singular.self, "{\"fBytes\":\"\(text)\"}")?.code == .invalidBase64)
    }
  }

  @Test func enumsGoByNameAndNumber() throws {
    #expect(try read(V1.Singular.self, #"{"fColor":"COLOR_CRIMSON"}"#).fColor == .red)
    #expect(try read(V1.Singular.self, #"{"fColor":-1}"#).fColor == .negative)
    #expect(try read(V1.Singular.self, #"{"fColor":77}"#).fColor.rawValue == 77)
    #expect(complaint(V1.Singular.self, #"{"fColor":"RED"}"#)?.code == .unknownEnumValue)
    #expect(complaint(V1.Singular.self, #"{"fColor":2147483648}"#)?.code == .outOfRange)
    #expect(complaint(V1.Singular.self, #"{"fColor":true}"#)?.code == .wrongKind)
  }

  @Test func nullIsAbsence() throws {
    let text = #"{"fInt32":null,"fString":null,"fLeaf":null,"fColor":null}"#
    #expect(try read(V1.Present.self, text) == V1.Present())
    #expect(try read(V1.Singular.self, text) == V1.Singular())
    #expect(try read(V1.Repeated.self, text) == V1.Repeated())
    #expect(try read(V1.Keys.self, #"{"byInt32":null}"#) == V1.Keys())
    #expect(try read(V1.Choice.self, #"{"fInt32":null,"fBool":true}"#).choice == .fBool(true))
    #expect(complaint(V1.Repeated.self, #"{"fInt32":[1,null]}"#)?.code == .nullElement)
    #expect(complaint(V1.Repeated.self, #"{"fLeaf":[null]}"#)?.code == .nullElement)
    #expect(complaint(V1.Keys.self, #"{"byInt32":{"1":null}}"#)?.code == .nullElement)
    #expect(complaint(V1.Leaf.self, "null")?.code == .wrongKind)
  }

  @Test(
    arguments: [
      #"{"fInt32":1,"fInt32":1}"#, #"{"fInt32":1,"f_int32":1}"#, #"{"fInt32":null,"fInt32":1}"#,
    ]) func fieldsStandOnce(_ text: String)
  {
    #expect(complaint(V1.Singular.self, text)?.code == .duplicate)
  }

  @Test func oneofsHaveOneMember() {
    let text = #"{"fInt32":1,"fBool":true}"#
    #expect(complaint(V1.Choice.self, text)?.code == .duplicateOneof)
    #expect(complaint(V1.Choice.self, #"{"fInt32":1,"name":"a"}"#) == nil)
  }

  @Test func mapKeysAreNames() throws {
    let text = #"{"byInt32":{"-5":"a","1e1":"b"},"byUint64":{"18446744073709551615":"c"}}"#
    let message = try read(V1.Keys.self, text)
    #expect(message.byInt32 == [-5: "a", 10: "b"])
    #expect(message.byUint64 == [.max: "c"])
    #expect(try read(V1.Keys.self, #"{"byBool":{"true":"t"}}"#).byBool == [true: "t"])
    #expect(complaint(V1.Keys.self, #"{"byBool":{"True":"t"}}"#)?.code == .invalidKey)
    #expect(complaint(V1.Keys.self, #"{"byInt32":{"":"t"}}"#)?.code == .invalidKey)
    #expect(complaint(V1.Keys.self, #"{"byUint32":{"-1":"t"}}"#)?.code == .invalidKey)
    #expect(complaint(V1.Keys.self, #"{"byInt32":{"1":"","1.0":""}}"#)?.code == .duplicate)
    #expect(complaint(V1.Keys.self, #"{"byString":{"a":"","\u0061":""}}"#)?.code == .duplicate)
  }

  @Test func unknownNamesMayBePassedOver() throws {
    let text = #"{"new":[{"a":[1,"x",null,true,{}]}],"number":7}"#
    #expect(complaint(V1.Leaf.self, text)?.code == .unknownField)
    let lenient = ProtoJSONOptions(ignoresUnknown: true)
    #expect(try read(V1.Leaf.self, text, lenient) == V1.Leaf(number: 7))
    // What is passed over must be JSON all the same.
    for broken in [#"{"new":[1,]}"#, #"{"new":{"a"}}"#, #"{"new":01}"#, #"{"new":"\q"}"#] {
      #expect(complaint(V1.Leaf.self, broken, lenient) != nil, "\(broken)")
    }
    let colors = #"{"fColor":["COLOR_NEW","COLOR_RED"]}"#
    #expect(try read(V1.Repeated.self, colors, lenient).fColor == [.red])
    let map = #"{"ofColor":{"a":"COLOR_NEW","b":"COLOR_RED"}}"#
    #expect(try read(V1.Values.self, map, lenient).ofColor == ["b": .red])
    #expect(try read(V1.Choice.self, #"{"fColor":"COLOR_NEW"}"#, lenient).choice == nil)
  }

  @Test(
    arguments: [
      ("", .truncated), ("{", .truncated), ("{}x", .trailingText), ("{}{}", .trailingText),
      ("{,}", .malformed), (#"{"number":1,}"#, .malformed), (#"{"number" 1}"#, .malformed),
      (#"{"number":1 "text":""}"#, .malformed), ("{number:1}", .malformed),
      (#"{"number":1"#, .truncated), (#"{"text":"a"#, .truncated), (#"{"text":"\"#, .truncated),
      ("[]", .wrongKind), ("7", .wrongKind), ("\u{FEFF}{}", .malformed), ("/**/{}", .malformed),
    ] as [(String, ProtoJSONError.Code)])
  func textsThatAreNoObject(_ text: String, _ code: ProtoJSONError.Code) {
    #expect(complaint(V1.Leaf.self, text)?.code == code)
  }

  @Test func errorsSayWhere() {
    let error = complaint(V1.Leaf.self, "{\"text\":\"é🎟\",\n  \"é\": 1}")
    #expect(error?.code == .unknownField)
    #expect(error?.byteOffset == 20)
    #expect(error?.line == 2)
    #expect(error?.column == 3)
    #expect(
      error.map(String.init(describing:))
        == "invalid JSON at 2:3: a field that the message does not have")
    #expect(complaint(V1.Leaf.self, "{\"text\":\"é\" 1}")?.column == 13)
  }

  @Test func nestingHasALimit() {
    func nested(_ depth: Int) -> String {
      String(repeating: #"{"next":"#, count: depth) + "{}" + String(repeating: "}", count: depth)
    }
    var options = ProtoJSONOptions()
    options.limits.depth = 6
    #expect(complaint(V1.Node.self, nested(6), options) == nil)
    #expect(complaint(V1.Node.self, nested(7), options)?.code == .tooDeep)
    #expect(complaint(V1.Node.self, nested(100_000))?.code == .tooDeep)
    // Two for each entry of a map, as in the encoding.
    func mapped(_ depth: Int) -> String {
      String(repeating: #"{"byName":{"":"#, count: depth) + "{}"
        + String(repeating: "}}", count: depth)
    }
    #expect(complaint(V1.Node.self, mapped(3), options) == nil)
    #expect(complaint(V1.Node.self, mapped(4), options)?.code == .tooDeep)
    let brackets = #"{"new":"# + String(repeating: "[", count: 100_000)
    #expect(
      complaint(V1.Node.self, brackets, ProtoJSONOptions(ignoresUnknown: true))?.code == .tooDeep)
  }

  @Test func elementsHaveABudget() {
    var options = ProtoJSONOptions()
    options.limits.memoryFloorBytes = 0
    options.limits.memoryPerByte = 1
    let text = #"{"fLeaf":["# + Array(repeating: "{}", count: 100).joined(separator: ",") + "]}"
    #expect(complaint(V1.Repeated.self, text, options)?.code == .tooManyElements)
    #expect(complaint(V1.Repeated.self, text) == nil)
  }
}
