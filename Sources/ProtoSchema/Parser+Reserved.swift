// `reserved` statements of messages and enums.

extension Parser {
  /// Parses `reserved 2, 9 to 11, 40 to max;` or `reserved "foo", "bar";`.
  mutating func parseReserved(_ reserved: inout ReservedNode) throws(SyntaxError) {
    advance()
    if case .string = current.kind {
      try parseReservedNames(&reserved)
    } else if case .identifier = current.kind {
      throw fail(
        "reserved names are written in quotes", hint: "write `reserved \"\(reservedWord)\";`")
    } else {
      try parseReservedRanges(&reserved)
    }
    try expectSemicolon("the reserved list")
  }

  private var reservedWord: String { source.text(current.range) }

  private mutating func parseReservedNames(_ reserved: inout ReservedNode) throws(SyntaxError) {
    repeat {
      guard case .string = current.kind else {
        throw fail(
          "expected a name in quotes, found \(found)",
          hint: "numbers and names are reserved in separate statements")
      }
      let name = try expectString("a name")
      reserved.names.append(
        Name(value: String(decoding: name.value, as: UTF8.self), range: name.range))
    } while take(",")
  }

  private mutating func parseReservedRanges(
    _ reserved: inout ReservedNode
  ) throws(SyntaxError) {
    repeat {
      if case .string = current.kind {
        throw fail(
          "expected a number, found a string",
          hint: "numbers and names are reserved in separate statements")
      }
      let start = current.range
      let first = try expectInteger("a number")
      var last: SignedLiteral? = first.value
      if take(keyword: "to") {
        last = take(keyword: "max") ? nil : try expectInteger("a number or `max`").value
      }
      reserved.ranges.append(
        ReservedNode.Range(
          first: first.value, last: last, range: start.through(previousRange)))
    } while take(",")
  }
}
