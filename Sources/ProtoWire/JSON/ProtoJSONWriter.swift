// JSON text under construction (RFC 8259): commas, escapes, and fields by name. What a value's form is,
// codecs decide.

import Bytes

/// Builds a JSON text; commas are its business.
package struct ProtoJSONWriter: Sendable {
  /// The text so far, in UTF-8.
  package private(set) var bytes: [UInt8] = []
  /// True where a comma must stand before the next member or element.
  private var needsComma = false
  /// How many `google.protobuf.Any` the value being written is inside of.
  var anyDepth = 0
  /// The first thing written that has no canonical form, nil when all has.
  package private(set) var problem: ProtoJSONEncodingError?

  package init() {}

  /// Begins an object; members follow, then ``endObject()``.
  package mutating func beginObject() { begin("{") }
  /// Ends an object.
  package mutating func endObject() { end("}") }
  /// Begins an array; values follow, then ``endArray()``.
  package mutating func beginArray() { begin("[") }
  /// Ends an array.
  package mutating func endArray() { end("]") }

  /// Writes a member's name; its value follows.
  package mutating func name(_ name: String) {
    separate()
    quote(name)
    append(":")
    needsComma = false
  }

  /// Writes a value that stands as it is: a number, `true`, `null`.
  package mutating func literal(_ text: String) {
    separate()
    append(text)
    needsComma = true
  }

  /// Writes a string.
  package mutating func string(_ text: String) {
    separate()
    quote(text)
    needsComma = true
  }

  /// Writes bytes as a string in base64 with padding.
  package mutating func base64(_ value: [UInt8]) {
    string(Base64.encode(value, padded: true))
  }

  /// Remembers that what has been written is for the eye only.
  mutating func note(_ found: ProtoJSONEncodingError) {
    if problem == nil { problem = found }
  }

  /// Adds another writer's value to the object being written: the members of its object, or, when
  /// it is a form of its own, the whole as a member `value`.
  mutating func splice(_ other: ProtoJSONWriter, isOwnForm: Bool) {
    if let found = other.problem { note(found) }
    if isOwnForm {
      name("value")
      bytes.append(contentsOf: other.bytes)
      needsComma = true
    } else if other.bytes.count > 2 {
      separate()
      bytes.append(contentsOf: other.bytes.dropFirst().dropLast())
      needsComma = true
    }
  }

  private mutating func begin(_ bracket: String) {
    separate()
    append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: String) {
    append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { append(",") }
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func quote(_ text: String) {
    append("\"")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case UInt8(ascii: "\n"): append("\\n")
      case UInt8(ascii: "\r"): append("\\r")
      case UInt8(ascii: "\t"): append("\\t")
      case 0..<0x10: append("\\u000" + String(byte, radix: 16))
      case 0x10..<0x20, 0x7F: append("\\u00" + String(byte, radix: 16))
      default:
        bytes.append(byte)
        if byte & 0xC0 == 0x80 { escapeInvisible() }
      }
    }
    append("\"")
  }

  /// Escapes the character that the text ends with if it is one that would steer a terminal or make a
  /// line read as another: C1 controls, line separators, marks and overrides of direction.
  private mutating func escapeInvisible() {
    let (first, second, last) = (
      bytes[bytes.count - 3], bytes[bytes.count - 2], bytes[bytes.count - 1]
    )
    let scalar: UInt16
    switch (first, second, last) {
    case (_, 0xC2, 0x80...0x9F): scalar = UInt16(last)
    case (_, 0xD8, 0x9C): scalar = 0x061C
    case (0xE2, 0x80, 0x8E...0x8F), (0xE2, 0x80, 0xA8...0xAE): scalar = 0x2000 | UInt16(last & 0x3F)
    case (0xE2, 0x81, 0xA6...0xA9): scalar = 0x2040 | UInt16(last & 0x3F)
    default: return
    }
    bytes.removeLast(scalar >= 0x2000 ? 3 : 2)
    let digits = String(scalar, radix: 16)
    append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
  }
}

extension ProtoJSONWriter {
  /// Writes a member with one value.
  package mutating func field<F: JSONCodec>(_: F.Type, _ value: F.Value, name: String) {
    self.name(name)
    F.writeJSON(value, into: &self)
  }

  /// Writes a repeated field, nothing when it is empty.
  package mutating func repeated<F: JSONCodec>(_: F.Type, _ values: [F.Value], name: String) {
    guard !values.isEmpty else { return }
    self.name(name)
    array(F.self, values)
  }

  /// Writes an array of values.
  package mutating func array<F: JSONCodec>(_: F.Type, _ values: [F.Value]) {
    beginArray()
    for value in values { F.writeJSON(value, into: &self) }
    endArray()
  }

  /// Writes a map field, nothing when it is empty.
  package mutating func map<K: JSONCodec & KeyCodec, V: JSONCodec>(
    _: K.Type, _: V.Type, _ values: [K.Value: V.Value], name: String
  ) {
    guard !values.isEmpty else { return }
    self.name(name)
    object(K.self, V.self, values)
  }

  /// Writes an object of a map's entries, in order of their keys.
  package mutating func object<K: JSONCodec & KeyCodec, V: JSONCodec>(
    _: K.Type, _: V.Type, _ values: [K.Value: V.Value]
  ) {
    beginObject()
    for (key, value) in values.sorted(by: { K.precedes($0.key, $1.key) }) {
      name("\(key)")
      V.writeJSON(value, into: &self)
    }
    endObject()
  }
}
