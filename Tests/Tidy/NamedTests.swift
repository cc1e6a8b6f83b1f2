// Tables that say which test holds what: the last cell of a row names tests in backticks, as
// `Suite/function`, `Suite.function` or `function`, as `file.py::function` or `file.py`. Whatever is
// named must be there; a name that is cut by an ellipsis is not looked for.

import Foundation

enum NamedTests {
  /// Every way to name a test of these files.
  static func names(in files: [SourceFile]) -> Set<String> {
    var names: Set<String> = []
    for file in files where file.path.hasPrefix("Tests/") {
      if file.kind == "swift" {
        let functions = words(after: "func ", in: file)
        names.formUnion(functions)
        for suite in words(after: "struct ", in: file) {
          names.insert(suite)
          for function in functions { names.insert("\(suite)/\(function)") }
        }
      } else if file.kind == "py", let name = file.path.split(separator: "/").last {
        names.insert(String(name))
        for function in words(after: "def ", in: file) { names.insert("\(name)::\(function)") }
      }
    }
    return names
  }

  /// Names in a file's tables that are no test's.
  static func missing(in file: SourceFile, among names: Set<String>) -> [Violation] {
    file.lines.enumerated().filter { $1.hasPrefix("|") }.flatMap { index, row in
      named(in: row).filter { !names.contains($0) }.map {
        Violation(path: file.path, line: index + 1, rule: "no test \($0)")
      }
    }
  }

  private static func named(in row: Substring) -> [String] {
    let cells = row.split(separator: "|")
    guard let last = cells.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { return [] }
    // Every other part is between backticks.
    let parts = last.split(separator: "`", omittingEmptySubsequences: false)
    return parts.indices.filter { $0 % 2 == 1 }.map { parts[$0] }.filter { !$0.contains("…") }
      .map { $0.contains(".py") ? String($0) : $0.replacingOccurrences(of: ".", with: "/") }
  }

  private static func words(after keyword: String, in file: SourceFile) -> Set<String> {
    Set(
      file.lines.compactMap { line in
        guard let place = line.range(of: keyword) else { return nil }
        let word = line[place.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return word.isEmpty ? nil : String(word)
      })
  }
}
