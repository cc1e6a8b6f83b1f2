// Schema text into the compiler's lexer, parser and checker.

import ProtoSchema

enum SchemaFuzz {
  /// Compiles the input as a file beside one that it may import. The outcome must be consistent.
  static func run(_ input: [UInt8]) {
    let library = SourceFile(
      path: "a.proto", text: Array("syntax=\"proto3\";package a;message A{}enum E{Z=0;}".utf8))
    let outcome = compile(
      [library, SourceFile(path: "f.proto", text: input)], roots: ["f.proto"])
    let hasError = outcome.diagnostics.contains { $0.severity == .error }
    precondition(hasError == (outcome.schema == nil), "an error without words, or words without")
    precondition(outcome.diagnostics.count <= 100)
    for diagnostic in outcome.diagnostics { _ = String(describing: diagnostic) }
  }
}
