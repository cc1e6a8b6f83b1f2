// Rows for spreadsheets and programs: comma-separated values as of RFC 4180, a heading first, lines ended by
// a line feed. Amounts are decimal numbers without a currency, which has a column of its own.

import ArgumentParser
import UsherProtos

/// The flag of commands that can print CSV.
struct CSVOptions: ParsableArguments {
  @Flag(help: "Print comma-separated values with a heading, whatever -o says.") var csv = false
}

/// Lines of cells. Cells are a peer's words and are cleaned on the way in.
struct CSVText {
  /// With the line feeds.
  private(set) var text = ""
  private let style: Style

  init(_ heading: [String], _ style: Style) {
    self.style = style
    add(heading)
  }

  /// Adds a line.
  mutating func add(_ cells: [String]) {
    text += cells.map { Self.quoted(style.clean($0)) }.joined(separator: ",") + "\n"
  }

  private static func quoted(_ cell: String) -> String {
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
    return "\"" + cell.replacing("\"", with: "\"\"") + "\""
  }
}

extension Output {
  /// Prints CSV.
  func print(csv: CSVText) throws(Failure) { try Console.write(csv.text) }
}
