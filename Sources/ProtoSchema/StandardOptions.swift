// The options that protobuf itself defines, as protoc 3.21 knows them. The numbers are those of
// google/protobuf/descriptor.proto.

/// What an option can be attached to.
enum OptionTarget: String {
  case file
  case message
  case field
  case oneof
  case enumeration = "enum"
  case enumValue = "enum value"
  case service
  case method

  /// The options of this target, by name.
  var options: [String: StandardOption] {
    switch self {
    case .file: StandardOption.ofFile
    case .message: StandardOption.ofMessage
    case .field: StandardOption.ofField
    case .oneof: [:]
    case .enumeration: ["allow_alias": .init(2, .bool), "deprecated": .init(3, .bool)]
    case .enumValue: ["deprecated": .init(1, .bool)]
    case .service: ["deprecated": .init(33, .bool)]
    case .method: StandardOption.ofMethod
    }
  }
}

/// An option's field number and type.
struct StandardOption: Sendable {
  enum Kind: Sendable {
    case bool
    case string
    /// The names of the values; each value's number is its position plus the first number.
    case enumeration(first: Int32, [String])
  }

  let number: Int32
  let kind: Kind

  init(_ number: Int32, _ kind: Kind) {
    self.number = number
    self.kind = kind
  }

  static let ofFile: [String: StandardOption] = [
    "java_package": .init(1, .string),
    "java_outer_classname": .init(8, .string),
    "optimize_for": .init(9, .enumeration(first: 1, ["SPEED", "CODE_SIZE", "LITE_RUNTIME"])),
    "java_multiple_files": .init(10, .bool),
    "go_package": .init(11, .string),
    "cc_generic_services": .init(16, .bool),
    "java_generic_services": .init(17, .bool),
    "py_generic_services": .init(18, .bool),
    "java_generate_equals_and_hash": .init(20, .bool),
    "deprecated": .init(23, .bool),
    "java_string_check_utf8": .init(27, .bool),
    "cc_enable_arenas": .init(31, .bool),
    "objc_class_prefix": .init(36, .string),
    "csharp_namespace": .init(37, .string),
    "swift_prefix": .init(39, .string),
    "php_class_prefix": .init(40, .string),
    "php_namespace": .init(41, .string),
    "php_generic_services": .init(42, .bool),
    "php_metadata_namespace": .init(44, .string),
    "ruby_package": .init(45, .string),
  ]

  static let ofMessage: [String: StandardOption] = [
    "message_set_wire_format": .init(1, .bool),
    "no_standard_descriptor_accessor": .init(2, .bool),
    "deprecated": .init(3, .bool),
    "map_entry": .init(7, .bool),
  ]

  static let ofField: [String: StandardOption] = [
    "ctype": .init(1, .enumeration(first: 0, ["STRING", "CORD", "STRING_PIECE"])),
    "packed": .init(2, .bool),
    "deprecated": .init(3, .bool),
    "lazy": .init(5, .bool),
    "jstype": .init(6, .enumeration(first: 0, ["JS_NORMAL", "JS_STRING", "JS_NUMBER"])),
    "weak": .init(10, .bool),
    "unverified_lazy": .init(15, .bool),
  ]

  static let ofMethod: [String: StandardOption] = [
    "deprecated": .init(33, .bool),
    "idempotency_level": .init(
      34,
      .enumeration(first: 0, ["IDEMPOTENCY_UNKNOWN", "NO_SIDE_EFFECTS", "IDEMPOTENT"])),
  ]
}
