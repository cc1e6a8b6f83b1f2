// Tokens to syntax tree: the cursor, recovery after an error, and the file level. Messages, enums,
// services and options are in extensions. The parser knows grammar, never meaning.

/// Thrown after a syntax error has been reported, to leave the statement.
struct SyntaxError: Error {}

/// A recursive-descent parser over the tokens of one file.
struct Parser {
  let source: SourceText
  let reporter: Reporter
  let tokens: [Token]
  /// Lines with lexical errors, of which the author knows already.
  private let errorLines: Set<Int>
  var index = 0

  init(source: SourceText, reporter: Reporter) {
    self.source = source
    (tokens, errorLines) = Lexer.run(source, reporter: reporter)
    self.reporter = reporter
  }

  /// Parses a file. Nil when it is written in a language other than proto3; otherwise as much as
  /// could be understood, which is complete when the reporter has no new errors.
  static func parse(_ source: SourceText, reporter: Reporter) -> FileNode? {
    var parser = Parser(source: source, reporter: reporter)
    return parser.parseFile()
  }
}

// The cursor.
extension Parser {
  var current: Token { tokens[index] }
  var isAtEnd: Bool { current.kind == .endOfFile }
  /// The range of the token before the current one.
  var previousRange: SourceRange { tokens[max(0, index - 1)].range }

  mutating func advance() {
    if !isAtEnd { index += 1 }
  }

  func isAt(_ symbol: Unicode.Scalar) -> Bool { current.kind == .symbol(symbol) }
  func isAt(keyword: String) -> Bool { current.kind == .identifier(keyword) }
  func isNext(_ symbol: Unicode.Scalar) -> Bool {
    index + 1 < tokens.count && tokens[index + 1].kind == .symbol(symbol)
  }

  mutating func take(_ symbol: Unicode.Scalar) -> Bool {
    guard isAt(symbol) else { return false }
    advance()
    return true
  }

  mutating func take(keyword: String) -> Bool {
    guard isAt(keyword: keyword) else { return false }
    advance()
    return true
  }

  /// The current token as a message would name it.
  var found: String {
    switch current.kind {
    case .endOfFile: "the end of the file"
    case .string: "a string"
    default: "`\(source.text(current.range).prefix(40))`"
    }
  }

  /// Reports an error and returns the one to throw.
  func fail(
    _ message: String, hint: String? = nil, at range: SourceRange? = nil
  ) -> SyntaxError {
    let range = range ?? current.range
    if !errorLines.contains(source.lineIndex(of: range.start)) {
      reporter.error(range, in: source, message, hint: hint)
    }
    return SyntaxError()
  }

  mutating func expect(_ symbol: Unicode.Scalar, _ context: String) throws(SyntaxError) {
    guard take(symbol) else {
      throw fail("expected `\(symbol)` \(context), found \(found)")
    }
  }

  /// Takes the semicolon after a statement. A missing one at the end of a line is reported there,
  /// and parsing goes on as if it stood there.
  mutating func expectSemicolon(_ context: String) throws(SyntaxError) {
    if take(";") { return }
    let startsLine =
      source.lineIndex(of: previousRange.end) < source.lineIndex(of: current.range.start)
    let error = fail(
      startsLine || isAtEnd
        ? "missing `;` after \(context)"
        : "expected `;` after \(context), found \(found)",
      at: startsLine || isAtEnd ? previousRange.after : nil)
    if !startsLine && !isAt("}") { throw error }
  }

  /// Takes a simple name.
  mutating func expectName(_ what: String) throws(SyntaxError) -> Name {
    guard case .identifier(let text) = current.kind else {
      throw fail("expected \(what), found \(found)")
    }
    defer { advance() }
    return Name(value: text, range: current.range)
  }

  /// Takes a dotted name, with a leading dot where that is allowed.
  mutating func expectDottedName(
    _ what: String, leadingDot: Bool
  ) throws(SyntaxError) -> Name {
    let start = current.range
    var text = ""
    if leadingDot, take(".") { text = "." }
    text += try expectName(what).value
    while take(".") {
      text += "." + (try expectName("the rest of the name").value)
    }
    return Name(value: text, range: start.through(previousRange))
  }

  /// Takes one string literal, or several that stand next to each other.
  mutating func expectString(_ what: String) throws(SyntaxError) -> Located<[UInt8]> {
    guard case .string(var bytes) = current.kind else {
      throw fail("expected \(what) in quotes, found \(found)")
    }
    let start = current.range
    advance()
    while case .string(let more) = current.kind {
      bytes += more
      advance()
    }
    return Located(value: bytes, range: start.through(previousRange))
  }

  /// Takes an integer with an optional sign.
  mutating func expectInteger(_ what: String) throws(SyntaxError) -> Located<SignedLiteral> {
    let start = current.range
    let isNegative = take("-")
    guard case .integer(let magnitude) = current.kind else {
      throw fail("expected \(what), found \(found)")
    }
    advance()
    return Located(
      value: SignedLiteral(isNegative: isNegative, magnitude: magnitude),
      range: start.through(previousRange))
  }
}

// Recovery.
extension Parser {
  /// Runs the statements of a block until its closing brace, which it takes. After an error in a
  /// statement the rest of that statement is skipped.
  mutating func parseBlock(
    of what: String, _ statement: (inout Parser) throws(SyntaxError) -> Void
  ) throws(SyntaxError) {
    let opening = current.range
    try expect("{", "to open \(what)")
    while !isAtEnd, !isAt("}") {
      attempt(statement)
      if reporter.isFull { throw SyntaxError() }
    }
    if !take("}") {
      throw fail(
        "\(what) is never closed", hint: "add a `}`; this is where it opens", at: opening)
    }
  }

  /// Runs one statement and recovers from its error.
  mutating func attempt(_ statement: (inout Parser) throws(SyntaxError) -> Void) {
    let before = index
    do {
      try statement(&self)
    } catch {
      skipStatement(from: before)
    }
    // Progress is certain, whatever the statement did.
    if index == before { advance() }
  }

  /// Moves past the statement that starts at a token: past its `;` or its `{ … }`, or to the
  /// `}` that closes the block around it, but never back.
  private mutating func skipStatement(from start: Int) {
    let reached = index
    index = start
    var depth = 0
    while !isAtEnd {
      if isAt("{") { depth += 1 }
      if isAt("}") {
        if depth == 0 { return }
        depth -= 1
        if depth == 0, index >= reached { return advance() }
      }
      if isAt(";"), depth == 0, index >= reached { return advance() }
      advance()
    }
  }

  /// Refuses a construct by name and skips it.
  func refuse(_ what: String, hint: String, at range: SourceRange? = nil) -> SyntaxError {
    fail("\(what) not supported", hint: hint, at: range)
  }
}

// Comments.
extension Parser {
  /// The comments of a declaration: above its first token, and after the token that was read last
  /// (the `;` or `{` of the declaration).
  func comment(from first: Token, through last: Token? = nil) -> Comment {
    Comment(
      leading: first.leading.map { source.commentText($0) } ?? "",
      trailing: (last ?? tokens[max(0, index - 1)]).trailing.map { source.commentText($0) } ?? "")
  }
}
