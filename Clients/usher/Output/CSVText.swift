// Rows for spreadsheets and programs: comma-separated values as of RFC 4180, a heading first, in UTF-8 and
// with lines ended by a line feed. Amounts are decimal numbers, moments RFC 3339 in UTC, and what there is
// nothing of is empty.
//
// Spreadsheets take a cell that begins with an equals sign for a formula, and names, references and
// reviews are whatever a stranger made them. Such a cell gets an apostrophe in front, by which spreadsheets
// know text; numbers stay numbers. CSV is what people open in spreadsheets: a program that needs every
// byte as it was takes JSON.

import ProtoWire
import UsherProtos

enum CSVText {
  /// The names of a list's columns.
  static func heading<Item>(_ columns: [Column<Item>]) -> String {
    line(columns.compactMap(\.name))
  }

  /// A line for each item.
  static func lines<Item>(_ columns: [Column<Item>], of items: [Item]) -> String {
    let told = columns.filter { $0.name != nil }
    return items.map { item in line(told.map { cell($0.value(item)) }) }.joined()
  }

  private static func line(_ cells: [String]) -> String {
    cells.joined(separator: ",") + "\n"
  }

  /// A cell: nothing that steers a terminal, no formula, quoted where need be.
  static func cell(_ text: String) -> String {
    var text = String(String.UnicodeScalarView(text.unicodeScalars.map(visible)))
    if let first = text.unicodeScalars.first, formulaSigns.contains(first), !isNumber(text) {
      text = "'" + text
    }
    guard text.unicodeScalars.contains(where: quotedSigns.contains) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// Lines stay lines: they are part of what somebody wrote, and quoted.
  private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    scalar == "\n" || Style.isVisible(scalar) ? scalar : " "
  }

  private static func isNumber(_ text: String) -> Bool {
    let digits = text.drop { $0 == "-" || $0 == "+" }
    return text.count - digits.count <= 1
      && digits.split(separator: ".", omittingEmptySubsequences: false).count <= 2
      && !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
  }

  /// The last four are full-width forms, which some spreadsheets take for the same.
  private static let formulaSigns: Set<Unicode.Scalar> = [
    "=", "+", "-", "@", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}",
  ]
  private static let quotedSigns: Set<Unicode.Scalar> = [",", "\"", "\n"]

  // MARK: Values

  /// 0 is no id.
  static func id(_ id: Int64) -> String { id == 0 ? "" : "\(id)" }

  static func time(_ time: Google.Protobuf.Timestamp?) -> String {
    guard let time else { return "" }
    return String(decoding: time.jsonBytes(), as: UTF8.self).replacing("\"", with: "")
  }
}
