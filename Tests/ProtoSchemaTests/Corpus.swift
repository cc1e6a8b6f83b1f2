// The corpus of schema files and the reference compiler, for the tests of this target.

import Foundation
import ProtoSchema

/// Files under `Corpus/` and the well-known files under `Protos/`.
enum Corpus {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
  static let protos = folder.deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Protos")

  /// Every .proto file below a folder, with its path relative to it, sorted.
  static func sources(in folder: URL) -> [SourceFile] {
    let names = FileManager.default.subpaths(atPath: folder.path) ?? []
    return names.filter { $0.hasSuffix(".proto") }.sorted().compactMap { name in
      guard let data = FileManager.default.contents(atPath: folder.appending(path: name).path)
      else { return nil }
      return SourceFile(path: name, text: Array(data))
    }
  }

  static let good = sources(in: folder.appending(path: "good"))
  static let bad = sources(in: folder.appending(path: "bad"))
  static let library = sources(in: protos)
  /// The files that corpus files import.
  static let companions =
    library.filter { $0.path.hasPrefix("google/protobuf/") }
    + (good + bad).filter { $0.path.hasPrefix("imports/") }
  /// True when the run shall write expectations instead of comparing with them.
  static let isRefreshing = ProcessInfo.processInfo.environment["USHER_REFRESH_CORPUS"] == "1"
}

/// Debian's protoc as a process.
enum Protoc {
  struct Result {
    let status: Int32
    let output: [UInt8]
    let messages: String
  }

  struct Missing: Error, CustomStringConvertible {
    let description = "protoc is not installed: run Scripts/test, which installs it"
  }

  /// Compiles one file with its imports to a serialized FileDescriptorSet.
  static func descriptorSet(of path: String, in folders: [URL]) throws -> Result {
    let program = ["/usr/bin/protoc", "/usr/local/bin/protoc"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    guard let program else { throw Missing() }
    let target = FileManager.default.temporaryDirectory
      .appending(path: "usher-descriptors-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: target) }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments =
      folders.map { "-I\($0.path)" } + [
        "--include_imports", "--descriptor_set_out=\(target.path)", path,
      ]
    let messages = Pipe()
    process.standardError = messages
    process.standardOutput = messages
    try process.run()
    let text = try messages.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: Array(FileManager.default.contents(atPath: target.path) ?? Data()),
      messages: String(decoding: text, as: UTF8.self))
  }
}

extension Schema {
  /// The serialized FileDescriptorSet of all files.
  var descriptorSet: [UInt8] {
    files.flatMap { file -> [UInt8] in
      var count = file.descriptor.count
      var prefix: [UInt8] = [0x0a]
      while count >= 0x80 {
        prefix.append(UInt8(count & 0x7f) | 0x80)
        count >>= 7
      }
      prefix.append(UInt8(count))
      return prefix + file.descriptor
    }
  }
}
