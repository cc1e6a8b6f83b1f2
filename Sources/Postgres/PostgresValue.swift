// Parameters: Swift values in PostgreSQL's binary form, ready to send. Encoding cannot fail; what a
// column refuses, the server refuses.

/// A type that can be a parameter.
package protocol PostgresEncodable {
  /// The type sent along, from which the server finds operators and casts.
  static var postgresType: PostgresType { get }
  /// Appends the binary form; false for NULL, with nothing appended.
  func encode(into bytes: inout [UInt8]) -> Bool
}

/// A type that can be an element of a parameter array.
package protocol PostgresElement: PostgresEncodable {
  /// The array type over this element.
  static var postgresArrayType: PostgresType { get }
}

/// One parameter: a type and its binary form, or NULL.
package struct PostgresValue: Sendable, Equatable {
  package let type: PostgresType
  /// Nil for NULL.
  package let bytes: [UInt8]?

  private init(type: PostgresType, bytes: [UInt8]?) {
    self.type = type
    self.bytes = bytes
  }

  /// Encodes a value; nil optionals become NULL of their type.
  package init<Value: PostgresEncodable>(_ value: Value) {
    var bytes: [UInt8] = []
    let isPresent = value.encode(into: &bytes)
    self.init(type: Value.postgresType, bytes: isPresent ? bytes : nil)
  }

  /// NULL of a type.
  package static func null(_ type: PostgresType) -> PostgresValue {
    PostgresValue(type: type, bytes: nil)
  }

  package static func bool(_ value: Bool?) -> PostgresValue { PostgresValue(value) }
  package static func int2(_ value: Int16?) -> PostgresValue { PostgresValue(value) }
  package static func int4(_ value: Int32?) -> PostgresValue { PostgresValue(value) }
  package static func int8(_ value: Int64?) -> PostgresValue { PostgresValue(value) }
  package static func float8(_ value: Double?) -> PostgresValue { PostgresValue(value) }
  package static func text(_ value: String?) -> PostgresValue { PostgresValue(value) }
  package static func uuid(_ value: PostgresUUID?) -> PostgresValue { PostgresValue(value) }
  package static func date(_ value: PostgresDate?) -> PostgresValue { PostgresValue(value) }
  package static func timestamp(_ value: PostgresTimestamp?) -> PostgresValue {
    PostgresValue(value)
  }
  package static func jsonb(_ text: String?) -> PostgresValue {
    PostgresValue(text.map { PostgresJSON($0) })
  }
  package static func bytea(_ value: [UInt8]?) -> PostgresValue {
    PostgresValue(type: .bytea, bytes: value)
  }

  /// A one-dimensional array; elements may be optional.
  package static func array<Element: PostgresElement>(_ elements: [Element]) -> PostgresValue {
    PostgresValue(elements)
  }

  /// An array of byte strings, which `[UInt8]` cannot express as an element.
  package static func byteas(_ elements: [[UInt8]?]) -> PostgresValue {
    PostgresValue(elements.map { $0.map(ByteString.init) })
  }
}

/// `[UInt8]` as an element: an array of `UInt8` would otherwise be ambiguous.
private struct ByteString: PostgresElement {
  let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }
  static var postgresType: PostgresType { .bytea }
  static var postgresArrayType: PostgresType { PostgresType(rawValue: 1001) }
  func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(contentsOf: self.bytes)
    return true
  }
}

// MARK: Scalars

extension Bool: PostgresElement {
  package static var postgresType: PostgresType { .bool }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1000) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(self ? 1 : 0)
    return true
  }
}

extension Int16: PostgresElement {
  package static var postgresType: PostgresType { .int2 }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1005) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(self)
    return true
  }
}

extension Int32: PostgresElement {
  package static var postgresType: PostgresType { .int4 }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1007) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(self)
    return true
  }
}

extension Int64: PostgresElement {
  package static var postgresType: PostgresType { .int8 }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1016) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(self)
    return true
  }
}

extension Double: PostgresElement {
  package static var postgresType: PostgresType { .float8 }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1022) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(bitPattern)
    return true
  }
}

extension String: PostgresElement {
  package static var postgresType: PostgresType { .text }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1009) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(contentsOf: utf8)
    return true
  }
}

extension PostgresUUID: PostgresElement {
  package static var postgresType: PostgresType { .uuid }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 2951) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(high)
    bytes.appendBigEndian(low)
    return true
  }
}

extension PostgresTimestamp: PostgresElement {
  package static var postgresType: PostgresType { .timestamptz }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1185) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(wire)
    return true
  }
}

extension PostgresDate: PostgresElement {
  package static var postgresType: PostgresType { .date }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 1182) }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(wire)
    return true
  }
}

extension PostgresJSON: PostgresElement {
  package static var postgresType: PostgresType { .jsonb }
  package static var postgresArrayType: PostgresType { PostgresType(rawValue: 3807) }
  /// Version byte 1, then the text (`jsonb_recv`).
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(1)
    bytes.append(contentsOf: text.utf8)
    return true
  }
}

// MARK: NULL and arrays

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
  package static var postgresType: PostgresType { Wrapped.postgresType }
  package func encode(into bytes: inout [UInt8]) -> Bool {
    guard let self else { return false }
    return self.encode(into: &bytes)
  }
}

extension Optional: PostgresElement where Wrapped: PostgresElement {
  package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
}

extension Array: PostgresEncodable where Element: PostgresElement {
  package static var postgresType: PostgresType { Element.postgresArrayType }

  /// `array_recv`: dimensions, NULL flag (ignored by the server), element type, then per dimension
  /// its length and lower bound, then each element behind its length (-1 for NULL).
  package func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.appendBigEndian(isEmpty ? 0 : 1 as Int32)
    bytes.appendBigEndian(1 as Int32)
    bytes.appendBigEndian(Element.postgresType.rawValue)
    guard !isEmpty else { return true }
    bytes.appendBigEndian(Int32(clamping: count))
    bytes.appendBigEndian(1 as Int32)
    for element in self {
      let lengthOffset = bytes.count
      bytes.appendBigEndian(-1 as Int32)
      guard element.encode(into: &bytes) else { continue }
      bytes.putBigEndian(Int32(clamping: bytes.count - lengthOffset - 4), at: lengthOffset)
    }
    return true
  }
}
