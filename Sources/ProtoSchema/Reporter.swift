// Collects the diagnostics of one compilation, bounded and without repetition.
// It knows positions and texts, not what they are about.

/// The collector every stage reports to. Confined to one call of `compile`.
final class Reporter {
  private struct Entry {
    let source: Int
    let offset: Int
    let diagnostic: Diagnostic
  }

  private var entries: [Entry] = []
  private var sources: [String: Int] = [:]
  /// Errors reported so far, those beyond the limit included.
  private(set) var errorCount = 0

  /// Reports an error about a range of a file.
  func error(
    _ range: SourceRange, in source: SourceText, _ message: String, hint: String? = nil
  ) {
    errorCount += 1
    add(.error, range, source, message, hint)
  }

  /// Reports something that does not make the schema unusable.
  func warning(
    _ range: SourceRange, in source: SourceText, _ message: String, hint: String? = nil
  ) {
    add(.warning, range, source, message, hint)
  }

  /// True when nothing more will be kept, so that a stage may as well stop.
  var isFull: Bool { entries.count >= Limits.diagnosticCount }

  /// Everything reported, by file (in order of first report) and position.
  func sorted() -> [Diagnostic] {
    entries.enumerated().sorted { left, right in
      let (a, b) = (left.element, right.element)
      return (a.source, a.offset, left.offset) < (b.source, b.offset, right.offset)
    }.map(\.element.diagnostic)
  }

  private func add(
    _ severity: Diagnostic.Severity, _ range: SourceRange, _ source: SourceText,
    _ message: String, _ hint: String?
  ) {
    guard !isFull else { return }
    let lineIndex = source.lineIndex(of: range.start)
    let isLast = entries.count + 1 == Limits.diagnosticCount
    let diagnostic = Diagnostic(
      severity: severity, file: source.path, line: lineIndex + 1,
      column: source.column(of: range.start), width: source.width(of: range),
      sourceLine: source.line(lineIndex) ?? "", message: message,
      hint: isLast ? "this is the last of \(Limits.diagnosticCount) messages shown" : hint)
    if entries.contains(where: { $0.diagnostic == diagnostic }) { return }
    let index = sources[source.path] ?? sources.count
    sources[source.path] = index
    entries.append(Entry(source: index, offset: range.start, diagnostic: diagnostic))
  }
}
