// Names that Swift, Foundation or the generated code claim: that this compiles is half of the test.

import ProtoWire
import Testing

@Suite struct NameTests {
  @Test func everyFieldHasItsOwnName() {
    let message = V1.Names(
      class: 1, self_: 2, init_: 3, default: 4, unknownFields_: 5, protoName_: 6, encode_: 7,
      merge_: 8, count: 9, value: 10, tag: 11, reader: 12, writer: 13, json: 14, type: 15,
      leading: 16, trailing: 17, doubleUnderscore: 18, x12: 19, uPPERCASE: 20, pascalCase: 21,
      encodedByteCount_: 22, writeJson: 23, renamed: 24, hashValue_: 25, in: 26, earlier: 27,
      payload: .case(32), nested: V1.Names.Payload(number: 33), any: V1.Any_(number: 34),
      string: V1.String(text: "35"), keyword: V1.class_(number: 36),
      metatype: V1.Metatype.Type_(number: 37), verb: .self_, digits: .digits2d,
      selfMessage: V1.Self_(number: 40), everything: V1.Everything(number: 41),
      swift: V1.Swift_(number: 42))
    #expect(message.protoName_ == 6)
    #expect(V1.Names.protoName == "everything.v1.Names")
    #expect(message.class == 1)
    #expect(message.payload == V1.Names.PayloadChoice.case(32))
  }

  @Test func labelsAreEscaped() {
    #expect(V1.Labels(`inout`: 1, let: 2, var: 3).protoBytes() == hex("0801 1002 1803"))
  }

  @Test func enumValuesLoseTheirPrefix() {
    #expect(V1.Color.darkBlue.rawValue == 2)
    #expect(V1.Color.crimson == .red)
    #expect(V1.Color.crimson.protoValueName == "COLOR_RED")
    #expect(V1.Color.smallest.rawValue == .min)
    #expect(V1.Verb.init_.rawValue == 2)
    #expect(V1.Verb.default.rawValue == 3)
    #expect(V1.Verb.rawValue_.protoValueName == "VERB_RAW_VALUE")
    #expect(V1.Verb.none.rawValue == 6)
  }

  @Test func prefixesStayWhereNamesNeedThem() {
    #expect(V1.Digits.digits3d.rawValue == 2)
    #expect(V1.Loose.firstValue.rawValue == 1)
    #expect(V1.Loose.secondValue.rawValue == 2)
  }

  @Test func jsonKeepsTheSchemasNames() {
    let message = V1.Names(class: 1, pascalCase: 2, renamed: 3, payload: .none_(0))
    #expect(
      String(decoding: message.jsonBytes(), as: UTF8.self)
        == #"{"class":1,"PascalCase":2,"a \"quoted\" name":3,"none":0}"#)
  }

  @Test func filesWithoutAPackageStandAtTheTop() {
    let message = Rootless(leaf: V1.Leaf(number: 1), kind: .other)
    #expect(message.protoBytes() == hex("0A 02 0801 10 01"))
    #expect(Rootless.protoName == "Rootless")
  }
}

private typealias String = Swift.String
