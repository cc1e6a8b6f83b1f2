// Bytes to tokens: white space, comments, names, punctuation. Literals are in Lexer+Literals.swift.
// Lexical errors are reported and a plausible token is produced, so that parsing goes on.

/// Splits a file into tokens. The last one is always `endOfFile`.
struct Lexer {
  let source: SourceText
  let reporter: Reporter
  var offset = 0
  private var tokens: [Token] = []
  private var comments: [CommentBlock] = []
  private var errorLines: Set<Int> = []

  init(source: SourceText, reporter: Reporter) {
    self.source = source
    self.reporter = reporter
    // A byte order mark is allowed, as protoc allows it.
    if source.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
  }

  /// Runs the lexer over the whole file. On the lines it reports, grammar has nothing to add.
  static func run(
    _ source: SourceText, reporter: Reporter
  ) -> (tokens: [Token], errorLines: Set<Int>) {
    var lexer = Lexer(source: source, reporter: reporter)
    while lexer.scan() {}
    return (lexer.tokens, lexer.errorLines)
  }

  /// The byte at the offset plus a distance, nil past the end.
  func peek(_ distance: Int = 0) -> UInt8? {
    offset + distance < source.bytes.count ? source.bytes[offset + distance] : nil
  }

  mutating func report(from start: Int, to end: Int, _ message: String, hint: String? = nil) {
    errorLines.insert(source.lineIndex(of: start))
    reporter.error(SourceRange(start: start, end: end), in: source, message, hint: hint)
  }

  /// Reads one token with the comments before it; false after the end of the file.
  private mutating func scan() -> Bool {
    skipTrivia()
    let start = offset
    guard let byte = peek() else {
      append(.endOfFile, from: start)
      return false
    }
    if byte.isNameStart {
      scanName()
    } else if byte.isDigit || (byte == UInt8(ascii: ".") && peek(1)?.isDigit == true) {
      let kind = scanNumber()
      append(kind, from: start)
    } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      let kind = scanString(quote: byte)
      append(kind, from: start)
    } else if byte > 0x20, byte < 0x7f {
      offset += 1
      append(.symbol(Unicode.Scalar(byte)), from: start)
    } else {
      skipForeignBytes()
    }
    return true
  }

  private mutating func append(_ kind: Token.Kind, from start: Int) {
    let range = SourceRange(start: start, end: offset)
    let leading = takeComments(before: start)
    tokens.append(Token(kind: kind, range: range, leading: leading, trailing: nil))
  }

  private mutating func scanName() {
    let start = offset
    while let byte = peek(), byte.isNameStart || byte.isDigit { offset += 1 }
    if offset - start > Limits.identifierBytes {
      report(
        from: start, to: offset,
        "this name is \(offset - start) bytes long; names may have \(Limits.identifierBytes)")
    }
    let name = source.text(SourceRange(start: start, end: offset))
    append(.identifier(name), from: start)
    if peek() == UInt8(ascii: "."), peek(1)?.isDigit == true {
      let part = offset + 1
      offset += 1
      while let byte = peek(), byte.isNameStart || byte.isDigit { offset += 1 }
      report(
        from: part, to: offset, "a part of a name cannot start with a digit",
        hint: "names consist of letters, digits and `_`, and start with a letter or `_`")
    }
  }

  /// Skips a run of bytes that cannot stand outside strings and comments, with one report.
  private mutating func skipForeignBytes() {
    let start = offset
    while let byte = peek(), !byte.isSpace, byte < 0x20 || byte >= 0x7f { offset += 1 }
    let isText = source.bytes[start..<offset].contains { $0 >= 0x80 }
    report(
      from: start, to: offset,
      isText
        ? "`\(source.text(SourceRange(start: start, end: offset)))` is not allowed here"
        : "control characters are not allowed in a .proto file",
      hint: isText ? "outside strings and comments only ASCII characters are allowed" : nil)
  }
}

// Comments.
extension Lexer {
  private mutating func skipTrivia() {
    while let byte = peek() {
      if byte.isSpace {
        offset += 1
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
        scanLineComment()
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        scanBlockComment()
      } else {
        return
      }
    }
  }

  private mutating func scanLineComment() {
    let start = offset
    while let byte = peek(), byte != UInt8(ascii: "\n") { offset += 1 }
    let range = SourceRange(start: start, end: offset)
    if let last = comments.last, !last.isBlock,
      source.lineIndex(of: last.range.end) + 1 == source.lineIndex(of: start),
      !isBehindToken(last.range.start)
    {
      comments[comments.count - 1] = CommentBlock(
        range: last.range.through(range), isBlock: false)
    } else {
      comments.append(CommentBlock(range: range, isBlock: false))
    }
  }

  private mutating func scanBlockComment() {
    let start = offset
    offset += 2
    while let byte = peek() {
      if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
        offset += 2
        comments.append(
          CommentBlock(range: SourceRange(start: start, end: offset), isBlock: true))
        return
      }
      if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        report(
          from: offset, to: offset + 2, "`/*` inside a comment: comments cannot be nested",
          hint: "the comment ends at the first `*/`")
        offset += 1
      }
      offset += 1
    }
    report(
      from: start, to: start + 2, "this comment is never closed", hint: "close it with `*/`")
  }

  /// True when a comment at this offset starts on the line on which the last token ends.
  private func isBehindToken(_ start: Int) -> Bool {
    guard let last = tokens.last else { return false }
    return source.lineIndex(of: last.range.end) == source.lineIndex(of: start)
  }

  /// Hands out the comments read since the last token: the first may trail that token, the last may
  /// lead the token at `start`; those between belong to nothing.
  private mutating func takeComments(before start: Int) -> CommentBlock? {
    guard let first = comments.first, let last = comments.last else { return nil }
    defer { comments.removeAll(keepingCapacity: true) }
    let line = source.lineIndex(of: start)
    if isBehindToken(first.range.start), line != source.lineIndex(of: first.range.end) {
      tokens[tokens.count - 1].trailing = first
      if comments.count == 1 { return nil }
    }
    return source.lineIndex(of: last.range.end) + 1 >= line ? last : nil
  }
}

extension UInt8 {
  var isSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
  var isDigit: Bool { (0x30...0x39).contains(self) }
  var isNameStart: Bool {
    (0x61...0x7a).contains(self) || (0x41...0x5a).contains(self) || self == 0x5f
  }
  /// The value of a hexadecimal digit, nil for other bytes.
  var hexDigit: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}
