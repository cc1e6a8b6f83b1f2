// How many terminal columns text takes. The usual approximation of `wcwidth`: enough for names.

enum TextWidth {
  static func of(_ text: String) -> Int {
    text.reduce(0) { $0 + of($1) }
  }

  static func of(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    if first.value < 0x300 { return 1 }
    let isWide =
      wide.contains { $0.contains(first.value) }
      || first.properties.isEmojiPresentation
    return isWide ? 2 : 1
  }

  /// East Asian Wide and Fullwidth (Unicode Standard Annex 11), in whole blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
    0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x20000...0x3fffd,
  ]

  /// The text cut to a width, with a mark where something is missing.
  static func fit(_ text: String, _ width: Int, mark: String) -> String {
    guard of(text) > width else { return text }
    let room = width - of(mark)
    guard room > 0 else { return String(mark.prefix(max(0, width))) }
    var result = ""
    var used = 0
    for character in text {
      used += of(character)
      guard used <= room else { break }
      result.append(character)
    }
    return result + mark
  }

  static func pad(_ text: String, _ width: Int, toRight: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - of(text)))
    return toRight ? space + text : text + space
  }
}
