// The well-known types whose JSON is a form of their own: read, written, and refused at their edges.

import ProtoWire
import Testing
import UsherProtos

private typealias Known = Google.Protobuf

private func read<M: ProtoJSONMessage>(
  _: M.Type, _ text: String, _ options: ProtoJSONOptions = ProtoJSONOptions()
) throws(ProtoJSONError) -> M {
  try M(jsonBytes: Array(text.utf8), options: options)
}

private func complaint<M: ProtoJSONMessage>(
  _: M.Type, _ text: String, _ options: ProtoJSONOptions = ProtoJSONOptions()
) -> ProtoJSONError.Code? {
  do throws(ProtoJSONError) {
    _ = try read(M.self, text, options)
    return nil
  } catch {
    return error.code
  }
}

private func written(_ message: some ProtoJSONMessage) throws(ProtoJSONEncodingError) -> String {
  String(decoding: try message.canonicalJSONBytes(), as: UTF8.self)
}

@Suite struct WellKnownJSONTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0, 0), ("2000-02-29T23:59:59.5Z", 951_868_799, 500_000_000),
      ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
      ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
      ("1970-01-01T05:30:00+05:30", 0, 0), ("1969-12-31T16:00:00.000001-08:00", 0, 1000),
      ("1969-12-31T23:59:59.999Z", -1, 999_000_000),
    ] as [(String, Int64, Int32)]) func times(_ text: String, _ seconds: Int64, _ nanos: Int32)
    throws
  {
    let time = try read(Known.Timestamp.self, "\"\(text)\"")
    #expect(time == Known.Timestamp(seconds: seconds, nanos: nanos))
    #expect(try read(Known.Timestamp.self, written(time)) == time)
  }

  @Test(
    arguments: [
      "", "0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
      "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2023-13-01T00:00:00Z",
      "2023-04-31T00:00:00Z", "2023-00-01T00:00:00Z", "2023-01-00T00:00:00Z",
      "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z", "2023-01-01T00:00:60Z",
      "2023-01-01t00:00:00Z", "2023-01-01T00:00:00z", "2023-01-01 00:00:00Z",
      "2023-01-01T00:00:00", "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00.1234567890Z",
      "2023-01-01T00:00:00+0530", "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00ZZ",
      "10000-01-01T00:00:00Z", "23-01-01T00:00:00Z", "-023-01-01T00:00:00Z",
      "99999999999999999999-01-01T00:00:00Z",
    ]) func textsThatAreNoTime(_ text: String)
  {
    #expect(complaint(Known.Timestamp.self, "\"\(text)\"") == .invalidTimestamp)
  }

  @Test(
    arguments: [
      ("0s", 0, 0), ("1.5s", 1, 500_000_000), ("-1.000000001s", -1, -1), ("-0.5s", 0, -500_000_000),
      ("315576000000s", 315_576_000_000, 0),
      ("-315576000000.999999999s", -315_576_000_000, -999_999_999),
    ] as [(String, Int64, Int32)])
  func durations(_ text: String, _ seconds: Int64, _ nanos: Int32) throws {
    let duration = try read(Known.Duration.self, "\"\(text)\"")
    #expect(duration == Known.Duration(seconds: seconds, nanos: nanos))
    #expect(try read(Known.Duration.self, written(duration)) == duration)
  }

  @Test(
    arguments: [
      "", "s", "1", "1.s", ".5s", "+1s", "1 s", "1.1234567890s", "315576000001s", "1ss", "--1s",
      "9999999999999999999999s", "1e3s",
    ]) func textsThatAreNoDuration(_ text: String)
  {
    #expect(complaint(Known.Duration.self, "\"\(text)\"") == .invalidDuration)
  }

  @Test func fieldMasks() throws {
    let mask = Known.FieldMask(paths: ["show_id", "quote.total_minor"])
    #expect(try read(Known.FieldMask.self, "\"showId,quote.totalMinor\"") == mask)
    #expect(try read(Known.FieldMask.self, "\"\"") == Known.FieldMask())
    #expect(complaint(Known.FieldMask.self, "\"show_id\"") == .invalidFieldMask)
    for path in ["showId", "a__b", "a_3", "_", "a_", "a,b", ""] {
      #expect(throws: ProtoJSONEncodingError.pathWithoutCamelCase, "\(path)") {
        try written(Known.FieldMask(paths: [path]))
      }
    }
  }

  @Test func wrappersAreBareValues() throws {
    #expect(try read(Known.Int64Value.self, "\"5\"") == Known.Int64Value(value: 5))
    #expect(try read(Known.StringValue.self, "\"\"") == Known.StringValue())
    #expect(try read(Known.BoolValue.self, "true") == Known.BoolValue(value: true))
    #expect(try written(Known.UInt64Value(value: .max)) == "\"18446744073709551615\"")
    #expect(complaint(Known.Int32Value.self, "{\"value\":1}") == .wrongKind)
    #expect(complaint(Known.Int32Value.self, "null") == .wrongKind)
  }

  @Test func anyJSON() throws {
    let text = #"{"a":[1.5,"x",null,true,{"b":[]}],"é":{}}"#
    let object = try read(Known.Struct.self, text)
    #expect(try written(object) == text)
    #expect(object.fields["a"]?.kind != nil)
    let value = try read(Known.Value.self, text)
    #expect(value.kind == .structValue(object))
    #expect(try read(Known.Value.self, "null").kind == .nullValue(.nullValue))
    #expect(try read(Known.ListValue.self, "[null]").values.count == 1)
    #expect(complaint(Known.Struct.self, #"{"a":1,"a":1}"#) == .duplicate)
    #expect(complaint(Known.Struct.self, "null") == .wrongKind)
    #expect(complaint(Known.Value.self, "NaN") == .malformed)
    #expect(throws: ProtoJSONEncodingError.numberWithoutForm) {
      try written(Known.Value(kind: .numberValue(.nan)))
    }
  }

  @Test func valuesOutOfRangeHaveNoCanonicalForm() {
    #expect(throws: ProtoJSONEncodingError.timestampOutOfRange) {
      try written(Known.Timestamp(seconds: 253_402_300_800))
    }
    #expect(throws: ProtoJSONEncodingError.durationOutOfRange) {
      try written(Known.Duration(seconds: 1, nanos: -1))
    }
  }
}

@Suite struct AnyJSONTests {
  private static let prefix = "type.googleapis.com/"

  private func holding(_ message: some ProtoJSONMessage) -> Known.Any_ {
    Known.Any_(
      typeUrl: Self.prefix + type(of: message).protoName, value: message.protoBytes())
  }

  @Test func theTypeStandsAnywhere() throws {
    let any = holding(Usher.V1.Money(currencyCode: "INR", minorUnits: 5))
    let url = Self.prefix + "usher.v1.Money"
    let text = "{\"minorUnits\":\"5\",\"@type\":\"\(url)\",\"currencyCode\":\"INR\"}"
    #expect(try read(Known.Any_.self, text) == any)
    #expect(try read(Known.Any_.self, written(any)) == any)
    #expect(try read(Known.Any_.self, "{}") == Known.Any_())
    #expect(try written(Known.Any_()) == "{}")
  }

  @Test func formsOfTheirOwnStandInAMember() throws {
    let any = holding(Known.Duration(seconds: 1))
    let url = Self.prefix + "google.protobuf.Duration"
    #expect(try written(any) == "{\"@type\":\"\(url)\",\"value\":\"1s\"}")
    #expect(try read(Known.Any_.self, "{\"value\":\"1s\",\"@type\":\"\(url)\"}") == any)
    #expect(complaint(Known.Any_.self, "{\"@type\":\"\(url)\"}") == .invalidAny)
    let extra = "{\"@type\":\"\(url)\",\"value\":\"1s\",\"more\":1}"
    #expect(complaint(Known.Any_.self, extra) == .unknownField)
    #expect(try read(Known.Any_.self, extra, ProtoJSONOptions(ignoresUnknown: true)) == any)
    let twice = "{\"@type\":\"\(url)\",\"value\":\"1s\",\"value\":\"1s\"}"
    #expect(complaint(Known.Any_.self, twice) == .duplicate)
  }

  @Test func anyHoldsAny() throws {
    let any = holding(holding(holding(Known.BoolValue(value: true))))
    #expect(try read(Known.Any_.self, written(any)) == any)
    var deep = holding(Known.BoolValue())
    for _ in 0..<20 { deep = holding(deep) }
    #expect(throws: ProtoJSONEncodingError.anyWithoutForm) { try written(deep) }
    let opening = "{\"@type\":\"\(Self.prefix)google.protobuf.Any\",\"value\":"
    let text = String(repeating: opening, count: 17) + "{}" + String(repeating: "}", count: 17)
    #expect(complaint(Known.Any_.self, text) == .tooDeep)
  }

  @Test(
    arguments: [
      (#"{"@type":""}"#, .invalidAny), (#"{"@type":"usher.v1.Money"}"#, .invalidAny),
      (#"{"@type":"a/"}"#, .invalidAny), (#"{"value":1}"#, .invalidAny),
      (#"{"@type":"a/b.C"}"#, .unknownType), (#"{"@type":1}"#, .wrongKind),
      (#"{"@type":"a/usher.v1.Money","@type":"a/usher.v1.Money"}"#, .duplicate),
      (#"{"@type":"a/usher.v1.Money","value":{}}"#, .unknownField),
      (#"{"@type":"a/usher.v1.Money","currencyCode":5}"#, .wrongKind), ("[]", .wrongKind),
    ] as [(String, ProtoJSONError.Code)])
  func refuses(_ text: String, _ code: ProtoJSONError.Code) {
    #expect(complaint(Known.Any_.self, text) == code)
  }

  @Test func whatHasNoFormIsWrittenForTheEye() {
    let unknown = Known.Any_(typeUrl: "a/b.C", value: [1])
    #expect(
      String(decoding: unknown.jsonBytes(), as: UTF8.self) == #"{"@type":"a/b.C","value":"AQ=="}"#)
    #expect(throws: ProtoJSONEncodingError.anyWithoutForm) { try written(unknown) }
    let time = holding(Known.Timestamp(seconds: .max))
    #expect(throws: ProtoJSONEncodingError.timestampOutOfRange) { try written(time) }
  }
}
