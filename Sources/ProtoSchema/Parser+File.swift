// The file level: syntax, package, imports, and what is refused there.

extension Parser {
  mutating func parseFile() -> FileNode? {
    var file = FileNode()
    guard parseSyntax(&file) else { return nil }
    while !isAtEnd, !reporter.isFull {
      attempt { parser throws(SyntaxError) in try parser.parseFileStatement(&file) }
    }
    return file
  }

  /// Takes the `syntax` line; false, with a report, when the file is not proto3.
  private mutating func parseSyntax(_ file: inout FileNode) -> Bool {
    let first = current
    if isAt(keyword: "edition") {
      _ = refuse("editions are", hint: "start the file with `syntax = \"proto3\";`")
      return false
    }
    guard take(keyword: "syntax") else {
      _ = fail(
        "the file does not start with a `syntax` line, which makes it proto2",
        hint: "proto2 is not supported: start the file with `syntax = \"proto3\";`")
      return false
    }
    do {
      try expect("=", "after `syntax`")
      let name = try expectString("the syntax")
      guard name.value == Array("proto3".utf8) else {
        _ = fail(
          "syntax `\(String(decoding: name.value.prefix(40), as: UTF8.self))` is not supported",
          hint: "write `syntax = \"proto3\";`", at: name.range)
        return false
      }
      try expectSemicolon("the syntax")
      file.comment = comment(from: first)
      return true
    } catch {
      return false
    }
  }

  private mutating func parseFileStatement(_ file: inout FileNode) throws(SyntaxError) {
    guard case .identifier(let keyword) = current.kind else {
      if take(";") { return }
      throw unexpectedFileStatement()
    }
    switch keyword {
    case "package": try parsePackage(&file)
    case "import": try parseImport(&file)
    case "option": file.options.append(try parseOptionStatement())
    case "message": file.messages.append(try parseMessage(depth: 1))
    case "enum": file.enums.append(try parseEnum())
    case "service": file.services.append(try parseService())
    case "extend": throw refuseExtend()
    case "syntax", "edition":
      throw fail("`\(keyword)` must be the first statement of the file")
    default: throw unexpectedFileStatement()
    }
  }

  func refuseExtend() -> SyntaxError {
    refuse(
      "extensions (`extend`) and with them custom options are",
      hint: "leave the block out; the standard options work without it")
  }

  private func unexpectedFileStatement() -> SyntaxError {
    if isAt("}") { return fail("this `}` closes nothing", hint: "there is one brace too many") }
    let starts = ["package", "import", "option", "message", "enum", "service"]
    var hint = "a file contains package, import, option, message, enum and service statements"
    if case .identifier(let word) = current.kind, let near = word.nearest(in: starts) {
      hint = "did you mean `\(near)`?"
    }
    return fail("expected a declaration, found \(found)", hint: hint)
  }

  private mutating func parsePackage(_ file: inout FileNode) throws(SyntaxError) {
    let keyword = current.range
    advance()
    let name = try expectDottedName("the package's name", leadingDot: false)
    try expectSemicolon("the package")
    guard file.package == nil else {
      throw fail("the package is declared twice", at: keyword.through(name.range))
    }
    file.package = name
  }

  private mutating func parseImport(_ file: inout FileNode) throws(SyntaxError) {
    advance()
    if isAt(keyword: "weak") {
      throw refuse("weak imports are", hint: "import the file without `weak`")
    }
    let isPublic = take(keyword: "public")
    let path = try expectString("the path of a file")
    file.imports.append(
      ImportNode(
        path: Located(value: String(decoding: path.value, as: UTF8.self), range: path.range),
        isPublic: isPublic))
    try expectSemicolon("the import")
  }
}
