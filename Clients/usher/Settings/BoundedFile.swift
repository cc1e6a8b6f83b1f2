// Small files, read up to a limit and written with a mode.

import Foundation

enum BoundedFile {
  /// Reads a whole file; `-` is standard input. Throws a `POSIXError`, EFBIG above the limit.
  static func read(_ path: String, limitBytes: Int) throws -> [UInt8] {
    let fd = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw POSIXError.current }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = Glibc.read(fd, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw POSIXError.current }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limitBytes else { throw POSIXError(.EFBIG) }
    }
  }

  /// Writes a new file that did not exist before, with exactly this mode.
  static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
    unlink(path)
    let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard fd >= 0 else { throw POSIXError.current }
    defer { close(fd) }
    guard fchmod(fd, mode) == 0 else { throw POSIXError.current }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw POSIXError.current }
      rest = rest.dropFirst(count)
    }
    guard fsync(fd) == 0 else { throw POSIXError.current }
  }

  /// Replaces a file as a whole: a draft beside it, then a rename. The file that was stays if that fails.
  static func replace(_ bytes: [UInt8], at path: String, mode: mode_t) throws {
    let draft = draft(of: path)
    do {
      try write(bytes, to: draft, mode: mode)
      guard rename(draft, path) == 0 else { throw POSIXError.current }
    } catch {
      unlink(draft)
      throw error
    }
  }

  /// Where this process writes what is to become a file.
  static func draft(of path: String) -> String {
    "\(path).\(ProcessInfo.processInfo.processIdentifier)"
  }

  /// What to tell a person.
  static func reason(_ error: any Error) -> String {
    guard let error = error as? POSIXError else { return "\(error)" }
    return String(cString: strerror(error.code.rawValue)).lowercased()
  }
}

extension POSIXError {
  /// The calling thread's `errno`.
  static var current: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
