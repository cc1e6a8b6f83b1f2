// Prints results in the format that was asked for, and remarks about them on standard error.

import ProtoWire
import RPC

struct Output: Sendable {
  let presentation: Presentation

  init(_ presentation: Presentation) { self.presentation = presentation }

  var style: Style { presentation.style }

  /// Prints one message: lines for people, or its JSON.
  func print(_ message: some ProtoJSONMessage, lines: @autoclosure () -> [String]) throws(Failure) {
    switch presentation.output {
    case .table: try print(lines: lines())
    case .json: try Console.write(JSONText.indented(message.jsonBytes()) + [0x0a])
    case .jsonl: try print(event: message)
    }
  }

  /// Prints a list: a table, the whole response as JSON, or each item on a line of its own.
  func print<Item: ProtoJSONMessage>(
    _ whole: some ProtoJSONMessage, items: [Item], table: @autoclosure () -> Table
  ) throws(Failure) {
    switch presentation.output {
    case .table: try print(lines: table().lines(width: Console.width))
    case .json: try Console.write(JSONText.indented(whole.jsonBytes()) + [0x0a])
    case .jsonl: for item in items { try print(event: item) }
    }
  }

  func print(lines: [String]) throws(Failure) {
    try Console.write(lines.map { $0 + "\n" }.joined())
  }

  /// Prints a message as JSON on one line.
  func print(event: some ProtoJSONMessage) throws(Failure) {
    try Console.write(event.jsonBytes() + [0x0a])
  }

  /// Says something on standard error that is no failure; for programs, as JSON.
  func notice(_ text: String) {
    guard presentation.output != .table else {
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
    let text = presentation.output == .table ? failure.text(errorStyle) : failure.json()
    Console.error(text + "\n")
  }
}
