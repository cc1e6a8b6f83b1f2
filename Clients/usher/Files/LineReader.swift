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

  /// The next line without its end; nil after the last. One that is longer than any row, or no UTF-8, is
  /// a fault, and reading goes on behind it. Throws a `POSIXError`.
  func next() throws -> Result<String, RowFault>? {
    var line: [UInt8] = []
    var isTooLong = false
    while true {
      let end = rest.firstIndex(of: 0x0A)
      let piece = rest[..<(end ?? rest.endIndex)]
      // Of what is too long nothing is kept.
      isTooLong = isTooLong || line.count + piece.count > Limits.lineBytes
      if isTooLong { line = [] } else { line += piece }
      rest = end.map { rest[($0 + 1)...] } ?? []
      if end != nil { return finish(line, isTooLong) }
      let count = Glibc.read(fd, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw POSIXError.current }
      guard count > 0 else { return line.isEmpty && !isTooLong ? nil : finish(line, isTooLong) }
      byteCount += count
      rest = chunk[..<count]
    }
  }

  private func finish(_ line: [UInt8], _ isTooLong: Bool) -> Result<String, RowFault> {
    lineNumber += 1
    guard !isTooLong else {
      return .failure(RowFault("the line is longer than \(Limits.lineBytes >> 10) KiB"))
    }
    var line = line
    if line.last == 0x0D { line.removeLast() }
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    guard let text = String(validating: line, as: UTF8.self) else {
      return .failure(RowFault("the line is not UTF-8"))
    }
    return .success(text)
  }
}
