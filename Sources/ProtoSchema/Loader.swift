// Which files take part: parses the roots and, following their imports, everything they need, and
// puts the files in dependency order. It knows paths and import lines, no declarations.

/// A parsed file with its resolved imports.
struct LoadedFile: Sendable {
  let source: SourceText
  let node: FileNode
  /// Positions in the list of loaded files, one for each import line.
  let imports: [Int]
}

/// Loads files in the order in which protoc lists them: depth first, imports before importers.
struct Loader {
  private enum State {
    case unseen
    /// On the way from a root to the file being loaded: importing it again is a cycle.
    case open
    case loaded(Int)
    /// Did not parse; already reported.
    case broken
  }

  /// A file whose imports are being loaded.
  private struct Frame {
    let path: String
    let source: SourceText
    let node: FileNode
    var nextImport = 0
    var imports: [Int] = []
  }

  private let reporter: Reporter
  private var sources: [String: SourceFile] = [:]
  private var states: [String: State] = [:]
  private var stack: [Frame] = []
  private var files: [LoadedFile] = []

  init(sources: [SourceFile], reporter: Reporter) {
    self.reporter = reporter
    for source in sources.prefix(Limits.fileCount) { self.sources[source.path] = source }
    if sources.count > Limits.fileCount {
      reporter.error(
        SourceRange(start: 0, end: 0), in: SourceText(path: "schema", bytes: []),
        "\(sources.count) files are too many, the limit is \(Limits.fileCount)")
    }
  }

  /// Loads the roots and all they import.
  mutating func load(roots: [String]) -> [LoadedFile] {
    for root in roots {
      guard sources[root] != nil else {
        reporter.error(
          SourceRange(start: 0, end: 0), in: SourceText(path: root, bytes: []),
          "there is no such file among the sources")
        continue
      }
      if case .unseen = states[root, default: .unseen] { open(root) }
      while !stack.isEmpty { step() }
    }
    return files
  }

  /// Handles the next import of the innermost open file, or closes that file.
  private mutating func step() {
    let top = stack.count - 1
    let frame = stack[top]
    guard frame.nextImport < frame.node.imports.count, !reporter.isFull else {
      stack.removeLast()
      states[frame.path] = .loaded(files.count)
      files.append(
        LoadedFile(source: frame.source, node: frame.node, imports: frame.imports))
      return
    }
    let target = frame.node.imports[frame.nextImport].path
    guard checkImport(target, of: frame) else {
      stack[top].nextImport += 1
      return
    }
    switch states[target.value, default: .unseen] {
    case .unseen: open(target.value)
    case .open:
      reportCycle(to: target, from: frame)
      stack[top].nextImport += 1
    case .loaded(let index):
      stack[top].imports.append(index)
      stack[top].nextImport += 1
    case .broken: stack[top].nextImport += 1
    }
  }

  /// Parses a file and puts it on the stack.
  private mutating func open(_ path: String) {
    guard let file = sources[path] else { return }
    states[path] = .broken
    let source = SourceText(path: path, bytes: file.text)
    guard file.text.count <= Limits.fileBytes else {
      return reporter.error(
        SourceRange(start: 0, end: 0), in: SourceText(path: path, bytes: []),
        "the file has \(file.text.count) bytes, the limit is \(Limits.fileBytes)",
        hint: "split it: files can import each other")
    }
    if let offset = firstInvalidByte(in: file.text) {
      return reporter.error(
        SourceRange(start: offset, end: offset + 1), in: source, "the file is not UTF-8 text",
        hint: "save it with the encoding UTF-8")
    }
    guard let node = Parser.parse(source, reporter: reporter) else { return }
    states[path] = .open
    stack.append(Frame(path: path, source: source, node: node))
  }

  private func firstInvalidByte(in bytes: [UInt8]) -> Int? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      offset += UTF8.width(scalar)
    }
    return offset
  }

  private func checkImport(_ target: Located<String>, of frame: Frame) -> Bool {
    let earlier = frame.node.imports[..<frame.nextImport]
    if earlier.contains(where: { $0.path.value == target.value }) {
      reporter.error(
        target.range, in: frame.source, "`\(target.value)` is imported twice",
        hint: "remove one of the two lines")
      return false
    }
    if sources[target.value] != nil { return true }
    var hint = "imports are written from the root of the schema folder, as in `usher/v1/a.proto`"
    if target.value == "google/protobuf/descriptor.proto" {
      hint = "it serves to define custom options, which are not supported; remove the import"
    } else if let near = target.value.nearest(in: sources.keys.sorted()) {
      hint = "did you mean `\(near)`?"
    }
    reporter.error(
      target.range, in: frame.source, "cannot find the imported file `\(target.value)`",
      hint: hint)
    return false
  }

  private func reportCycle(to target: Located<String>, from frame: Frame) {
    let start = stack.firstIndex { $0.path == target.value } ?? 0
    let path = (stack[start...].map(\.path) + [target.value]).prefix(20).joined(separator: " → ")
    reporter.error(
      target.range, in: frame.source,
      frame.path == target.value
        ? "the file imports itself" : "the imports form a cycle: \(path)",
      hint: frame.path == target.value
        ? "remove the import"
        : "move what both sides need into a third file")
  }
}
