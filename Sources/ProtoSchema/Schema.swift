// The checked model of a set of .proto files: what the compiler hands to emitters. Every reference in
// it is resolved, every number is in range. It knows no syntax tree, no source text and no Swift names.

/// A set of checked files. Names are full names without the leading dot (`usher.v1.Show.Tier`).
package struct Schema: Sendable, Equatable {
  /// The files in dependency order: a file comes after everything that it imports.
  package let files: [SchemaFile]
  private let messagesByName: [String: Message]
  private let enumsByName: [String: EnumType]

  package init(files: [SchemaFile]) {
    self.files = files
    var messages: [String: Message] = [:]
    var enums: [String: EnumType] = [:]
    var pending = files.flatMap(\.messages)
    for file in files {
      for type in file.enums { enums[type.fullName] = type }
    }
    while let message = pending.popLast() {
      messages[message.fullName] = message
      for type in message.enums { enums[type.fullName] = type }
      pending.append(contentsOf: message.messages)
    }
    messagesByName = messages
    enumsByName = enums
  }

  /// The message with this full name, nested ones and map entries included.
  package func message(named fullName: String) -> Message? { messagesByName[fullName] }

  /// The enum with this full name, nested ones included.
  package func enumType(named fullName: String) -> EnumType? { enumsByName[fullName] }
}

/// One checked .proto file.
package struct SchemaFile: Sendable, Equatable {
  /// The path by which others import it, such as `usher/v1/catalog.proto`.
  package let name: String
  /// The dotted package, empty when the file names none.
  package let package: String
  package let imports: [Import]
  package internal(set) var messages: [Message]
  package let enums: [EnumType]
  package let services: [Service]
  package let options: OptionValues
  /// The comment above the `syntax` line.
  package let comment: Comment
  /// The serialized `google.protobuf.FileDescriptorProto`, as protoc writes it without source info.
  package internal(set) var descriptor: [UInt8] = []

  /// One import line.
  package struct Import: Sendable, Equatable {
    package let path: String
    package let isPublic: Bool
  }
}

/// The documentation of a declaration: comment text without its markers, lines split at `\n`.
package struct Comment: Sendable, Equatable {
  /// The comment block directly above the declaration, empty when there is none.
  package let leading: String
  /// The comment after the declaration, on the same line, empty when there is none.
  package let trailing: String

  package static let none = Comment(leading: "", trailing: "")

  package init(leading: String, trailing: String) {
    self.leading = leading
    self.trailing = trailing
  }
}

/// A message type, declared at file level or inside another message, or the entry type of a map.
package struct Message: Sendable, Equatable {
  package let name: String
  package let fullName: String
  /// In order of declaration, members of oneofs included.
  package internal(set) var fields: [Field]
  /// The oneofs that the source declares; the synthetic ones of `optional` fields are not listed.
  package let oneofs: [Oneof]
  /// Nested messages in order of declaration, map entries included where their field stands.
  package internal(set) var messages: [Message]
  package let enums: [EnumType]
  /// True for the implicit `…Entry` type of a map field: emitters normally skip it.
  package let isMapEntry: Bool
  package let reservedRanges: [ReservedRange]
  package let reservedNames: [String]
  /// The oneofs that descriptors show around `optional` fields, in order of those fields.
  let syntheticOneofNames: [String]
  package let options: OptionValues
  package let comment: Comment
}

/// Field numbers or enum numbers that must not be used; both ends belong to the range.
package struct ReservedRange: Sendable, Equatable {
  package let first: Int32
  package let last: Int32
}

/// A oneof that the source declares; its members are the fields whose `oneofIndex` points here.
package struct Oneof: Sendable, Equatable {
  package let name: String
  package let options: OptionValues
  package let comment: Comment
}

/// A field of a message.
package struct Field: Sendable, Equatable {
  package let name: String
  /// The lowerCamelCase name of the JSON mapping, or the one that `json_name` sets.
  package let jsonName: String
  /// 1 … 536,870,911 without 19,000 … 19,999.
  package let number: Int32
  /// The element type of a repeated field; for a map the (implicit) entry message.
  package let type: FieldType
  package let cardinality: Cardinality
  /// Index in the message's `oneofs` when the field is a member of one.
  package let oneofIndex: Int?
  /// True when the source says `optional`.
  package let isProto3Optional: Bool
  /// True when this singular message field leads back to its own message without an array or a map
  /// in between, so that a struct holding it inline would contain itself.
  package internal(set) var isRecursive: Bool
  package let options: OptionValues
  package let comment: Comment
}

/// What a field holds.
package enum FieldType: Sendable, Equatable {
  case scalar(ScalarType)
  /// The full name of a message.
  case message(String)
  /// The full name of an enum.
  case enumeration(String)
}

/// How often a field occurs and whether its absence can be told.
package enum Cardinality: Sendable, Equatable {
  /// Singular scalar or enum: the default value is not written and cannot be told from absence.
  case implicit
  /// Singular with presence: `optional`, a message, or a member of a oneof.
  case optional
  case repeated(isPacked: Bool)
  case map(key: ScalarType, value: FieldType)
}

/// The scalar types; the raw value is the number in `FieldDescriptorProto.Type`.
package enum ScalarType: Int32, Sendable, CaseIterable {
  case double = 1
  case float = 2
  case int64 = 3
  case uint64 = 4
  case int32 = 5
  case fixed64 = 6
  case fixed32 = 7
  case bool = 8
  case string = 9
  case bytes = 12
  case uint32 = 13
  case sfixed32 = 15
  case sfixed64 = 16
  case sint32 = 17
  case sint64 = 18

  /// The keyword in .proto files.
  package var keyword: String { "\(self)" }
}

/// An enum type; the first value is always zero.
package struct EnumType: Sendable, Equatable {
  package let name: String
  package let fullName: String
  package let values: [EnumValue]
  package let reservedRanges: [ReservedRange]
  package let reservedNames: [String]
  package let options: OptionValues
  package let comment: Comment

  /// True when two names may share a number.
  package var allowsAlias: Bool { options.bool("allow_alias") ?? false }
}

/// A named number of an enum.
package struct EnumValue: Sendable, Equatable {
  package let name: String
  package let number: Int32
  package let options: OptionValues
  package let comment: Comment
}

/// A service.
package struct Service: Sendable, Equatable {
  package let name: String
  package let fullName: String
  package let methods: [Method]
  package let options: OptionValues
  package let comment: Comment
}

/// A method of a service.
package struct Method: Sendable, Equatable {
  package let name: String
  /// The full name of the request message.
  package let input: String
  /// The full name of the response message.
  package let output: String
  package let clientStreaming: Bool
  package let serverStreaming: Bool
  /// True when the declaration ends in braces, which the descriptor shows even if they are empty.
  let hasBody: Bool
  package let options: OptionValues
  package let comment: Comment

  /// What `idempotency_level` promises; `unknown` when not set.
  package var idempotency: Idempotency {
    guard case .enumeration(_, let number)? = options["idempotency_level"] else { return .unknown }
    return Idempotency(rawValue: number) ?? .unknown
  }

  /// The raw value is the number in `MethodOptions.IdempotencyLevel`.
  package enum Idempotency: Int32, Sendable {
    case unknown = 0
    case noSideEffects = 1
    case idempotent = 2
  }
}

/// The standard options set on a declaration, in the order of their field numbers.
package struct OptionValues: Sendable, Equatable {
  package let entries: [Entry]

  package static let none = OptionValues(entries: [])

  /// The value of an option, nil when the source does not set it.
  package subscript(_ name: String) -> Value? { entries.first { $0.name == name }?.value }

  /// The value of a boolean option, nil when the source does not set it.
  package func bool(_ name: String) -> Bool? {
    guard case .bool(let value)? = self[name] else { return nil }
    return value
  }

  /// The `deprecated` option, false when not set.
  package var isDeprecated: Bool { bool("deprecated") ?? false }

  /// One option that the source sets.
  package struct Entry: Sendable, Equatable {
    package let name: String
    /// The field number in the descriptor's options message.
    package let number: Int32
    package let value: Value
  }

  /// An option's value; the standard options have no other types.
  package enum Value: Sendable, Equatable {
    case bool(Bool)
    /// Bytes rather than text: a string literal may escape bytes that are not UTF-8.
    case string([UInt8])
    case enumeration(name: String, number: Int32)
  }
}
