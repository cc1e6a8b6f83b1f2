// Comments of the schema as documentation comments of Swift.

import ProtoSchema

extension Comment {
  /// The lines of the comment above the declaration, else of the one behind it.
  var lines: [String] {
    let text = leading.isEmpty ? trailing : leading
    guard !text.isEmpty else { return [] }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}

extension OptionValues {
  /// A line for deprecated declarations. No attribute: generated code uses its own declarations,
  /// and a warning there is nobody's to mend.
  var deprecationLines: [String] { isDeprecated ? ["", "Deprecated."] : [] }
}
