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

  /// Finds out whether the file can be written while there is nothing to lose: a token is told once.
  func prepare() throws(Failure) {
    guard let refreshFile else { return }
    let draft = BoundedFile.draft(of: refreshFile)
    do {
      try BoundedFile.write([], to: draft, mode: 0o600)
      unlink(draft)
    } catch {
      throw Failure(.usage, "cannot write \(refreshFile): \(BoundedFile.reason(error))")
    }
  }

  /// Keeps the token, and says where.
  func keep(_ tokens: Usher.V1.SessionTokens, _ output: Output) throws(Failure) {
    guard let refreshFile else {
      guard output.presentation.output == .table else { return }
      return output.notice("the refresh token is not kept; --refresh-file FILE keeps it")
    }
    do {
      try BoundedFile.replace(
        [UInt8]("\(tokens.refreshToken)\n".utf8), at: refreshFile, mode: 0o600)
    } catch {
      throw Failure(
        .other, "cannot write \(refreshFile): \(BoundedFile.reason(error))",
        hint: "The refresh token is lost: log in again.")
    }
    output.notice("the refresh token is in \(refreshFile)")
  }
}
