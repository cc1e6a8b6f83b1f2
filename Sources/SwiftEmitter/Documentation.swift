// Comments of the schema as documentation comments of Swift.

import ProtoSchema

extension Comment {
  /// The lines of the comment above the declaration, else of the one behind it, without the blank
  /// that follows the comment marker and without blank lines around them.
  var lines: [String] {
    let text = leading.isEmpty ? trailing : leading
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var line = line.hasPrefix(" ") ? line.dropFirst() : line
      while line.last?.isWhitespace == true { line.removeLast() }
      return String(line)
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return Array(lines.drop { $0.isEmpty })
  }
}

extension OptionValues {
  /// A line for deprecated declarations. No attribute: generated code uses its own declarations,
  /// and a warning there is nobody's to mend.
  var deprecationLines: [String] { isDeprecated ? ["", "Deprecated."] : [] }
}
