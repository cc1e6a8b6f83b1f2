// Standard output and error, without buffers, and what is known about the terminal.

import Foundation

enum Console {
  /// Writes results. Throws when they cannot be written, for example on a full disk.
  static func write(_ text: String) throws(Failure) { try write([UInt8](text.utf8)) }

  static func write(_ bytes: [UInt8]) throws(Failure) {
    guard put(bytes, 1) else {
      guard errno != EPIPE else {
        throw Failure(.unread, "nobody reads the results any more")
      }
      throw Failure(
        .other, "cannot write the results: \(String(cString: strerror(errno)).lowercased())")
    }
  }

  /// Writes to standard error; there is nowhere to say that it failed.
  static func error(_ text: String) { _ = put([UInt8](text.utf8), 2) }

  static func isTerminal(_ fd: Int32) -> Bool { isatty(fd) == 1 }

  /// Whether a picture can be drawn in place: output and errors on a terminal that moves its cursor.
  static var isCanvas: Bool { canRewrite(1) && canRewrite(2) }

  /// Whether what was written there can be written over.
  static func canRewrite(_ fd: Int32) -> Bool {
    let terminal = ProcessInfo.processInfo.environment["TERM"] ?? "dumb"
    return isTerminal(fd) && !["", "dumb"].contains(terminal)
  }

  /// Columns and lines of the terminal on standard output; nil when it is none.
  static var size: (columns: Int, lines: Int)? {
    var size = winsize()
    guard isTerminal(1) else { return nil }
    guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// The width that tables and maps have to fit: the terminal's, or COLUMNS where there is none.
  static var width: Int? {
    let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
    return size?.columns ?? columns.flatMap { $0 >= 20 ? $0 : nil }
  }

  private static func put(_ bytes: [UInt8], _ fd: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
