// The tokens of a .proto file. Keywords are identifiers here: protobuf reserves none of them.

/// One token with its place and the comments around it.
struct Token: Sendable {
  enum Kind: Equatable, Sendable {
    case identifier(String)
    /// Nil when the literal is larger than a UInt64.
    case integer(UInt64?)
    /// A floating-point literal; no standard option takes one, so its value is not kept.
    case float
    /// The bytes of a string literal, escapes replaced.
    case string([UInt8])
    /// A punctuation character (ASCII).
    case symbol(Unicode.Scalar)
    case endOfFile
  }

  let kind: Kind
  let range: SourceRange
  /// The comment block that ends on the line above this token, or on its line.
  let leading: CommentBlock?
  /// The comment that starts after this token on its own line.
  var trailing: CommentBlock?
}

/// Where a comment stands: adjacent `//` lines form one block.
struct CommentBlock: Equatable, Sendable {
  let range: SourceRange
  /// True for `/* … */`.
  let isBlock: Bool
}
