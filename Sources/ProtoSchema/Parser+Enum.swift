// Enums and their values.

extension Parser {
  /// Parses an enum; the current token is `enum`.
  mutating func parseEnum() throws(SyntaxError) -> EnumNode {
    let first = current
    advance()
    let name = try expectName("the enum's name")
    var node = EnumNode(name: name, comment: comment(from: first, through: current))
    try parseBlock(of: "enum `\(name.value)`") { parser throws(SyntaxError) in
      try parser.parseEnumStatement(&node)
    }
    return node
  }

  private mutating func parseEnumStatement(_ node: inout EnumNode) throws(SyntaxError) {
    if take(";") { return }
    if isAt(keyword: "option") { return node.options.append(try parseOptionStatement()) }
    if isAt(keyword: "reserved") { return try parseReserved(&node.reserved) }
    let first = current
    guard case .identifier = current.kind else {
      throw fail(
        "expected an enum value, found \(found)", hint: "a value looks like `GOLD = 1;`")
    }
    let name = try expectName("the value's name")
    try expect("=", "and a number after `\(name.value)`")
    let number = try expectInteger("the value's number")
    let options = try parseBracketOptions()
    try expectSemicolon("value `\(name.value)`")
    node.values.append(
      EnumValueNode(name: name, number: number, options: options, comment: comment(from: first)))
  }
}
