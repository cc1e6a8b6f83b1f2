// Prints results in the format that was asked for, and remarks about them on standard error.

import ProtoWire
import RPC

struct Output: Sendable {
  let presentation: Presentation

  init(_ presentation: Presentation) { self.presentation = presentation }

  var style: Style { presentation.style }

  /// Prints one message: lines for people, or its JSON. It has no CSV, and `perform` lets no command
  /// without a list come here with it.
  func print(_ message: some ProtoJSONMessage, lines: @autoclosure () -> [String]) throws(Failure) {
    switch presentation.output {
    case .table, .csv: try print(lines: lines())
    case .json, .jsonl: try print(json: message.jsonBytes())
    }
  }

  /// Prints a list: a table, with sums under it, the whole response as JSON, or each item on a line of
  /// its own.
  func print<Item: ProtoJSONMessage>(
    _ whole: some ProtoJSONMessage, items: [Item], _ columns: [Column<Item>], sums: [Item] = []
  ) throws(Failure) {
    switch presentation.output {
    case .table:
      try print(lines: Column.table(columns, of: items + sums, style).lines(width: Console.width))
    case .json: try print(json: whole.jsonBytes())
    case .jsonl, .csv: try print(items, columns, heading: true)
    }
  }

  /// Prints a part of a list whose items have lines of their own; with its heading, if CSV.
  func print<Item: ProtoJSONMessage>(
    _ items: [Item], _ columns: [Column<Item>], heading: Bool
  ) throws(Failure) {
    guard presentation.output == .csv else {
      for item in items { try print(event: item) }
      return
    }
    try Console.write(
      (heading ? CSVText.heading(columns) : "") + CSVText.lines(columns, of: items))
  }

  /// Prints JSON that has no white space: spread over lines, or as the one that it is.
  func print(json: [UInt8]) throws(Failure) {
    try Console.write(
      (presentation.output == .json ? JSONText.indented(json) : json) + [0x0a])
  }

  func print(lines: [String]) throws(Failure) {
    try Console.write(lines.map { $0 + "\n" }.joined())
  }

  /// Prints a message as JSON on one line.
  func print(event: some ProtoJSONMessage) throws(Failure) {
    try Console.write(event.jsonBytes() + [0x0a])
  }

  /// Says something on standard error that is no failure; for programs, as JSON. CSV is for spreadsheets,
  /// whose owners read.
  func notice(_ text: String) {
    guard !presentation.output.isRead else {
      return Console.error("usher: " + style.clean(text) + "\n")
    }
    var json = ProtoJSONWriter()
    json.beginObject()
    json.name("notice")
    json.string(text)
    json.endObject()
    Console.error(String(decoding: json.bytes, as: UTF8.self) + "\n")
  }

  /// Prints a failure on standard error. That nobody reads the results is no news to whoever stopped
  /// reading, unless there is something left to do.
  func failure(_ failure: Failure) {
    guard failure.exit != .unread || failure.next != nil else { return }
    let errorStyle = Style(
      colour: style.colour && Console.isTerminal(2), unicode: style.unicode)
    let text = presentation.output.isRead ? failure.text(errorStyle) : failure.json()
    Console.error(text + "\n")
  }
}
