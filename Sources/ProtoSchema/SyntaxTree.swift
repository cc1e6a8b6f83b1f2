// The shape of a parsed file, with the place of everything a message may want to point at.
// Nothing here is checked beyond grammar: names are unresolved, numbers may be out of range.

/// A value and where it was written.
struct Located<Value: Sendable>: Sendable {
  let value: Value
  let range: SourceRange
}

/// A name, simple or dotted; a type reference may start with a dot.
typealias Name = Located<String>

/// A .proto file.
struct FileNode: Sendable {
  var package: Name?
  var imports: [ImportNode] = []
  var messages: [MessageNode] = []
  var enums: [EnumNode] = []
  var services: [ServiceNode] = []
  var options: [OptionNode] = []
  var comment = Comment.none
}

struct ImportNode: Sendable {
  let path: Located<String>
  let isPublic: Bool
}

struct MessageNode: Sendable {
  let name: Name
  var elements: [MessageElement] = []
  var oneofs: [OneofNode] = []
  var reserved = ReservedNode()
  var options: [OptionNode] = []
  var comment: Comment
}

/// What a message contains, in order: the descriptor keeps the order of fields and nested types.
enum MessageElement: Sendable {
  case field(FieldNode)
  case message(MessageNode)
  case enumeration(EnumNode)
}

struct OneofNode: Sendable {
  let name: Name
  var options: [OptionNode] = []
  var comment: Comment
}

struct FieldNode: Sendable {
  enum Label: Sendable { case none, optional, repeated }
  /// What stands before the field's name.
  enum TypeNode: Sendable {
    case named(Name)
    case map(key: Name, value: Name, range: SourceRange)
  }

  let label: Label
  let type: TypeNode
  let name: Name
  let number: Located<UInt64?>
  let options: [OptionNode]
  /// Index into the message's oneofs when the field stands inside one.
  let oneofIndex: Int?
  let comment: Comment
}

struct EnumNode: Sendable {
  let name: Name
  var values: [EnumValueNode] = []
  var reserved = ReservedNode()
  var options: [OptionNode] = []
  var comment: Comment
}

struct EnumValueNode: Sendable {
  let name: Name
  let number: Located<SignedLiteral>
  let options: [OptionNode]
  let comment: Comment
}

/// The numbers and names that `reserved` statements keep free.
struct ReservedNode: Sendable {
  struct Range: Sendable {
    let first: SignedLiteral
    /// Nil for `max`.
    let last: SignedLiteral?
    let range: SourceRange
  }

  var ranges: [Range] = []
  var names: [Name] = []
}

struct ServiceNode: Sendable {
  let name: Name
  var methods: [MethodNode] = []
  var options: [OptionNode] = []
  var comment: Comment
}

struct MethodNode: Sendable {
  let name: Name
  let input: Name
  let output: Name
  let clientStreaming: Bool
  let serverStreaming: Bool
  var hasBody = false
  var options: [OptionNode] = []
  var comment: Comment
}

/// An integer literal with its sign; the magnitude is nil when it exceeds a UInt64.
struct SignedLiteral: Sendable {
  let isNegative: Bool
  let magnitude: UInt64?

  /// The value, nil when it does not fit.
  var int32: Int32? {
    guard let magnitude, let value = Int64(exactly: magnitude) else { return nil }
    return Int32(exactly: isNegative ? -value : value)
  }
}

/// `name = value`, from an `option` statement or from brackets.
struct OptionNode: Sendable {
  enum Literal: Sendable {
    case identifier(String)
    case integer(SignedLiteral)
    case float
    case string([UInt8])
    /// `{ … }`; only custom options take it, so its contents are not kept.
    case aggregate
  }

  /// The name as written; custom ones keep their parentheses.
  let name: Name
  let isCustom: Bool
  let value: Located<Literal>
}
