// Rules about services and methods.

extension Checker {
  mutating func check(_ node: ServiceNode, in scope: String) -> Service {
    let fullName = scope.isEmpty ? node.name.value : "\(scope).\(node.name.value)"
    var methods: [Method] = []
    for method in node.methods { methods.append(check(method, in: fullName)) }
    return Service(
      name: node.name.value, fullName: fullName, methods: methods,
      options: check(node.options, of: .service), comment: node.comment)
  }

  private mutating func check(_ node: MethodNode, in scope: String) -> Method {
    Method(
      name: node.name.value, input: messageName(node.input, in: scope),
      output: messageName(node.output, in: scope), clientStreaming: node.clientStreaming,
      serverStreaming: node.serverStreaming, hasBody: node.hasBody,
      options: check(node.options, of: .method),
      comment: node.comment)
  }

  /// The full name of the message that a method takes or gives; empty after a report.
  private mutating func messageName(_ name: Name, in scope: String) -> String {
    let hint = "declare a message for it, even if it has one field only"
    if ScalarType(keyword: name.value) != nil {
      error(name.range, "a method takes and returns messages, not `\(name.value)`", hint: hint)
      return ""
    }
    guard let symbol = resolve(name, in: scope, expecting: "message", amongTypes: false) else {
      return ""
    }
    guard symbol.kind == .message else {
      error(
        name.range, "`\(name.value)` is \(symbol.kind.rawValue), not a message",
        hint: symbol.kind == .method
          ? "the methods of the service hide the message: write its full name with a leading dot"
          : hint)
      return ""
    }
    return symbol.fullName
  }
}
