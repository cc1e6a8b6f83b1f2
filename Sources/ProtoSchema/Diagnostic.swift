// A diagnostic as a value: where, what, and how to mend it. Collecting them is the compiler's business,
// showing them is `rendered()`; nothing here prints.

/// Something the compiler has to say about a source file.
package struct Diagnostic: Sendable, Equatable {
  package enum Severity: String, Sendable {
    /// The schema cannot be used.
    case error
    /// The schema is usable; the author should look.
    case warning
  }

  package let severity: Severity
  /// The path of the file as it is imported.
  package let file: String
  /// From 1.
  package let line: Int
  /// From 1, counted in characters (Unicode scalars); a tab is one.
  package let column: Int
  /// How many characters of the line are meant, at least one.
  package let width: Int
  /// The line concerned, without its end; empty when there is none.
  package let sourceLine: String
  package let message: String
  /// What to do about it, nil where the message says it all.
  package let hint: String?

  /// The diagnostic as text of several lines: position and message, the source line, a caret below
  /// the place, the hint. Ends with a newline.
  package func rendered() -> String {
    var text = "\(file):\(line):\(column): \(severity.rawValue): \(message)\n"
    if !sourceLine.isEmpty {
      // Tabs stay tabs below the line, so that the caret stands right whatever their width.
      let indent = String(
        String.UnicodeScalarView(
          sourceLine.unicodeScalars.prefix(column - 1).map { $0 == "\t" ? "\t" : " " }))
      text += "  \(sourceLine)\n"
      text += "  \(indent)^\(String(repeating: "~", count: max(0, width - 1)))\n"
    }
    if let hint { text += "  hint: \(hint)\n" }
    return text
  }
}
