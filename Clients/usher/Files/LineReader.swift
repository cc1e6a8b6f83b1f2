// Lines of a file, one at a time, however long the file is.

import Foundation

/// Reads a file line by line; `-` is standard input.
final class LineReader {
  private let fd: Int32
  private var chunk = [UInt8](repeating: 0, count: 64 << 10)
  private var rest: ArraySlice<UInt8> = []
  /// Lines that were read.
  private(set) var lineNumber = 0
  /// Bytes that were read, lines or not.
  private var byteCount = 0
  private let fileBytes: Int?

  /// Throws a `POSIXError` when the file cannot be opened.
  init(_ path: String) throws {
    fd = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw POSIXError.current }
    var status = stat()
    let isFile = fstat(fd, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    fileBytes = isFile && status.st_size > 0 ? Int(status.st_size) : nil
  }

  deinit { close(fd) }

  /// The part of the file that was read; nil when its length is not known.
  var fraction: Double? {
    fileBytes.map { min(1, Double(byteCount - rest.count) / Double($0)) }
  }

  /// Starts from the beginning; false where that cannot be done.
  func rewind() -> Bool {
    guard lseek(fd, 0, SEEK_SET) == 0 else { return false }
    (rest, lineNumber, byteCount) = ([], 0, 0)
    return true
  }

  /// The next line without its end; nil after the last. Throws a `POSIXError`: EFBIG for a line that is
  /// longer than any row.
  func next() throws -> String? {
    var line: [UInt8] = []
    while true {
      if let end = rest.firstIndex(of: 0x0A) {
        line += rest[..<end]
        rest = rest[(end + 1)...]
        return finish(line)
      }
      line += rest
      rest = []
      guard line.count <= Limits.lineBytes else { throw POSIXError(.EFBIG) }
      let count = Glibc.read(fd, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw POSIXError.current }
      guard count > 0 else { return line.isEmpty ? nil : finish(line) }
      byteCount += count
      rest = chunk[..<count]
    }
  }

  private func finish(_ line: [UInt8]) -> String {
    lineNumber += 1
    var line = line
    if line.last == 0x0D { line.removeLast() }
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    return String(decoding: line, as: UTF8.self)
  }
}
