// Runs the built `usher` binary as a person's shell would, with a home of its own.

import Foundation
import Synchronization

/// What a run left behind.
struct Run: Sendable {
  let code: Int32
  let out: String
  let err: String
}

/// The program with a private home.
final class CommandLine: Sendable {
  let home: String
  let environment: [String: String]

  init(_ variables: [String: String] = [:]) throws {
    home = FileManager.default.temporaryDirectory.path + "/usher-cli-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    environment = [
      "PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8", "TERM": "xterm-256color",
    ].merging(variables) { $1 }
  }

  deinit { try? FileManager.default.removeItem(atPath: home) }

  /// The binary stands beside the test bundle.
  static let program: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/usher"
  }()

  /// Runs to the end in a terminal, of 80 columns and 24 lines as nobody says otherwise.
  /// `script` of bsdutils makes the terminal; everything comes out of `out`.
  func runInTerminal(
    _ arguments: String, _ variables: [String: String] = [:],
    during: @Sendable (Int32) async -> Void = { _ in }
  ) async throws -> Run {
    try await run(
      ["-qec", "\(Self.program) \(arguments)", "/dev/null"], variables,
      program: "/usr/bin/script", during: during)
  }

  /// Runs to the end. `during` runs meanwhile and is given the process's number. Results go where
  /// `reader` says, if it says so.
  func run(
    _ arguments: [String], _ variables: [String: String] = [:], program: String = program,
    reader: FileHandle? = nil,
    during: @Sendable (Int32) async -> Void = { _ in }
  ) async throws -> Run {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = environment.merging(variables) { $1 }
    let name = home + "/run-\(UUID().uuidString)"
    for suffix in [".out", ".err"] {
      _ = FileManager.default.createFile(atPath: name + suffix, contents: nil)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = reader ?? FileHandle(forWritingAtPath: name + ".out")
    process.standardError = FileHandle(forWritingAtPath: name + ".err")
    let ended = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ended.continuation.finish() }
    try process.run()
    await during(process.processIdentifier)
    for await _ in ended.stream {}
    return Run(
      code: process.terminationStatus,
      out: try String(contentsOfFile: name + ".out", encoding: .utf8),
      err: try String(contentsOfFile: name + ".err", encoding: .utf8))
  }
}
