// Lines of CSV files, read.

import Foundation

enum CSVLine {
  /// The columns that a heading names, each once.
  static func columns<Column>(
    _ heading: String, _ column: (String) -> Column?
  ) throws(RowFault) -> [Column] {
    var columns: [Column] = []
    let names = try fields(heading)
    for name in names {
      guard let column = column(name) else { throw RowFault("no column is called '\(name)'") }
      columns.append(column)
    }
    guard Set(names).count == names.count else { throw RowFault("a column is there twice") }
    return columns
  }

  /// The values of a row that are not empty, with their columns.
  static func values<Column>(
    _ line: String, _ columns: [Column]
  ) throws(RowFault) -> [(Column, String)] {
    let fields = try fields(line)
    guard fields.count == columns.count else {
      throw RowFault("\(fields.count) values in \(columns.count) columns")
    }
    return zip(columns, fields).filter { !$0.1.isEmpty }
  }

  static func number(_ text: String, _ name: String) throws(RowFault) -> Int64 {
    guard let number = Int64(text) else { throw RowFault("\(name): '\(text)' is no number") }
    return number
  }

  /// Several words in one value, with semicolons between them, as in what the client prints. None is empty:
  /// no seats at all may mean all of them.
  static func words(_ text: String, _ name: String) throws(RowFault) -> [String] {
    let words = text.split(separator: ";", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    guard !words.contains("") else { throw RowFault("\(name): '\(text)' has an empty word") }
    return words
  }

  static func flag(_ text: String, _ name: String) throws(RowFault) -> Bool {
    switch text.lowercased() {
    case "true", "yes": return true
    case "false", "no": return false
    default: throw RowFault("\(name): '\(text)' is not true or false")
    }
  }

  /// The fields of a line (RFC 4180, without line breaks inside quotes).
  static func fields(_ line: String) throws(RowFault) -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var rest = Substring(line)
    while let character = rest.popFirst() {
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        field.append("\"")
        rest.removeFirst()
      case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
      case "," where !isQuoted:
        fields.append(field)
        field = ""
      default: field.append(character)
      }
    }
    guard !isQuoted else { throw RowFault("a quotation mark is open") }
    return fields + [field]
  }
}
