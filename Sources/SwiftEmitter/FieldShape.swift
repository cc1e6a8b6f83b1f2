// What a field is in Swift: its type, its codec, its default, its tag. Emitters ask this, never the
// schema's types themselves.

import ProtoSchema

/// A field with its Swift name, and everything that emitters need to know of it.
struct FieldShape {
  let field: Field
  /// The property or oneof case, as declared.
  let name: String
  /// The property of the oneof that the field is a member of.
  let oneofName: String?
  private let names: NameTable

  init(_ field: Field, name: String, oneofName: String?, names: NameTable) {
    self.field = field
    self.name = name
    self.oneofName = oneofName
    self.names = names
  }

  /// How the field is stored and coded.
  var storage: Storage {
    if oneofName != nil { return .oneofMember }
    switch field.cardinality {
    case .repeated(let isPacked): return .repeated(isPacked: isPacked)
    case .map: return .map
    case .optional: return isMessage ? (field.isRecursive ? .boxed : .message) : .optional
    case .implicit: return .plain
    }
  }

  enum Storage: Equatable {
    /// A value whose zero is not written.
    case plain
    /// An optional scalar or enum.
    case optional
    /// An optional message, inline.
    case message
    /// An optional message on the heap.
    case boxed
    case repeated(isPacked: Bool)
    case map
    /// The payload of a case of a oneof's enum.
    case oneofMember
  }

  var isMessage: Bool {
    if case .message = field.type { return true }
    return false
  }

  /// The type of one value, not of the array or optional around it.
  var elementType: String { swiftType(field.type) }

  /// The codec of one value.
  var codec: String { codec(field.type) }

  /// The declared type of the property.
  var propertyType: String {
    switch storage {
    case .plain: return elementType
    case .optional, .message, .boxed, .oneofMember: return elementType + "?"
    case .repeated: return "[\(elementType)]"
    case .map:
      guard let (key, value) = mapTypes else { return elementType }
      return "[\(swiftType(key)): \(swiftType(value))]"
    }
  }

  /// The default of the property in the initialiser.
  var defaultValue: String {
    switch storage {
    case .optional, .message, .boxed, .oneofMember: return "nil"
    case .repeated: return "[]"
    case .map: return "[:]"
    case .plain: return zero(field.type)
    }
  }

  /// The key and value types of a map field.
  var mapTypes: (key: FieldType, value: FieldType)? {
    guard case .map(let key, let value) = field.cardinality else { return nil }
    return (.scalar(key), value)
  }

  /// A condition that holds when a plain value is written.
  func isWritten(_ value: String) -> String {
    switch field.type {
    case .scalar(.string), .scalar(.bytes): "!\(value).isEmpty"
    case .scalar(.bool): value
    // By bits: -0.0 equals 0 and is written nevertheless.
    case .scalar(.double), .scalar(.float): "\(value).bitPattern != 0"
    case .enumeration: "\(value).rawValue != 0"
    default: "\(value) != 0"
    }
  }

  /// The tag of the field's values: number × 8 + wire type.
  var tag: UInt32 {
    if case .map = field.cardinality { return tag(wireType: 2) }
    return tag(wireType: wireType)
  }

  /// The tag of a length-delimited value of the field.
  var packedTag: UInt32 { tag(wireType: 2) }

  /// Bytes of the tag on the wire.
  var tagByteCount: Int {
    let number = UInt32(field.number)
    return ((32 - (number << 3).leadingZeroBitCount) + 6) / 7
  }

  /// True when a repeated field of this type may arrive packed.
  var isPackable: Bool { wireType != 2 }

  private func tag(wireType: UInt32) -> UInt32 { UInt32(field.number) << 3 | wireType }

  private var wireType: UInt32 {
    guard case .scalar(let scalar) = field.type else { return isMessage ? 2 : 0 }
    switch scalar {
    case .double, .fixed64, .sfixed64: return 1
    case .float, .fixed32, .sfixed32: return 5
    case .string, .bytes: return 2
    default: return 0
    }
  }

  private func zero(_ type: FieldType) -> String {
    switch type {
    case .scalar(.string): "\"\""
    case .scalar(.bytes): "[]"
    case .scalar(.bool): "false"
    case .scalar: "0"
    case .message(let name), .enumeration(let name): "\(names.type(name))(rawValue: 0)"
    }
  }

  func swiftType(_ type: FieldType) -> String {
    switch type {
    case .message(let name), .enumeration(let name): return names.type(name)
    case .scalar(let scalar):
      switch scalar {
      case .double: return "Swift.Double"
      case .float: return "Swift.Float"
      case .int32, .sint32, .sfixed32: return "Swift.Int32"
      case .int64, .sint64, .sfixed64: return "Swift.Int64"
      case .uint32, .fixed32: return "Swift.UInt32"
      case .uint64, .fixed64: return "Swift.UInt64"
      case .bool: return "Swift.Bool"
      case .string: return "Swift.String"
      case .bytes: return "[Swift.UInt8]"
      }
    }
  }

  func codec(_ type: FieldType) -> String {
    switch type {
    case .message(let name): return "ProtoWire.MessageCodec<\(names.type(name))>"
    case .enumeration(let name): return "ProtoWire.EnumCodec<\(names.type(name))>"
    case .scalar(let scalar):
      switch scalar {
      case .sint32: return "ProtoWire.SInt32Codec"
      case .sint64: return "ProtoWire.SInt64Codec"
      case .uint32: return "ProtoWire.UInt32Codec"
      case .uint64: return "ProtoWire.UInt64Codec"
      case .sfixed32: return "ProtoWire.SFixed32Codec"
      case .sfixed64: return "ProtoWire.SFixed64Codec"
      default: return "ProtoWire.\(SwiftName.upperCamel(scalar.keyword))Codec"
      }
    }
  }
}
