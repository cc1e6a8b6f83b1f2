// Messages, fields, maps and oneofs.

extension Parser {
  /// Parses a message; the current token is `message`.
  mutating func parseMessage(depth: Int) throws(SyntaxError) -> MessageNode {
    let first = current
    advance()
    let name = try expectName("the message's name")
    guard depth <= Limits.nestingDepth else {
      throw fail(
        "messages are nested deeper than \(Limits.nestingDepth) levels", at: name.range)
    }
    var message = MessageNode(name: name, comment: comment(from: first, through: current))
    try parseBlock(of: "message `\(name.value)`") { parser throws(SyntaxError) in
      try parser.parseMessageStatement(&message, depth: depth)
    }
    return message
  }

  private mutating func parseMessageStatement(
    _ message: inout MessageNode, depth: Int
  ) throws(SyntaxError) {
    guard case .identifier(let keyword) = current.kind else {
      if take(";") { return }
      if isAt(".") { return message.elements.append(.field(try parseField(oneof: nil))) }
      throw fail(
        "expected a field or a declaration, found \(found)",
        hint: "a field looks like `string title = 1;`")
    }
    switch keyword {
    case "message": message.elements.append(.message(try parseMessage(depth: depth + 1)))
    case "enum": message.elements.append(.enumeration(try parseEnum()))
    case "oneof": try parseOneof(&message)
    case "option": message.options.append(try parseOptionStatement())
    case "reserved": try parseReserved(&message.reserved)
    case "extend": throw refuseExtend()
    case "extensions":
      throw refuse(
        "extension ranges are",
        hint: "proto3 has no extensions; to keep numbers free, reserve them")
    default: message.elements.append(.field(try parseField(oneof: nil)))
    }
  }

  private mutating func parseOneof(_ message: inout MessageNode) throws(SyntaxError) {
    let first = current
    advance()
    let name = try expectName("the oneof's name")
    let index = message.oneofs.count
    var oneof = OneofNode(name: name, comment: comment(from: first, through: current))
    var members: [FieldNode] = []
    // A oneof that was broken off still counts: later indexes depend on it.
    defer {
      message.oneofs.append(oneof)
      message.elements += members.map { .field($0) }
    }
    try parseBlock(of: "oneof `\(name.value)`") { parser throws(SyntaxError) in
      if parser.isAt(keyword: "option") {
        oneof.options.append(try parser.parseOptionStatement())
      } else {
        members.append(try parser.parseField(oneof: index))
      }
    }
  }

  /// Parses a field, `oneof` being the index of the oneof it stands in.
  private mutating func parseField(oneof: Int?) throws(SyntaxError) -> FieldNode {
    let first = current
    let label = try parseLabel(isInOneof: oneof != nil)
    if label != .none, isAt(keyword: "optional") || isAt(keyword: "repeated"), !isNext(".") {
      throw fail("a field has one label at most", hint: "remove `optional` or `repeated`")
    }
    let type = try parseFieldType(label: label, isInOneof: oneof != nil)
    let name = try expectName("the field's name")
    guard take("=") else {
      throw fail(
        "expected `=` and a field number after `\(name.value)`, found \(found)",
        hint: "every field has a number that is unique in its message, as in `string title = 1;`")
    }
    guard case .integer(let number) = current.kind else {
      throw fail(
        "expected a field number, found \(found)",
        hint: "field numbers are positive whole numbers and unique in their message")
    }
    let numberRange = current.range
    advance()
    let options = try parseBracketOptions()
    if isAt("{") {
      throw fail("a field has no body", hint: "end the field with `;`")
    }
    try expectSemicolon("field `\(name.value)`")
    return FieldNode(
      label: label, type: type, name: name,
      number: Located(value: number, range: numberRange), options: options, oneofIndex: oneof,
      comment: comment(from: first))
  }

  private mutating func parseLabel(isInOneof: Bool) throws(SyntaxError) -> FieldNode.Label {
    let range = current.range
    guard case .identifier(let word) = current.kind,
      ["optional", "repeated", "required"].contains(word)
    else { return .none }
    if word == "required" {
      throw refuse(
        "`required` is",
        hint: "proto3 has no required fields: leave the label out and check the value in code")
    }
    if isInOneof {
      throw fail(
        "a member of a oneof cannot be `\(word)`",
        hint: word == "optional"
          ? "members of a oneof have presence already: leave the label out"
          : "wrap the repeated field in a message", at: range)
    }
    advance()
    return word == "optional" ? .optional : .repeated
  }

  private mutating func parseFieldType(
    label: FieldNode.Label, isInOneof: Bool
  ) throws(SyntaxError) -> FieldNode.TypeNode {
    let start = current.range
    if isAt(keyword: "map"), isNext("<") {
      let type = try parseMapType()
      if isInOneof {
        throw fail(
          "a map cannot be a member of a oneof", hint: "wrap the map in a message", at: start)
      }
      if label != .none {
        throw fail(
          "a map field has no label", hint: "leave the label out: a map is repeated anyway",
          at: start)
      }
      return type
    }
    if isAt(keyword: "group"), !isNext(".") {
      throw refuse("groups are", hint: "declare a nested message and a field of its type")
    }
    return .named(try expectDottedName("a type", leadingDot: true))
  }

  private mutating func parseMapType() throws(SyntaxError) -> FieldNode.TypeNode {
    let start = current.range
    advance()
    try expect("<", "after `map`")
    let key = try expectDottedName("the map's key type", leadingDot: true)
    try expect(",", "between key and value type")
    let value = try expectDottedName("the map's value type", leadingDot: true)
    if value.value == "map" || key.value == "map", isAt("<") {
      throw fail(
        "a map cannot contain a map", hint: "wrap the inner map in a message", at: value.range)
    }
    try expect(">", "to close the map type")
    return .map(key: key, value: value, range: start.through(previousRange))
  }
}
