// Comment blocks to documentation text: markers and common indentation go, line breaks stay.

extension SourceText {
  /// The text of a comment block.
  func commentText(_ block: CommentBlock) -> String {
    var lines = text(block.range).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).map { block.isBlock ? Self.withoutStar($0) : Self.withoutSlashes($0) }
    if block.isBlock { lines = Self.withoutDelimiters(lines) }
    lines = lines.map { line in
      var line = line
      while line.last?.isWhitespace == true { line.removeLast() }
      return line
    }
    while lines.first?.isEmpty == true { lines.removeFirst() }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.joined(separator: "\n")
  }

  /// A `//` line without its marker and one space.
  private static func withoutSlashes(_ line: Substring) -> Substring {
    let text = line.drop(while: \.isWhitespace).drop { $0 == "/" }
    return text.first == " " ? text.dropFirst() : text
  }

  /// A line of a block comment without the star that many authors start it with.
  private static func withoutStar(_ line: Substring) -> Substring {
    var text = line.drop(while: \.isWhitespace)
    if text.first == "/", text.dropFirst().first == "*" { return text }
    if text.first == "*", text.dropFirst().first != "/" { text = text.dropFirst() }
    return text.first == " " ? text.dropFirst() : text
  }

  /// The lines without `/*` and `*/`, and without further stars that stick to them.
  private static func withoutDelimiters(_ lines: [Substring]) -> [Substring] {
    var lines = lines
    if let last = lines.last, last.hasSuffix("*/") {
      var text = last.dropLast(2)
      while text.last == "*", text != "/*" { text.removeLast() }
      lines[lines.count - 1] = text
    }
    if let first = lines.first {
      let text = first.dropFirst(2).drop { $0 == "*" }
      lines[0] = text.first == " " ? text.dropFirst() : text
    }
    return lines
  }
}
