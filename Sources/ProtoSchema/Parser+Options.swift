// Options, in statements and in brackets.

extension Parser {
  /// Parses `option name = value;`; the current token is `option`.
  mutating func parseOptionStatement() throws(SyntaxError) -> OptionNode {
    advance()
    let option = try parseOption()
    try expectSemicolon("option `\(option.name.value)`")
    return option
  }

  /// Parses `[name = value, …]` if it is there.
  mutating func parseBracketOptions() throws(SyntaxError) -> [OptionNode] {
    guard take("[") else { return [] }
    var options: [OptionNode] = []
    repeat {
      options.append(try parseOption())
    } while take(",")
    try expect("]", "after the options")
    return options
  }

  private mutating func parseOption() throws(SyntaxError) -> OptionNode {
    let start = current.range
    var isCustom = false
    var name = ""
    repeat {
      if !name.isEmpty { name += "." }
      if take("(") {
        isCustom = true
        name += "(\(try expectDottedName("the option's name", leadingDot: true).value))"
        try expect(")", "after the option's name")
      } else {
        name += try expectName("an option's name").value
      }
    } while take(".")
    let range = start.through(previousRange)
    try expect("=", "after option `\(name)`")
    let value = try parseOptionValue(of: name)
    return OptionNode(name: Name(value: name, range: range), isCustom: isCustom, value: value)
  }

  private mutating func parseOptionValue(
    of name: String
  ) throws(SyntaxError) -> Located<OptionNode.Literal> {
    let start = current.range
    let isNegative = take("-")
    let literal: OptionNode.Literal
    switch current.kind {
    case .integer(let magnitude):
      literal = .integer(SignedLiteral(isNegative: isNegative, magnitude: magnitude))
      advance()
    case .float:
      literal = .float
      advance()
    case .identifier(let word):
      // Only `-inf` and `-nan` may follow a sign, and both are floating-point numbers.
      guard !isNegative || word == "inf" || word == "nan" else {
        throw fail("expected a number after `-`, found \(found)")
      }
      literal = isNegative ? .float : .identifier(word)
      advance()
      if isAt(".") {
        throw fail(
          "the value of option `\(name)` needs quotes", hint: "strings are written \"…\"", at: start
        )
      }
    case .string where !isNegative:
      literal = .string(try expectString("a value").value)
    case .symbol("{") where !isNegative:
      try skipAggregate()
      literal = .aggregate
    default:
      throw fail("expected a value for option `\(name)`, found \(found)")
    }
    return Located(value: literal, range: start.through(previousRange))
  }

  /// Moves past the `}` that matches the current `{`.
  private mutating func skipAggregate() throws(SyntaxError) {
    let start = current.range
    var depth = 0
    repeat {
      if isAt("{") { depth += 1 }
      if isAt("}") { depth -= 1 }
      if isAtEnd { throw fail("this `{` is never closed", hint: "add a `}`", at: start) }
      advance()
    } while depth > 0
  }
}
