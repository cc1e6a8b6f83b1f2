// The entry point of the schema compiler: texts in, a checked schema or diagnostics out.
// It reads no files; whoever calls it has found and read them.

/// A .proto file as the caller found it.
package struct SourceFile: Sendable {
  /// The path by which others import it, such as `usher/v1/catalog.proto`.
  package let path: String
  /// The bytes of the file, expected to be UTF-8.
  package let text: [UInt8]

  package init(path: String, text: [UInt8]) {
    self.path = path
    self.text = text
  }
}

/// What a compilation came to.
package struct CompileOutcome: Sendable {
  /// Nil when there is at least one error.
  package let schema: Schema?
  /// Errors and warnings, by file and position.
  package let diagnostics: [Diagnostic]
}

/// Compiles a set of files. Imports are looked up among `sources` only, by their path.
///
/// Each stage runs only when the one before found no error: a name that is missing because its file
/// did not parse is no news.
///
/// - Parameter roots: Paths of the files wanted; the outcome holds them and what they import.
///   Nil means all.
package func compile(_ sources: [SourceFile], roots: [String]? = nil) -> CompileOutcome {
  let reporter = Reporter()
  func outcome(_ schema: Schema? = nil) -> CompileOutcome {
    CompileOutcome(
      schema: reporter.errorCount == 0 ? schema : nil, diagnostics: reporter.sorted())
  }
  var loader = Loader(sources: sources, reporter: reporter)
  let files = loader.load(roots: roots ?? sources.map(\.path))
  guard reporter.errorCount == 0 else { return outcome() }
  let symbols = SymbolTable(files: files, reporter: reporter)
  guard reporter.errorCount == 0 else { return outcome() }
  var checked: [SchemaFile] = []
  for file in files where !reporter.isFull {
    var checker = Checker(file: file, after: checked, symbols: symbols, reporter: reporter)
    checked.append(checker.check())
  }
  guard reporter.errorCount == 0 else { return outcome() }
  return outcome(
    Schema(
      files: checked.map { file in
        var file = file
        file.descriptor = DescriptorWriter.descriptor(of: file)
        return file
      }))
}
