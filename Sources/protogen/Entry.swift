// The command line of the schema compiler: reads .proto files, prints diagnostics, writes Swift.

import ArgumentParser
import Foundation
import ProtoSchema
import SwiftEmitter

@main struct Protogen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "protogen",
    abstract: "Compiles .proto files to Swift.",
    discussion: """
      Imports are looked up among the files named, so that whoever calls knows every input: a \
      build system then runs protogen again whenever one of them changes.
      """)

  @Option(help: "The folder to write to; it is made when missing.")
  var out: String

  @Option(
    name: [.customLong("root"), .customShort("I")],
    help: "A folder that import paths start from; may be repeated, the first match counts.")
  var roots: [String] = []

  @Argument(help: "The .proto files.")
  var files: [String]

  func run() throws {
    let inputs = try files.map { try InputFile($0, roots: roots) }
    let outcome = compile(inputs.map(\.source))
    let paths = Dictionary(inputs.map { ($0.source.path, $0.diskPath) }) { first, _ in first }
    for diagnostic in outcome.diagnostics { report(diagnostic, paths: paths) }
    guard let schema = outcome.schema else { throw ExitCode.failure }
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    for file in emitSwift(schema) { try write(file) }
  }

  /// Prints a diagnostic the way compilers do, with a path that an editor can open.
  private func report(_ diagnostic: Diagnostic, paths: [String: String]) {
    let path = paths[diagnostic.file] ?? diagnostic.file
    let text = path + diagnostic.rendered().dropFirst(diagnostic.file.count)
    FileHandle.standardError.write(Data(text.utf8))
  }

  /// Writes a file unless it is there already with the same text: what has not changed must not
  /// look new to the build.
  private func write(_ file: GeneratedFile) throws {
    let url = URL(fileURLWithPath: out).appendingPathComponent(file.name)
    let data = Data(file.text.utf8)
    if let existing = try? Data(contentsOf: url), existing == data { return }
    try data.write(to: url, options: .atomic)
  }
}

/// A .proto file with the path others import it by.
private struct InputFile {
  let source: SourceFile
  let diskPath: String

  init(_ path: String, roots: [String]) throws {
    let url = URL(fileURLWithPath: path).standardizedFileURL
    diskPath = url.path
    let prefixes = roots.map { URL(fileURLWithPath: $0).standardizedFileURL.path + "/" }
    guard let prefix = prefixes.first(where: { url.path.hasPrefix($0) }) else {
      throw ValidationError("\(path) is not inside any --root")
    }
    guard let data = FileManager.default.contents(atPath: url.path) else {
      throw ValidationError("\(path): cannot be read")
    }
    source = SourceFile(path: String(url.path.dropFirst(prefix.count)), text: [UInt8](data))
  }
}
