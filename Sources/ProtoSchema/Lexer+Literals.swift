// Number and string literals of .proto files, with protoc's rules and our words.

extension Lexer {
  /// Reads a number; the offset is at a digit, or at a point before a digit.
  mutating func scanNumber() -> Token.Kind {
    let start = offset
    if peek() == UInt8(ascii: "0"), let next = peek(1) {
      if next == UInt8(ascii: "x") || next == UInt8(ascii: "X") { return scanHex(from: start) }
      if next.isDigit { return scanOctal(from: start) }
    }
    let digits = scanDigits()
    var isFloat = false
    if peek() == UInt8(ascii: ".") {
      isFloat = true
      offset += 1
      _ = scanDigits()
    }
    if let byte = peek(), byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      isFloat = true
      offset += 1
      if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
      if scanDigits().isEmpty {
        report(from: start, to: offset, "this number needs digits after its `e`")
      }
    }
    checkNumberEnd(from: start)
    return isFloat ? .float : .integer(value(of: digits, radix: 10))
  }

  private mutating func scanHex(from start: Int) -> Token.Kind {
    offset += 2
    let first = offset
    while peek()?.hexDigit != nil { offset += 1 }
    if first == offset {
      report(from: start, to: offset, "`0x` must be followed by hexadecimal digits")
    }
    let digits = source.bytes[first..<offset]
    checkNumberEnd(from: start)
    return .integer(value(of: digits, radix: 16))
  }

  private mutating func scanOctal(from start: Int) -> Token.Kind {
    let digits = scanDigits()
    if digits.contains(where: { $0 > UInt8(ascii: "7") }) {
      report(
        from: start, to: offset, "a number that starts with 0 is octal and has no digits 8 and 9",
        hint: "remove the leading zero")
      return .integer(0)
    }
    checkNumberEnd(from: start)
    return .integer(value(of: digits, radix: 8))
  }

  private mutating func scanDigits() -> ArraySlice<UInt8> {
    let start = offset
    while peek()?.isDigit == true { offset += 1 }
    return source.bytes[start..<offset]
  }

  /// Refuses and skips what sticks to the end of a number.
  private mutating func checkNumberEnd(from start: Int) {
    let end = offset
    while let byte = peek(), byte.isDigit || byte.isNameStart || byte == UInt8(ascii: ".") {
      offset += 1
    }
    if end != offset {
      let text = source.text(SourceRange(start: start, end: offset))
      report(
        from: start, to: offset, "`\(text.prefix(40))` is not a number",
        hint: "numbers look like 17, -17, 0x11 or 021; names cannot start with a digit")
    }
    if offset - start > Limits.tokenBytes {
      report(from: start, to: offset, "this number is longer than \(Limits.tokenBytes) bytes")
    }
  }

  private func value(of digits: ArraySlice<UInt8>, radix: UInt64) -> UInt64? {
    var value: UInt64 = 0
    for byte in digits {
      let (product, overflow) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(UInt64(byte.hexDigit ?? 0))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }
}

// Strings.
extension Lexer {
  /// Reads a string literal; the offset is at its opening quote.
  mutating func scanString(quote: UInt8) -> Token.Kind {
    let start = offset
    var bytes: [UInt8] = []
    offset += 1
    while let byte = peek() {
      offset += 1
      if byte == quote {
        checkString(bytes, from: start)
        return .string(bytes)
      }
      if byte == UInt8(ascii: "\n") {
        offset -= 1
        break
      }
      if byte == UInt8(ascii: "\\") {
        scanEscape(into: &bytes)
      } else if byte == 0 {
        report(
          from: offset - 1, to: offset, "a zero byte is not allowed in a string",
          hint: "write it as \\0")
      } else {
        bytes.append(byte)
      }
    }
    report(
      from: start, to: offset, "this string is not closed on its line",
      hint: "close it with `\(quote == 0x22 ? "\"" : "'")`; a line break is written \\n")
    return .string(bytes)
  }

  private mutating func checkString(_ bytes: [UInt8], from start: Int) {
    if offset - start > Limits.tokenBytes {
      report(from: start, to: offset, "this string is longer than \(Limits.tokenBytes) bytes")
    }
  }

  /// Reads what follows a backslash.
  private mutating func scanEscape(into bytes: inout [UInt8]) {
    let start = offset - 1
    guard let byte = peek() else { return }
    offset += 1
    switch byte {
    case UInt8(ascii: "a"): bytes.append(0x07)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0c)
    case UInt8(ascii: "n"): bytes.append(0x0a)
    case UInt8(ascii: "r"): bytes.append(0x0d)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "v"): bytes.append(0x0b)
    case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "'"), UInt8(ascii: "\""):
      bytes.append(byte)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      scanOctalEscape(first: byte - 0x30, into: &bytes)
    case UInt8(ascii: "x"): scanHexEscape(from: start, into: &bytes)
    case UInt8(ascii: "u"): scanUnicodeEscape(digits: 4, from: start, into: &bytes)
    case UInt8(ascii: "U"): scanUnicodeEscape(digits: 8, from: start, into: &bytes)
    default:
      offset -= 1
      report(
        from: start, to: start + 2, "unknown escape in a string",
        hint: "a backslash itself is written \\\\")
    }
  }

  private mutating func scanOctalEscape(first: UInt8, into bytes: inout [UInt8]) {
    let start = offset - 2
    var value = Int(first)
    var count = 1
    while count < 3, let byte = peek(), (0x30...0x37).contains(byte) {
      value = value * 8 + Int(byte - 0x30)
      offset += 1
      count += 1
    }
    guard let byte = UInt8(exactly: value) else {
      return report(from: start, to: offset, "an octal escape ends at \\377")
    }
    bytes.append(byte)
  }

  private mutating func scanHexEscape(from start: Int, into bytes: inout [UInt8]) {
    guard let high = peek()?.hexDigit else {
      return report(from: start, to: offset, "`\\x` must be followed by hexadecimal digits")
    }
    offset += 1
    guard let low = peek()?.hexDigit else { return bytes.append(high) }
    offset += 1
    bytes.append(high << 4 | low)
  }

  private mutating func scanUnicodeEscape(
    digits: Int, from start: Int, into bytes: inout [UInt8]
  ) {
    guard var value = scanCodePoint(digits) else {
      return report(
        from: start, to: offset,
        "`\\\(digits == 4 ? "u" : "U")` must be followed by \(digits) hexadecimal digits")
    }
    // UTF-16 habits: two \u escapes may form one character.
    if digits == 4, (0xd800...0xdbff).contains(value), peek() == UInt8(ascii: "\\"),
      peek(1) == UInt8(ascii: "u")
    {
      offset += 2
      let low = scanCodePoint(4) ?? 0
      if (0xdc00...0xdfff).contains(low) {
        value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
      }
    }
    guard let scalar = Unicode.Scalar(value) else {
      return report(from: start, to: offset, "this escape is not a Unicode character")
    }
    bytes.append(contentsOf: String(Character(scalar)).utf8)
  }

  private mutating func scanCodePoint(_ digits: Int) -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = peek()?.hexDigit else { return nil }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
