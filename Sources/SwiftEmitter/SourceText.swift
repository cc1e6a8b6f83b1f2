// Text under construction: lines with indentation. It knows nothing of Swift but braces.

/// A growing source text. Lines are added at the current indentation, two spaces per level.
struct SourceText {
  private(set) var text = ""
  private var level = 0

  /// Adds a line; an empty one stays empty.
  mutating func line(_ content: String = "") {
    if !content.isEmpty {
      text += String(repeating: "  ", count: level)
      text += content
    }
    text += "\n"
  }

  /// Adds `opening {`, what `body` adds one level deeper, and `}`.
  mutating func block(_ opening: String, _ body: (inout SourceText) -> Void) {
    line(opening + " {")
    level += 1
    body(&self)
    level -= 1
    line("}")
  }

  /// Adds what `body` adds one level deeper.
  mutating func indented(_ body: (inout SourceText) -> Void) {
    level += 1
    body(&self)
    level -= 1
  }

  /// Adds lines of a `switch` case and its body.
  mutating func switchCase(_ pattern: String, _ body: String...) {
    line("case \(pattern):")
    indented { text in
      for statement in body { text.line(statement) }
    }
  }

  /// Adds a documentation comment, nothing when it has no text.
  mutating func documentation(_ lines: [String]) {
    for content in lines { line(content.isEmpty ? "///" : "/// " + content) }
  }
}
