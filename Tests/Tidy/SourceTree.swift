// The repository's own files, as text. Knows where they are; judges nothing.

import Foundation

/// One file of the repository.
struct SourceFile: Sendable {
  /// Path from the repository's root.
  let path: String
  let text: String
  /// Code and comments apart, for Swift.
  let swift: SwiftText?

  init(path: String, text: String) {
    self.path = path
    self.text = text
    swift = path.hasSuffix(".swift") ? SwiftText(text) : nil
  }

  /// Schemas that everybody has, in the words of their makers.
  var isForeign: Bool { path.hasPrefix("Protos/google/") || path.hasPrefix("Protos/grpc/") }

  /// What kind of text it is: the extension, or "script" for the programs of Scripts and .ci.
  var kind: String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "script" }
    return String(name[name.index(after: dot)...])
  }

  /// The target of a Swift file: the folder under Sources, or the client.
  var target: String? {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Clients" else { return nil }
    return String(parts[1])
  }

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  /// Lines as an editor counts them.
  var lineCount: Int { lines.count - (text.hasSuffix("\n") ? 1 : 0) }
}

/// A rule broken at a place.
struct Violation: Equatable, CustomStringConvertible {
  let path: String
  /// Counted from 1; 0 for the file as a whole.
  let line: Int
  let rule: String

  var description: String { "\(path):\(line): \(rule)" }
}

/// The files that the rules are about.
enum SourceTree {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let folders = ["Sources", "Clients", "Tests", "Protos", "Scripts", ".ci"]
  private static let kinds: Set = ["swift", "sql", "proto", "py", "h", "md", "json", "script"]
  private static let skipped: Set = [".build", "__pycache__", ".venv", "Corpus", ".pytest_cache"]

  private static let allFiles = Result { try readAll() }

  /// Every text file of the repository, by path; read once.
  static func files() throws -> [SourceFile] { try allFiles.get() }

  private static func readAll() throws -> [SourceFile] {
    var paths = ["Package.swift"]
    for folder in folders { paths += list(folder) }
    let top = try FileManager.default.contentsOfDirectory(atPath: root.path())
    paths += top.filter { $0.hasSuffix(".md") }
    return try paths.sorted().compactMap(read)
  }

  /// Swift files of Sources and Clients.
  static func productFiles() throws -> [SourceFile] {
    try files().filter { $0.kind == "swift" && $0.target != nil }
  }

  private static func list(_ folder: String) -> [String] {
    let base = root.appending(path: folder).path()
    guard let walk = FileManager.default.enumerator(atPath: base) else { return [] }
    return walk.compactMap { item in
      guard let path = item as? String else { return nil }
      let isSkipped = path.split(separator: "/").contains { skipped.contains(String($0)) }
      return isSkipped ? nil : "\(folder)/\(path)"
    }
  }

  private static func read(_ path: String) throws -> SourceFile? {
    let url = root.appending(path: path)
    guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true,
      kinds.contains(SourceFile(path: path, text: "").kind)
    else { return nil }
    return SourceFile(path: path, text: try String(contentsOf: url, encoding: .utf8))
  }
}
