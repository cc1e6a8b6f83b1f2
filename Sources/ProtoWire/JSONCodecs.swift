// The JSON form of each protobuf type.

/// A codec that knows the JSON form of its values too.
package protocol JSONCodec: FieldCodec {
  /// Writes one value.
  static func writeJSON(_ value: Value, into json: inout ProtoJSONWriter)
}

extension JSONCodec where Value: FixedWidthInteger {
  /// 64-bit integers are strings: a JavaScript number holds 53 bits.
  package static func writeJSON(_ value: Value, into json: inout ProtoJSONWriter) {
    if Value.bitWidth > 32 { json.string("\(value)") } else { json.literal("\(value)") }
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
}

extension Int32Codec: JSONCodec {}
extension Int64Codec: JSONCodec {}
extension UInt32Codec: JSONCodec {}
extension UInt64Codec: JSONCodec {}
extension SInt32Codec: JSONCodec {}
extension SInt64Codec: JSONCodec {}
extension Fixed32Codec: JSONCodec {}
extension Fixed64Codec: JSONCodec {}
extension SFixed32Codec: JSONCodec {}
extension SFixed64Codec: JSONCodec {}
extension FloatCodec: JSONCodec {}
extension DoubleCodec: JSONCodec {}

extension BoolCodec: JSONCodec {
  package static func writeJSON(_ value: Bool, into json: inout ProtoJSONWriter) {
    json.literal(value ? "true" : "false")
  }
}

extension StringCodec: JSONCodec {
  package static func writeJSON(_ value: String, into json: inout ProtoJSONWriter) {
    json.string(value)
  }
}

extension BytesCodec: JSONCodec {
  package static func writeJSON(_ value: [UInt8], into json: inout ProtoJSONWriter) {
    json.base64(value)
  }
}

extension EnumCodec: JSONCodec {
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
}

extension MessageCodec: JSONCodec where M: ProtoJSONMessage {
  package static func writeJSON(_ value: M, into json: inout ProtoJSONWriter) {
    value.writeJSON(into: &json)
  }
}
