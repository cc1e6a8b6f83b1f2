// Strings of JSON: escapes, surrogate pairs, control characters. The text is known to be UTF-8.

extension ProtoJSONReader {
  /// Reads a string.
  package mutating func readString() throws(ProtoJSONError) -> String {
    guard try peek() == .string else { throw fail(.wrongKind) }
    var start = offset + 1
    var end = start
    var unescaped: [UInt8] = []
    while end < text.count {
      switch text[end] {
      case UInt8(ascii: "\""):
        offset = end + 1
        if unescaped.isEmpty { return String(decoding: text[start..<end], as: UTF8.self) }
        return String(decoding: unescaped + text[start..<end], as: UTF8.self)
      case UInt8(ascii: "\\"):
        unescaped += text[start..<end]
        end = try unescape(at: end, into: &unescaped)
        start = end
      case ..<0x20: throw fail(.controlCharacter, at: end)
      default: end += 1
      }
    }
    throw fail(.truncated)
  }

  /// Adds what an escape stands for; returns the offset behind it.
  private func unescape(
    at start: Int, into bytes: inout [UInt8]
  ) throws(ProtoJSONError) -> Int {
    guard start + 1 < text.count else { throw fail(.truncated) }
    switch text[start + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(text[start + 1])
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "u"): return try unescapeUnicode(at: start, into: &bytes)
    default: throw fail(.invalidEscape, at: start)
    }
    return start + 2
  }

  /// `\uXXXX`, or two of them for a character beyond the first 65,536.
  private func unescapeUnicode(
    at start: Int, into bytes: inout [UInt8]
  ) throws(ProtoJSONError) -> Int {
    guard let first = codeUnit(at: start) else { throw fail(.invalidEscape, at: start) }
    if let scalar = Unicode.Scalar(first) {
      bytes += UTF8.encode(scalar).map(Array.init) ?? []
      return start + 6
    }
    guard first < 0xDC00, let second = codeUnit(at: start + 6), (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw fail(.invalidEscape, at: start) }
    bytes += UTF8.encode(scalar).map(Array.init) ?? []
    return start + 12
  }

  /// The four hexadecimal digits of `\uXXXX`, nil when it is none.
  private func codeUnit(at start: Int) -> UInt32? {
    guard start + 6 <= text.count, text[start] == UInt8(ascii: "\\"),
      text[start + 1] == UInt8(ascii: "u")
    else { return nil }
    var value: UInt32 = 0
    for byte in text[start + 2..<start + 6] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
