// Results: PostgreSQL's binary form back to Swift values. Everything here comes from a peer: each
// length is checked, each mismatch is a typed error, nothing traps.

/// One column of one row as it arrived, valid only during the call that hands it out.
package struct PostgresCell {
  /// The column's type.
  package let type: PostgresType
  /// Nil for NULL.
  let bytes: UnsafeRawBufferPointer?
  // SAFETY: the buffer belongs to the PGresult whose row makes the cell; `PostgresRow.decode` keeps
  // the result alive while a cell exists and no decoder stores one.

  init(type: PostgresType, bytes: UnsafeRawBufferPointer?) {
    self.type = type
    self.bytes = bytes
  }
}

/// A type that a column can be read as.
package protocol PostgresDecodable {
  /// Throws `.decoding` when the cell is NULL, of another type or malformed.
  static func decode(_ cell: PostgresCell) throws(PostgresError) -> Self
}

extension PostgresCell {
  func present() throws(PostgresError) -> UnsafeRawBufferPointer {
    guard let bytes else { throw PostgresError(.decoding, "unexpected NULL") }
    return bytes
  }

  func fail(_ wanted: String) -> PostgresError {
    PostgresError(.decoding, "column of type \(type.rawValue) is not a well-formed \(wanted)")
  }

  func integer<Value: FixedWidthInteger>(
    _ wanted: Value.Type, of expected: PostgresType, _ name: String
  ) throws(PostgresError) -> Value {
    var reader = ByteReader(try present())
    guard type == expected, let value = reader.integer(Value.self), reader.remaining == 0 else {
      throw fail(name)
    }
    return value
  }
}

// MARK: Scalars

extension Bool: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> Bool {
    let byte = try cell.integer(UInt8.self, of: .bool, "bool")
    guard byte <= 1 else { throw cell.fail("bool") }
    return byte == 1
  }
}

extension Int16: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int16 {
    try cell.integer(Int16.self, of: .int2, "int2")
  }
}

extension Int32: PostgresDecodable {
  /// int4, and the narrower int2.
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int32 {
    if cell.type == .int2 { return Int32(try Int16.decode(cell)) }
    return try cell.integer(Int32.self, of: .int4, "int4")
  }
}

extension Int64: PostgresDecodable {
  /// int8, and the narrower int4 and int2.
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int64 {
    if cell.type == .int8 { return try cell.integer(Int64.self, of: .int8, "int8") }
    return Int64(try Int32.decode(cell))
  }
}

extension Int: PostgresDecodable {
  /// As `Int64`.
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int {
    Int(try Int64.decode(cell))
  }
}

extension Double: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> Double {
    Double(bitPattern: try cell.integer(UInt64.self, of: .float8, "float8"))
  }
}

extension String: PostgresDecodable {
  /// text, varchar, char, name, json, enums and other user types, and jsonb.
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> String {
    if cell.type == .jsonb { return try PostgresJSON.decode(cell).text }
    let bytes = try cell.present()
    guard cell.type.isTextual, let text = String(validating: bytes, as: UTF8.self) else {
      throw cell.fail("text")
    }
    return text
  }
}

extension PostgresJSON: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresJSON {
    if cell.type == .json { return PostgresJSON(try String.decode(cell)) }
    var reader = ByteReader(try cell.present())
    guard cell.type == .jsonb, reader.integer(UInt8.self) == 1,
      let bytes = reader.take(reader.remaining),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw cell.fail("jsonb") }
    return PostgresJSON(text)
  }
}

extension PostgresUUID: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresUUID {
    var reader = ByteReader(try cell.present())
    guard cell.type == .uuid, let high = reader.integer(UInt64.self),
      let low = reader.integer(UInt64.self), reader.remaining == 0
    else { throw cell.fail("uuid") }
    return PostgresUUID(high: high, low: low)
  }
}

extension PostgresTimestamp: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresTimestamp {
    let wire = try cell.integer(Int64.self, of: .timestamptz, "timestamptz")
    guard let value = PostgresTimestamp(wire: wire) else { throw cell.fail("timestamptz") }
    return value
  }
}

extension PostgresDate: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresDate {
    let wire = try cell.integer(Int32.self, of: .date, "date")
    guard let value = PostgresDate(wire: wire) else { throw cell.fail("date") }
    return value
  }
}

// MARK: NULL and arrays

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> Wrapped? {
    cell.bytes == nil ? nil : try Wrapped.decode(cell)
  }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
  /// One-dimensional arrays of any readable element; `[UInt8]` is bytea.
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> [Element] {
    if Element.self == UInt8.self { return try decodeBytes(cell) }
    var reader = ByteReader(try cell.present())
    guard let header = ArrayHeader(&reader), (header.element.array ?? cell.type) == cell.type
    else { throw cell.fail("one-dimensional array") }
    var elements: [Element] = []
    elements.reserveCapacity(Swift.min(header.count, reader.remaining / 4))
    for _ in 0..<header.count {
      let bytes = try Self.nextElement(&reader, of: cell)
      elements.append(try Element.decode(PostgresCell(type: header.element, bytes: bytes)))
    }
    guard reader.remaining == 0 else { throw cell.fail("one-dimensional array") }
    return elements
  }

  private static func nextElement(
    _ reader: inout ByteReader, of cell: PostgresCell
  ) throws(PostgresError) -> UnsafeRawBufferPointer? {
    guard let length = reader.integer(Int32.self) else { throw cell.fail("array element") }
    if length == -1 { return nil }
    guard let bytes = reader.take(Int(length)) else { throw cell.fail("array element") }
    return bytes
  }

  private static func decodeBytes(_ cell: PostgresCell) throws(PostgresError) -> [Element] {
    let bytes = try cell.present()
    guard cell.type == .bytea, let array = [UInt8](bytes) as? [Element] else {
      throw cell.fail("bytea")
    }
    return array
  }
}

extension UInt8: PostgresDecodable {
  /// Never succeeds: PostgreSQL has no unsigned byte. Present so that `[UInt8]` reads bytea.
  package static func decode(_ cell: PostgresCell) throws(PostgresError) -> UInt8 {
    throw cell.fail("byte")
  }
}

/// The fixed part of an array's binary form (`array_send`).
private struct ArrayHeader {
  let element: PostgresType
  let count: Int

  /// Nil for more than one dimension, a bad count or a truncated header.
  init?(_ reader: inout ByteReader) {
    guard let dimensions = reader.integer(Int32.self), (0...1).contains(dimensions),
      reader.integer(Int32.self) != nil, let element = reader.integer(UInt32.self)
    else { return nil }
    self.element = PostgresType(rawValue: element)
    guard dimensions == 1 else {
      count = 0
      return
    }
    guard let count = reader.integer(Int32.self), reader.integer(Int32.self) != nil,
      (0...Limits.arrayElements).contains(Int(count))
    else { return nil }
    self.count = Int(count)
  }
}
