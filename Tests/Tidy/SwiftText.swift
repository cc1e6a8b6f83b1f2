// Swift source split into code and comments, line by line, so that rules about code never match a
// comment or a string, and rules about comments never match code. A scanner, not a parser.

import Glibc

/// A Swift file's code with comments and string contents blanked, and its comments alone. Both keep
/// the line numbers of the original.
struct SwiftText: Sendable {
  let code: [String]
  let comments: [String]

  init(_ text: String) {
    var scanner = Scanner(text)
    scanner.scan()
    code = Self.lines(scanner.code)
    comments = Self.lines(scanner.comments)
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: newline, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}

private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")

private struct Scanner {
  private let text: [UInt8]
  private var position = 0
  private(set) var code: [UInt8] = []
  private(set) var comments: [UInt8] = []

  init(_ text: String) { self.text = Array(text.utf8) }

  mutating func scan() {
    while position < text.count {
      if isNext("//") {
        while let next = peek(), next != newline { take(asComment: true) }
      } else if isNext("/*") {
        skipBlockComment()
      } else if let opening = stringOpening() {
        skipString(opening)
      } else {
        take(asComment: false)
      }
    }
  }

  private func peek(_ distance: Int = 0) -> UInt8? {
    position + distance < text.count ? text[position + distance] : nil
  }

  private func isNext(_ expected: String, at distance: Int = 0) -> Bool {
    var index = position + distance
    for byte in expected.utf8 {
      guard index < text.count, text[index] == byte else { return false }
      index += 1
    }
    return true
  }

  /// Moves one character to the code or to the comments and leaves a blank in the other.
  private mutating func take(asComment: Bool) {
    guard let next = peek() else { return }
    position += 1
    let blank = next == newline ? newline : space
    code.append(asComment ? blank : next)
    comments.append(asComment ? next : blank)
  }

  /// Drops characters from both, newlines excepted.
  private mutating func drop(_ count: Int) {
    for _ in 0..<count {
      guard let next = peek() else { return }
      position += 1
      code.append(next == newline ? newline : space)
      comments.append(next == newline ? newline : space)
    }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      if isNext("/*") {
        depth += 1
        take(asComment: true)
      } else if isNext("*/") {
        depth -= 1
        take(asComment: true)
      }
      take(asComment: true)
    } while depth > 0 && position < text.count
  }

  private struct StringOpening {
    let pounds: Int
    let quotes: Int
  }

  private func stringOpening() -> StringOpening? {
    var pounds = 0
    while peek(pounds) == UInt8(ascii: "#") { pounds += 1 }
    guard peek(pounds) == UInt8(ascii: "\"") else { return nil }
    return StringOpening(pounds: pounds, quotes: isNext("\"\"\"", at: pounds) ? 3 : 1)
  }

  /// Blanks a literal, its interpolations included, and keeps its quotes as code.
  private mutating func skipString(_ opening: StringOpening) {
    for _ in 0..<opening.pounds + opening.quotes { take(asComment: false) }
    let pounds = String(repeating: "#", count: opening.pounds)
    let end = String(repeating: "\"", count: opening.quotes) + pounds
    while position < text.count, !isNext(end) {
      if isNext("\\" + pounds) {
        drop(1 + opening.pounds)
        if peek() == UInt8(ascii: "(") { skipInterpolation() } else { drop(1) }
      } else {
        drop(1)
      }
    }
    for _ in 0..<end.count { take(asComment: false) }
  }

  private mutating func skipInterpolation() {
    var depth = 0
    repeat {
      if let opening = stringOpening() {
        let (codeCount, commentCount) = (code.count, comments.count)
        skipString(opening)
        for index in codeCount..<code.count where code[index] != newline { code[index] = space }
        for index in commentCount..<comments.count where comments[index] != newline {
          comments[index] = space
        }
        continue
      }
      if peek() == UInt8(ascii: "(") { depth += 1 }
      if peek() == UInt8(ascii: ")") { depth -= 1 }
      drop(1)
    } while depth > 0 && position < text.count
  }
}

extension String {
  /// True when one of the words occurs.
  func holds(anyOf words: [String]) -> Bool {
    words.contains { word in strstr(self, word) != nil }
  }
}
