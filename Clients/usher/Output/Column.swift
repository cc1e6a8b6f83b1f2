// What lists say of their items: columns of tables for people and of CSV for programs, described once.

import ProtoWire
import UsherProtos

/// A column of a list.
struct Column<Item>: Sendable {
  /// Over the cells of a table; nil where only CSV has it.
  var title: String?
  /// In the heading of CSV, in snake_case, and kept for good; nil where only tables have it.
  var name: String?
  /// Numbers stand to the right.
  var toRight = false
  /// May be cut when the terminal is narrow.
  var mayShrink = false
  /// What people read.
  let cell: @Sendable (Item) -> String
  /// What programs read.
  let value: @Sendable (Item) -> String

  /// The same of what is a part of something else.
  func of<Whole>(_ part: @escaping @Sendable (Whole) -> Item) -> Column<Whole> {
    let (cell, value) = (cell, value)
    return .init(
      title: title, name: name, toRight: toRight, mayShrink: mayShrink,
      cell: { cell(part($0)) }, value: { value(part($0)) })
  }
}

extension Column {
  typealias Part<Value> = @Sendable (Item) -> Value

  /// Words of any length.
  static func text(_ title: String, _ name: String?, _ part: @escaping Part<String>) -> Self {
    .init(title: title, name: name, mayShrink: true, cell: part, value: part)
  }

  /// A word that is never cut.
  static func word(_ title: String, _ name: String?, _ part: @escaping Part<String>) -> Self {
    .init(title: title, name: name, cell: part, value: part)
  }

  static func number<Number: BinaryInteger & SendableMetatype>(
    _ title: String, _ name: String?, _ part: @escaping Part<Number>
  ) -> Self {
    let text: Part<String> = { "\(part($0))" }
    return .init(title: title, name: name, toRight: true, cell: text, value: text)
  }

  /// An id, of which 0 is none.
  static func link(_ title: String, _ name: String, _ part: @escaping Part<Int64>) -> Self {
    .init(
      title: title, name: name, toRight: true,
      cell: { part($0) == 0 ? "-" : "\(part($0))" }, value: { CSVText.id(part($0)) })
  }

  /// An amount. In CSV it is a decimal number, and the currency a column of its own.
  static func money(
    _ title: String, _ name: String, _ part: @escaping Part<Usher.V1.Money?>
  ) -> Self {
    .init(
      title: title, name: name, toRight: true,
      cell: { part($0)?.text ?? "" }, value: { part($0)?.number ?? "" })
  }

  /// A moment: for people to the minute, for programs as it is, both in UTC.
  static func time(
    _ title: String, _ name: String, _ part: @escaping Part<Google.Protobuf.Timestamp?>
  ) -> Self {
    .init(
      title: title, name: name,
      cell: { OperatorTables.time(part($0)) }, value: { CSVText.time(part($0)) })
  }

  /// Several words, in CSV with semicolons between them.
  static func words(
    _ title: String, _ name: String, between separator: String = ", ",
    _ part: @escaping Part<[String]>
  ) -> Self {
    .init(
      title: title, name: name, mayShrink: true,
      cell: { part($0).joined(separator: separator) },
      value: { part($0).joined(separator: ";") })
  }

  /// What only people read.
  static func seen(
    _ title: String, toRight: Bool = false, mayShrink: Bool = false,
    _ part: @escaping Part<String>
  ) -> Self {
    .init(title: title, toRight: toRight, mayShrink: mayShrink, cell: part, value: { _ in "" })
  }

  /// What only programs read.
  static func data(_ name: String, _ part: @escaping Part<String>) -> Self {
    .init(name: name, cell: { _ in "" }, value: part)
  }
}

extension Column {
  /// The table of a list.
  static func table(_ columns: [Column], of items: [Item], _ style: Style) -> Table {
    let shown = columns.filter { $0.title != nil }
    var table = Table(
      shown.map {
        .init(title: $0.title ?? "", toRight: $0.toRight, mayShrink: $0.mayShrink)
      }, style)
    for item in items { table.add(shown.map { $0.cell(item) }) }
    return table
  }
}
