// The bounds of the schema compiler. Schemas are written by colleagues, but a build must not hang or
// exhaust a machine on a generated or damaged file either.

/// Bounds on what the compiler accepts, each with its reason.
enum Limits {
  /// The largest schema files in public use are generated and reach some 500 kB.
  static let fileBytes = 1 << 20
  /// Generous for option strings; identifiers have their own bound.
  static let tokenBytes = 16 << 10
  /// Longer names are unreadable and make full names, of which every symbol has one, explode.
  static let identifierBytes = 256
  /// A bound on dotted full names: every message, field and value stores its own.
  static let fullNameBytes = 1024
  /// Messages within messages; the bound protoc sets too.
  static let nestingDepth = 31
  /// Parts of a package's name; the bound protoc sets too.
  static let packageDepth = 101
  /// The length of a package's name; the bound protoc sets too.
  static let packageBytes = 511
  /// Files in one compilation: a national platform has hundreds, not thousands.
  static let fileCount = 4096
  /// After this many a person stops reading, and one mistake has usually caused the rest.
  static let diagnosticCount = 100
  /// Lines longer than this are not repeated under a message: no terminal shows them usefully.
  static let shownLineCharacters = 240
}
