// The text of one file and the way from byte offsets to lines and columns.
// It knows nothing of tokens.

/// A half-open range of byte offsets in a file.
struct SourceRange: Hashable, Sendable {
  let start: Int
  let end: Int

  /// From the start of this range to the end of the other.
  func through(_ other: SourceRange) -> SourceRange {
    SourceRange(start: start, end: max(end, other.end))
  }

  /// The empty place directly after this range.
  var after: SourceRange { SourceRange(start: end, end: end) }
}

/// A file's bytes with an index of its lines.
struct SourceText: Sendable {
  let path: String
  let bytes: [UInt8]
  private let lineStarts: [Int]

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      starts.append(offset + 1)
    }
    lineStarts = starts
  }

  /// The line of an offset, from 0.
  func lineIndex(of offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// The line's text without its end, fit for a terminal: control characters other than tabs and
  /// bytes that are not UTF-8 become U+FFFD. Nil when it is too long to be shown.
  func line(_ index: Int) -> String? {
    let line = lineBytes(index)
    guard characterCount(line.indices) <= Limits.shownLineCharacters else { return nil }
    return printable(line)
  }

  /// The column of an offset, from 1, in Unicode scalars.
  func column(of offset: Int) -> Int {
    let start = lineStarts[lineIndex(of: offset)]
    let end = min(max(start, offset), bytes.count)
    return characterCount(start..<end) + 1
  }

  /// How many characters of the first line of a range are in it, at least one.
  func width(of range: SourceRange) -> Int {
    let line = lineBytes(lineIndex(of: range.start))
    let start = min(range.start, line.endIndex)
    let end = max(start, min(range.end, line.endIndex))
    return max(1, characterCount(start..<end))
  }

  /// The text of a range.
  func text(_ range: SourceRange) -> String {
    String(decoding: bytes[range.start..<range.end], as: UTF8.self)
  }

  /// Unicode scalars in a range, by their first bytes: a line can be a whole file.
  private func characterCount(_ range: Range<Int>) -> Int {
    bytes[range].count { $0 & 0xc0 != 0x80 }
  }

  private func lineBytes(_ index: Int) -> ArraySlice<UInt8> {
    var end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
    let start = lineStarts[index]
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return bytes[start..<end]
  }

  private func printable(_ slice: ArraySlice<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for scalar in String(decoding: slice, as: UTF8.self).unicodeScalars {
      let isControl = (scalar.value < 0x20 && scalar != "\t") || (0x7f...0x9f ~= scalar.value)
      text.append(isControl ? "\u{fffd}" : scalar)
    }
    return String(text)
  }
}
