// Services and their methods.

extension Parser {
  /// Parses a service; the current token is `service`.
  mutating func parseService() throws(SyntaxError) -> ServiceNode {
    let first = current
    advance()
    let name = try expectName("the service's name")
    var service = ServiceNode(name: name, comment: comment(from: first, through: current))
    try parseBlock(of: "service `\(name.value)`") { parser throws(SyntaxError) in
      try parser.parseServiceStatement(&service)
    }
    return service
  }

  private mutating func parseServiceStatement(
    _ service: inout ServiceNode
  ) throws(SyntaxError) {
    if take(";") { return }
    if isAt(keyword: "option") {
      return service.options.append(try parseOptionStatement())
    }
    if isAt(keyword: "stream"), !isNext("=") {
      throw refuse(
        "`stream` declarations in services are",
        hint: "declare an rpc whose request and response are `stream`")
    }
    guard isAt(keyword: "rpc") else {
      throw fail(
        "expected `rpc` or `option`, found \(found)",
        hint: "a method looks like `rpc GetShow(GetShowRequest) returns (GetShowResponse);`")
    }
    service.methods.append(try parseMethod())
  }

  private mutating func parseMethod() throws(SyntaxError) -> MethodNode {
    let first = current
    advance()
    let name = try expectName("the method's name")
    let input = try parseMethodType("request")
    guard take(keyword: "returns") else {
      throw fail("expected `returns` after the request type, found \(found)")
    }
    let output = try parseMethodType("response")
    var method = MethodNode(
      name: name, input: input.type, output: output.type, clientStreaming: input.isStream,
      serverStreaming: output.isStream, comment: comment(from: first, through: current))
    if !isAt("{") {
      try expectSemicolon("method `\(name.value)`")
      return method
    }
    method.hasBody = true
    try parseBlock(of: "method `\(name.value)`") { parser throws(SyntaxError) in
      if parser.take(";") { return }
      guard parser.isAt(keyword: "option") else {
        throw parser.fail("expected `option`, found \(parser.found)")
      }
      method.options.append(try parser.parseOptionStatement())
    }
    return method
  }

  /// Takes `(Type)` or `(stream Type)`.
  private mutating func parseMethodType(
    _ role: String
  ) throws(SyntaxError) -> (type: Name, isStream: Bool) {
    try expect("(", "before the \(role) type")
    let isStream = take(keyword: "stream")
    let type = try expectDottedName("the \(role) type, a message", leadingDot: true)
    try expect(")", "after the \(role) type")
    return (type, isStream)
  }
}
