// The contract between generated code and the wire types: one caseless enum per protobuf type says
// how its values are measured, written and read. Static dispatch only. `@inlinable` counts for
// nothing unless the type around it is `@usableFromInline` too, hence that on every type here.

/// How values of one protobuf type look on the wire.
@usableFromInline package protocol FieldCodec {
  associatedtype Value: Sendable & Equatable

  /// The low three bits of the tag before a value that is not packed.
  static var wireType: UInt32 { get }
  /// The value of an absent field.
  static var zero: Value { get }
  /// What one element of a repeated field may take in memory, charged before it is read.
  static var memoryBytes: Int { get }

  /// Bytes of the value without its tag, a length prefix included.
  static func byteCount(_ value: Value) -> Int
  /// Writes the value without its tag, a length prefix included.
  static func write(_ value: Value, into writer: inout ProtoWriter)
  /// Reads a value behind its tag.
  static func read(from reader: inout ProtoReader) throws(ProtoDecodingError) -> Value
  /// Reads a value that follows an earlier one of the same singular field.
  static func merge(
    into value: inout Value, from reader: inout ProtoReader
  ) throws(ProtoDecodingError)
}

extension FieldCodec {
  @inlinable package static var memoryBytes: Int { MemoryLayout<Value>.stride }

  @inlinable package static func merge(
    into value: inout Value, from reader: inout ProtoReader
  ) throws(ProtoDecodingError) {
    value = try read(from: &reader)
  }
}

/// The types that may be keys of a map.
@usableFromInline package protocol KeyCodec: FieldCodec where Value: Hashable {
  /// The order in which entries are written.
  static func precedes(_ left: Value, _ right: Value) -> Bool
  /// True when two keys that compare equal are the same on the wire too.
  static func isSame(_ left: Value, _ right: Value) -> Bool
}

extension KeyCodec {
  @inlinable package static func isSame(_ left: Value, _ right: Value) -> Bool { true }
}

extension KeyCodec where Value: Comparable {
  @inlinable package static func precedes(_ left: Value, _ right: Value) -> Bool { left < right }
}

extension FieldCodec {
  /// Bytes of a repeated field that is not packed; `tagByteCount` is that of one tag.
  @inlinable package static func byteCount(repeated values: [Value], tagByteCount: Int) -> Int {
    // A span lends its elements; going through the array itself would copy each one.
    let elements = values.span
    var total = elements.count * tagByteCount
    for index in elements.indices { total += byteCount(elements[index]) }
    return total
  }

  /// Bytes of a packed repeated field.
  @inlinable package static func byteCount(packed values: [Value], tagByteCount: Int) -> Int {
    guard !values.isEmpty else { return 0 }
    return tagByteCount + Varint.prefixedByteCount(byteCount(repeated: values, tagByteCount: 0))
  }
}

extension KeyCodec {
  /// Bytes of a map field whose values are of type `V`. Tags inside an entry take one byte each.
  @inlinable package static func byteCount<V: FieldCodec>(
    map values: [Value: V.Value], _: V.Type, tagByteCount: Int
  ) -> Int {
    var total = values.count * tagByteCount
    for (key, value) in values {
      total += Varint.prefixedByteCount(2 + byteCount(key) + V.byteCount(value))
    }
    return total
  }
}
