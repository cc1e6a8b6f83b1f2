// A customer's password and refresh token: where they come from and are kept. Never a flag's value, and
// never printed.

import ArgumentParser
import Foundation
import UsherProtos

/// Where the password comes from.
struct PasswordOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("File with the password instead of USHER_PASSWORD.", valueName: "file"),
    completion: .file())
  var passwordFile: String?

  func read() throws(Failure) -> String {
    try Self.read(passwordFile, variable: "USHER_PASSWORD", flag: "--password-file")
  }

  /// A file's only line, or a variable.
  static func read(
    _ file: String?, variable: String, flag: String
  ) throws(Failure) -> String {
    guard let file else {
      let value = ProcessInfo.processInfo.environment[variable] ?? ""
      guard !value.isEmpty else {
        throw Failure(.usage, "no password", hint: "Set \(variable), or name a file: \(flag).")
      }
      return value
    }
    do {
      let bytes = try BoundedFile.read(file, limitBytes: Limits.tokenFileBytes)
      return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    } catch {
      throw Failure(.usage, "cannot read \(file): \(BoundedFile.reason(error))")
    }
  }
}

/// Where the refresh token is kept.
struct RefreshOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("File to keep the refresh token in, for its owner only.", valueName: "file"),
    completion: .file())
  var refreshFile: String?

  func read() throws(Failure) -> String {
    try PasswordOptions.read(refreshFile, variable: "", flag: "--refresh-file")
  }

  func keep(_ tokens: Usher.V1.SessionTokens) throws(Failure) {
    guard let refreshFile else { return }
    // Made anew, so that the mode is right from the first byte on.
    try? FileManager.default.removeItem(atPath: refreshFile)
    let isWritten = FileManager.default.createFile(
      atPath: refreshFile, contents: Data("\(tokens.refreshToken)\n".utf8),
      attributes: [.posixPermissions: 0o600])
    guard isWritten else { throw Failure(.usage, "cannot write \(refreshFile)") }
  }
}
