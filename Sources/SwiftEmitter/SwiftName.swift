// From schema names to Swift names: case, keywords, collisions. The only file that knows which words
// Swift reserves.

/// Names as generated code spells them.
enum SwiftName {
  /// `foo_bar` → `fooBar`, `FooBar` → `fooBar`.
  static func lowerCamel(_ name: String) -> String {
    let joined = camel(name)
    guard let first = joined.first else { return joined }
    return first.lowercased() + joined.dropFirst()
  }

  /// `foo_bar` → `FooBar`.
  static func upperCamel(_ name: String) -> String {
    let joined = camel(name)
    guard let first = joined.first else { return joined }
    return first.uppercased() + joined.dropFirst()
  }

  /// `SEAT_STATE_ON_HOLD` → `seatStateOnHold`; a name with lower-case letters is not shouted, and
  /// keeps its capitals.
  static func enumCase(_ name: String) -> String {
    let isShouted = !name.contains(where: \.isLowercase)
    return lowerCamel(isShouted ? name.lowercased() : name)
  }

  /// Drops underscores and raises the letter behind each. A leading digit gets its underscore back.
  private static func camel(_ name: String) -> String {
    var result = ""
    for word in name.split(separator: "_") {
      result += result.isEmpty ? String(word) : word.prefix(1).uppercased() + word.dropFirst()
    }
    guard let first = result.first, !first.isNumber else { return "_" + result }
    return result
  }

  /// The name as a member may be declared and, behind a dot, used: keywords in backticks, or with an
  /// underscore behind where Swift would not take even that.
  static func declared(_ name: String) -> String {
    if unusable.contains(name) { return name + "_" }
    return keywords.contains(name) ? "`\(name)`" : name
  }

  /// A declared name as the label of an argument, where only one keyword may have backticks.
  static func label(_ declared: String) -> String {
    declared == "`inout`" ? declared : declared.filter { $0 != "`" }
  }

  /// The name as a type may be declared and used: behind a dot Swift takes no keyword for a type,
  /// and the modules and tables that generated code names must not be hidden.
  static func type(_ name: String) -> String {
    let isTaken =
      unusable.contains(name) || keywords.contains(name) || usedByGeneratedCode.contains(name)
    return isTaken ? name + "_" : name
  }

  /// Makes names unique in one scope, in order: the second of two equal ones gets an underscore.
  static func unique(_ names: [String], taken: Set<String> = []) -> [String] {
    var used = taken
    return names.map { name in
      var candidate = name
      while !used.insert(candidate).inserted { candidate += "_" }
      return candidate
    }
  }

  /// `usher.v1` → `["Usher", "V1"]`.
  static func namespace(_ package: String) -> [String] {
    package.split(separator: ".").map { type(upperCamel(String($0))) }
  }

  /// Words that mean something else behind a dot too.
  private static let unusable: Set<String> = ["self", "Self", "Type", "Protocol", "init"]

  private static let usedByGeneratedCode: Set<String> = [
    "Swift", "ProtoWire", "RPC", "ProtoRegistry", "ProtoDescriptors",
  ]

  private static let keywords: Set<String> = [
    "Any", "as", "associatedtype", "await", "break", "case", "catch", "class", "continue",
    "default", "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false",
    "fileprivate", "for", "func", "guard", "if", "import", "in", "inout", "internal", "is", "let",
    "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows",
    "return", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while", "_",
  ]
}
