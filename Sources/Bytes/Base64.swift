// Base64 (RFC 4648, section 4): binary metadata, JSON, descriptors in generated code.

/// Bytes as text and back, with the alphabet that has `+` and `/`.
package enum Base64 {
  private static let alphabet: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  /// Encodes bytes.
  package static func encode(_ bytes: [UInt8], padded: Bool) -> String {
    var text = encode(bytes)
    if padded {
      text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: (4 - text.count % 4) % 4))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Encodes bytes without padding, as header fields have them.
  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    let digitCount = (bytes.count * 8 + 5) / 6
    return [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text, count in
      var position = 0
      for start in stride(from: 0, to: bytes.count, by: 3) {
        var group = UInt32(bytes[start]) << 16
        if start + 1 < bytes.count { group |= UInt32(bytes[start + 1]) << 8 }
        if start + 2 < bytes.count { group |= UInt32(bytes[start + 2]) }
        text[position] = digit(group >> 18)
        text[position + 1] = digit(group >> 12)
        text[position + 2] = digit(group >> 6)
        text[position + 3] = digit(group)
        position += 4
      }
      // The digits beyond the last byte are left out.
      count = digitCount
    }
  }

  /// The digit of the lowest six bits.
  private static func digit(_ bits: UInt32) -> UInt8 {
    // SAFETY: six bits are below the alphabet's 64.
    alphabet.utf8Start[Int(bits & 63)]
  }

  /// Decodes padded or unpadded text; nil when a character or the length is wrong.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3 + 2)
    var bits: UInt32 = 0
    var bitCount = 0
    var paddingCount = 0
    for character in text {
      if character == UInt8(ascii: "=") {
        paddingCount += 1
        continue
      }
      guard paddingCount == 0, let value = value(of: character) else { return nil }
      bits = (bits << 6 | UInt32(value)) & 0xff_ffff
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
      }
    }
    let isWhole = paddingCount == 0 || (paddingCount <= 2 && text.count % 4 == 0)
    return bitCount < 6 && isWhole ? bytes : nil
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
