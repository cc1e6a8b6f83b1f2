// The errors of JSON: why a text is not a message, and why a message has no canonical JSON. They
// repeat nothing of the text or the message.

/// A text that is not JSON, is not the message's JSON, or exceeds a limit.
package struct ProtoJSONError: Error, Equatable, CustomStringConvertible {
  /// What is wrong.
  package enum Code: String, Sendable, Equatable {
    /// Not JSON by RFC 8259.
    case malformed = "this is not JSON"
    /// The text ends inside a value.
    case truncated = "the text ends inside a value"
    /// Something stands behind the message.
    case trailingText = "text behind the message"
    /// The text is not UTF-8.
    case invalidUTF8 = "the text is not UTF-8"
    /// An escape that JSON does not have, or half of a surrogate pair.
    case invalidEscape = "an escape that stands for no character"
    /// A control character inside a string must be escaped.
    case controlCharacter = "a control character inside a string"
    /// An object where the field is a number, and the like.
    case wrongKind = "a value of another kind than the field's"
    /// The number has a fraction, the field has none.
    case notAnInteger = "not an integer"
    /// The field's type cannot hold the number.
    case outOfRange = "a number beyond the field's range"
    /// The text of a bytes field.
    case invalidBase64 = "not base64"
    /// The name of no field.
    case unknownField = "a field that the message does not have"
    /// The name of no value of the enum.
    case unknownEnumValue = "a name that the enum does not have"
    /// A field, under whichever of its names, or a key of a map, stands twice.
    case duplicate = "a field or key that was there before"
    /// A second member of a oneof.
    case duplicateOneof = "a second member of a oneof"
    /// null inside an array or a map.
    case nullElement = "null where a value must stand"
    /// A map key that is none of the key's type.
    case invalidKey = "not a key of the map's type"
    /// Not RFC 3339, or outside the years 1 to 9999.
    case invalidTimestamp = "not a time such as 2026-01-31T20:15:00Z"
    /// Not seconds with an `s` behind, or more than 10,000 years.
    case invalidDuration = "not a duration such as 1.5s"
    /// Not paths in lowerCamelCase.
    case invalidFieldMask = "not a list of paths in lowerCamelCase"
    /// No `@type`, or one without a slash and a name behind it.
    case invalidAny = "an Any without a usable @type"
    /// An `@type` of which this program has no schema.
    case unknownType = "an Any of an unknown type"
    /// Nested deeper than the limits allow.
    case tooDeep = "values nested too deep"
    /// The decoded form would exceed ``ProtoLimits``.
    case tooManyElements = "more elements than the text's length allows"
  }

  package let code: Code
  /// Where in the text the offending value begins.
  package let byteOffset: Int
  /// The line of that place, from 1.
  package let line: Int
  /// The place in its line, in characters from 1.
  package let column: Int

  init(_ code: Code, at byteOffset: Int, in text: [UInt8]) {
    self.code = code
    self.byteOffset = byteOffset
    let before = text[..<min(byteOffset, text.count)]
    let newline = UInt8(ascii: "\n")
    line = 1 + before.count { $0 == newline }
    let lineStart = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    // Bytes of the form 10xxxxxx continue a character.
    column = 1 + before[lineStart...].count { $0 & 0xC0 != 0x80 }
  }

  package var description: String { "invalid JSON at \(line):\(column): \(code.rawValue)" }
}

/// A message whose JSON form would not be the message again.
package enum ProtoJSONEncodingError: String, Error, Equatable, CustomStringConvertible {
  /// Outside the years 1 to 9999, or nanoseconds outside the second.
  case timestampOutOfRange = "a timestamp outside the years 1 to 9999"
  /// Over 10,000 years, or seconds and nanoseconds of different sign.
  case durationOutOfRange = "a duration out of range"
  /// A path that would come back as another one.
  case pathWithoutCamelCase = "a field mask whose paths have no lowerCamelCase"
  /// An Any of which this program has no schema, or that holds something else.
  case anyWithoutForm = "an Any of an unknown type, or with other contents"
  /// `google.protobuf.Value` holds JSON's numbers only.
  case numberWithoutForm = "a NaN or infinity in a google.protobuf.Value"

  package var description: String { rawValue }
}
