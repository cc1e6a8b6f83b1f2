// The rules of style that a program can judge, one function per rule, each from text to violations.

/// Rules about single files.
enum Rules {
  /// Longest file and function: style, "Files and functions".
  static let fileLines = 600
  static let functionLines = 70
  /// A SAFETY line stands in the same function or at most this far from what it explains.
  static let safetyDistance = 6

  /// Every rule, for the planted-violation tests.
  static func all(_ file: SourceFile) -> [Violation] {
    fileLength(file) + opening(file) + licence(file) + machinePath(file) + swift(file)
  }

  private static func swift(_ file: SourceFile) -> [Violation] {
    guard let text = file.swift else { return [] }
    return functionLength(file, text) + unsafety(file, text) + tasks(file, text)
      + traps(file, text) + unfinished(file, text) + foundation(file, text) + clocks(file, text)
      + names(file, text)
  }

  // MARK: Any text

  static func fileLength(_ file: SourceFile) -> [Violation] {
    guard file.lineCount > fileLines, !file.isForeign, !["json", "md"].contains(file.kind)
    else { return [] }
    return [Violation(path: file.path, line: 0, rule: "file of \(file.lineCount) lines")]
  }

  /// Files open with what they own and must not know.
  static func opening(_ file: SourceFile) -> [Violation] {
    guard !file.isForeign else { return [] }
    let isOpened =
      switch file.kind {
      case "swift", "proto", "h": file.text.hasPrefix("//")
      case "sql": file.text.hasPrefix("--")
      case "py":
        file.text.hasPrefix("\"\"\"") || file.text.hasPrefix("#!") || file.text.hasPrefix("# ")
      case "script": file.text.hasPrefix("#!") && file.lines.dropFirst().first?.first == "#"
      default: true
      }
    return isOpened ? [] : [Violation(path: file.path, line: 1, rule: "no opening comment")]
  }

  /// One licence for the whole, told in the README.
  static func licence(_ file: SourceFile) -> [Violation] {
    guard file.kind != "md" else { return [] }
    let comments =
      file.kind == "swift" ? SwiftText(file.text).comments : file.lines.map(String.init)
    return matches(
      file, comments, words: ["SPDX", "Copyright", "rights", "Licensed"],
      /SPDX-Lic|Copyright \(|Copyright ©|All rights reserved|Licensed under the/,
      "licence header")
  }

  /// Nothing depends on, or tells of, the machine it was written on.
  static func machinePath(_ file: SourceFile) -> [Violation] {
    matches(
      file, file.lines.map(String.init), words: ["home", "Users", "work", "root"],
      /\x2F(?:home|Users|work|root)\//, "machine's path")
  }

  // MARK: Swift

  static func functionLength(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    text.functions().filter { $0.lineCount > functionLines }.map {
      Violation(path: file.path, line: $0.line, rule: "function of \($0.lineCount) lines")
    }
  }

  /// What the compiler cannot check is explained beside it, and stays in the ground floors.
  static func unsafety(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    guard let target = file.target else { return [] }
    let pattern =
      /@unchecked Sendable|nonisolated\(unsafe\)|unowned\(unsafe\)|\bUnmanaged\b|\bunsafeBitCast\b/
    return matches(file, text.code, words: ["unsafe", "@unchecked", "Unmanaged"], pattern, "")
      .flatMap { mark -> [Violation] in
        let index = mark.line - 1
        if !Floors.ground.contains(target) {
          return [
            Violation(path: file.path, line: index + 1, rule: "unsafe code above the ground floors")
          ]
        }
        if isExplained(index, in: text) { return [] }
        return [Violation(path: file.path, line: index + 1, rule: "no SAFETY line")]
      }
  }

  /// True when a SAFETY line is near, or in the same function.
  private static func isExplained(_ index: Int, in text: SwiftText) -> Bool {
    let enclosing = text.functions().filter {
      ($0.line...$0.line + $0.lineCount).contains(index + 1)
    }
    let first = min(index - safetyDistance, enclosing.map { $0.line - 1 }.max() ?? index)
    let last = min(text.comments.count - 1, index + safetyDistance)
    return text.comments[max(0, first)...last].contains { $0.contains("// SAFETY: ") }
  }

  /// Unstructured tasks leave the loop; `EventLoop.spawn` does not.
  static func tasks(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    guard let target = file.target, target != "Reactor" else { return [] }
    return matches(
      file, text.code, words: ["Task"], /\bTask *\{|\bTask *\(|\bTask\.(?:detached|immediate)/,
      "unstructured task: use loop.spawn")
  }

  static func traps(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    guard file.target != nil else { return [] }
    let others = text.code.map {
      $0.holds(anyOf: ["!"]) ? $0.replacing(/\b(?:try|as)!/, with: "") : $0
    }
    return matches(file, text.code, words: ["try!", "as!"], /\btry!|\bas!/, "forced try or cast")
      + matches(file, others, words: ["!"], /[\w\)\]>]!(?:[.,;:?\s\)\]\[(]|$)/, "forced unwrap")
  }

  static func unfinished(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    matches(
      file, text.comments, words: ["TODO", "FIXME", "XXX", "HACK"], /\b(?:TODO|FIXME|XXX|HACK)\b/,
      "unfinished work")
  }

  /// Foundation is for programs and tests, not for what runs on the request path.
  static func foundation(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    guard let target = file.target, !Floors.mayUseFoundation.contains(target) else { return [] }
    return matches(
      file, text.code, words: ["Foundation"], /\bimport +(?:\w+ +)?Foundation/,
      "Foundation in a library")
  }

  /// When a hold or a wait is over, the database says; a node's own time must not come near it.
  static func clocks(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    guard let target = file.target, ["Booking", "BookingStore"].contains(target) else { return [] }
    return matches(
      file, text.code, words: ["Glibc", "Clock"],
      /\bimport +(?:\w+ +)?Glibc|\b(?:Continuous|Suspending)Clock\b/,
      "the machine's clock in a sale")
  }

  /// Nouns say what a thing is; these say only that it does something.
  static func names(_ file: SourceFile, _ text: SwiftText) -> [Violation] {
    guard file.target != nil else { return [] }
    return matches(
      file, text.code, words: ["Manager", "Helper", "Util", "Common"],
      /\b(?:class|struct|enum|actor|protocol) +\w*(?:Manager|Helper|Util|Utils|Common)\b/,
      "empty name")
  }

  /// Lines that match. Only those that hold one of the words are looked at closely: expressions
  /// are slow.
  private static func matches(
    _ file: SourceFile, _ lines: [String], words: [String], _ pattern: Regex<Substring>,
    _ rule: String
  ) -> [Violation] {
    // Swift's own idea of a word would take `Task.detached` for one.
    let pattern = pattern.wordBoundaryKind(.simple)
    return lines.indices.compactMap { index in
      guard lines[index].holds(anyOf: words), lines[index].firstMatch(of: pattern) != nil else {
        return nil
      }
      return Violation(path: file.path, line: index + 1, rule: rule)
    }
  }
}
