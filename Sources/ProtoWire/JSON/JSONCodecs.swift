// The JSON form of each protobuf type.

import Bytes

/// A codec that knows the JSON form of its values too.
package protocol JSONCodec: FieldCodec {
  /// True where null is a value rather than the absence of one.
  static var acceptsJSONNull: Bool { get }
  /// Writes one value.
  static func writeJSON(_ value: Value, into json: inout ProtoJSONWriter)
  /// Reads one value; nil for a name that the enum does not have and that is to be ignored.
  static func readJSON(from json: inout ProtoJSONReader) throws(ProtoJSONError) -> Value?
}

extension JSONCodec {
  package static var acceptsJSONNull: Bool { false }
}

/// The types that may be keys of a map: in JSON, names of members.
package protocol JSONKeyCodec: JSONCodec, KeyCodec {
  /// The key that a member's name spells; nil when it spells none.
  static func key(ofJSON name: String) -> Value?
}

extension JSONCodec where Value: FixedWidthInteger {
  /// 64-bit integers are strings: a JavaScript number holds 53 bits.
  package static func writeJSON(_ value: Value, into json: inout ProtoJSONWriter) {
    if Value.bitWidth > 32 { json.string("\(value)") } else { json.literal("\(value)") }
  }

  package static func readJSON(
    from json: inout ProtoJSONReader
  ) throws(ProtoJSONError) -> Value? {
    try json.readInteger(Value.self)
  }
}

extension JSONKeyCodec where Value: FixedWidthInteger {
  package static func key(ofJSON name: String) -> Value? {
    let content = Array(name.utf8)
    guard let number = JSONNumber(prefixOf: content[...]), number.text.endIndex == content.endIndex
    else { return nil }
    return try? number.integer(Value.self)
  }
}

extension JSONCodec where Value: BinaryFloatingPoint & LosslessStringConvertible {
  package static func writeJSON(_ value: Value, into json: inout ProtoJSONWriter) {
    switch true {
    case value.isNaN: json.string("NaN")
    case value.isInfinite: json.string(value < 0 ? "-Infinity" : "Infinity")
    default: json.literal("\(value)")
    }
  }

  package static func readJSON(
    from json: inout ProtoJSONReader
  ) throws(ProtoJSONError) -> Value? {
    if let special: Value = try json.readSpecialNumber() { return special }
    guard let value = try json.readNumberOrText().floatingPoint(Value.self) else {
      throw json.fail(.outOfRange)
    }
    return value
  }
}

extension ProtoJSONReader {
  /// Reads `"NaN"` and its like; nil when something else follows.
  fileprivate mutating func readSpecialNumber<Value: BinaryFloatingPoint>()
    throws(ProtoJSONError) -> Value?
  {
    guard try peek() == .string else { return nil }
    let start = offset
    switch try readString() {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default:
      offset = start
      return nil
    }
  }
}

extension Int32Codec: JSONKeyCodec {}
extension Int64Codec: JSONKeyCodec {}
extension UInt32Codec: JSONKeyCodec {}
extension UInt64Codec: JSONKeyCodec {}
extension SInt32Codec: JSONKeyCodec {}
extension SInt64Codec: JSONKeyCodec {}
extension Fixed32Codec: JSONKeyCodec {}
extension Fixed64Codec: JSONKeyCodec {}
extension SFixed32Codec: JSONKeyCodec {}
extension SFixed64Codec: JSONKeyCodec {}
extension FloatCodec: JSONCodec {}
extension DoubleCodec: JSONCodec {}

extension BoolCodec: JSONKeyCodec {
  package static func writeJSON(_ value: Bool, into json: inout ProtoJSONWriter) {
    json.literal(value ? "true" : "false")
  }

  package static func readJSON(
    from json: inout ProtoJSONReader
  ) throws(ProtoJSONError) -> Bool? {
    try json.readBool()
  }

  package static func key(ofJSON name: String) -> Bool? { Bool(name) }
}

extension StringCodec: JSONKeyCodec {
  package static func writeJSON(_ value: String, into json: inout ProtoJSONWriter) {
    json.string(value)
  }

  package static func readJSON(
    from json: inout ProtoJSONReader
  ) throws(ProtoJSONError) -> String? {
    try json.readString()
  }

  package static func key(ofJSON name: String) -> String? { name }
}

extension BytesCodec: JSONCodec {
  package static func writeJSON(_ value: [UInt8], into json: inout ProtoJSONWriter) {
    json.base64(value)
  }

  /// Either alphabet, padded or not.
  package static func readJSON(
    from json: inout ProtoJSONReader
  ) throws(ProtoJSONError) -> [UInt8]? {
    let text = try json.readString().utf8.map { byte in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: byte
      }
    }
    guard let bytes = Base64.decode(text) else { throw json.fail(.invalidBase64) }
    return bytes
  }
}

extension EnumCodec: JSONCodec {
  package static var acceptsJSONNull: Bool { E.isJSONNull }

  /// By name; a number without a name stays a number.
  package static func writeJSON(_ value: E, into json: inout ProtoJSONWriter) {
    if E.isJSONNull {
      json.literal("null")
    } else if let name = value.protoValueName {
      json.string(name)
    } else {
      json.literal("\(value.rawValue)")
    }
  }

  package static func readJSON(from json: inout ProtoJSONReader) throws(ProtoJSONError) -> E? {
    if E.isJSONNull, try json.takeNull() { return zero }
    guard try json.peek() == .string else {
      guard try json.peek() == .number else { throw json.fail(.wrongKind) }
      return E(rawValue: try json.readInteger(Int32.self))
    }
    if let number = E.protoValues[try json.readString()] { return E(rawValue: number) }
    guard json.ignoresUnknown else { throw json.fail(.unknownEnumValue) }
    return nil
  }
}

extension MessageCodec: JSONCodec where M: ProtoJSONMessage {
  package static var acceptsJSONNull: Bool { M.acceptsJSONNull }

  package static func writeJSON(_ value: M, into json: inout ProtoJSONWriter) {
    value.writeJSON(into: &json)
  }

  package static func readJSON(from json: inout ProtoJSONReader) throws(ProtoJSONError) -> M? {
    var value = M()
    try json.enter()
    try value.readJSON(from: &json)
    json.leave()
    return value
  }
}
