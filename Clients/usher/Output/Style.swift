// What the terminal may show: colours or none, Unicode or ASCII; and text made safe for it.

import Foundation

/// A way to print something.
enum Ink: Equatable, Sendable {
  case plain
  case strong
  case dim
  case alarm
  /// A price tier by its place, the dearest first.
  case tier(Int)

  /// The SGR parameters of ECMA-48; nil for plain. Tier colours are the basic ones, whose shades
  /// people choose for their terminals; red is for failures.
  var code: String? {
    switch self {
    case .plain: nil
    case .strong: "1"
    case .dim: "2"
    case .alarm: "1;31"
    case .tier(let index): ["33", "36", "35", "32", "34"][index % 5]
    }
  }
}

struct Style: Sendable, Equatable {
  let colour: Bool
  let unicode: Bool

  /// Text in an ink, reset after it.
  func paint(_ text: String, _ ink: Ink) -> String {
    guard colour, let code = ink.code, !text.isEmpty else { return text }
    return "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }

  /// A peer's text without anything that steers a terminal; in an ASCII locale without accents,
  /// and with question marks for letters ASCII has nothing like.
  func clean(_ text: String) -> String {
    let visible = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { Self.isVisible($0) ? $0 : " " }))
    guard !unicode, !visible.utf8.allSatisfy({ $0 < 0x80 }) else { return visible }
    let folded = visible.folding(options: .diacriticInsensitive, locale: nil)
    return folded.unicodeScalars
      .map { Self.asciiForms[$0] ?? ($0.isASCII ? String($0) : "?") }.joined()
  }

  /// What accents are not: letters and marks with a customary spelling in ASCII.
  private static let asciiForms: [Unicode.Scalar: String] = [
    "–": "-", "—": "-", "’": "'", "‘": "'", "“": "\"", "”": "\"", "…": "...", "·": "-", "×": "x",
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "þ": "th", "ð": "d", "ı": "i",
  ]

  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
    // Direction overrides could make a line read as another; joiners are part of words.
    case .format: scalar.value == 0x200c || scalar.value == 0x200d
    default: true
    }
  }

  /// Between parts of a heading.
  var dot: String { unicode ? " · " : " - " }
  /// Between the ends of a range.
  var dash: String { unicode ? "–" : "-" }
  /// In place of what was cut off.
  var ellipsis: String { unicode ? "…" : "." }
}
