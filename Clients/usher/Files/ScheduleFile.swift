// Schedules as files: CSV with a heading, or JSON with a row a line. See FILES.md.

import Foundation
import ProtoWire
import UsherProtos

/// A row of a file.
struct NumberedRow {
  let line: Int
  let row: Result<Usher.V1.ScheduleRow, RowFault>
}

/// Why a line is no row.
struct RowFault: Error, Equatable {
  let message: String
  init(_ message: String) { self.message = message }
}

/// Reads the rows of a schedule, one at a time.
final class ScheduleFile {
  enum Format: String, CaseIterable {
    case csv, json
  }

  private let lines: LineReader
  private let path: String
  private let format: Format
  private var columns: ScheduleColumns?

  /// Opens a file, whose format its name tells unless it is given.
  init(_ path: String, _ format: Format?) throws(Failure) {
    self.path = path
    guard let format = format ?? Self.format(of: path) else {
      throw Failure(
        .usage, "\(path): is it CSV or JSON?", hint: "Name it so, or give --format csv or json.")
    }
    self.format = format
    do {
      lines = try LineReader(path)
    } catch {
      throw Failure(.usage, "cannot read the schedule \(path): \(BoundedFile.reason(error))")
    }
  }

  private static func format(of path: String) -> Format? {
    if path.hasSuffix(".csv") { return .csv }
    return path.hasSuffix(".json") || path.hasSuffix(".jsonl") ? .json : nil
  }

  /// The part of the file that was read; nil when its length is not known.
  var fraction: Double? { lines.fraction }

  /// Starts from the beginning; false where that cannot be done.
  func rewind() -> Bool {
    columns = nil
    return lines.rewind()
  }

  /// The next row; nil after the last. Lines of spaces are passed over.
  func next() throws(Failure) -> NumberedRow? {
    while let line = try nextLine() {
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      if format == .csv, columns == nil {
        columns = try heading(line)
        continue
      }
      do throws(RowFault) {
        return .init(line: lines.lineNumber, row: .success(try row(line)))
      } catch {
        return .init(line: lines.lineNumber, row: .failure(error))
      }
    }
    return nil
  }

  private func nextLine() throws(Failure) -> String? {
    do {
      return try lines.next()
    } catch {
      throw Failure(
        .usage, "\(path), line \(lines.lineNumber + 1): \(BoundedFile.reason(error))")
    }
  }

  private func heading(_ line: String) throws(Failure) -> ScheduleColumns {
    do throws(RowFault) {
      return try ScheduleColumns(line)
    } catch {
      throw Failure(
        .usage, "\(path), line \(lines.lineNumber): \(error.message)",
        hint: "Clients/usher/FILES.md describes schedules as files.")
    }
  }

  private func row(_ line: String) throws(RowFault) -> Usher.V1.ScheduleRow {
    if let columns { return try columns.row(line) }
    do throws(ProtoJSONError) {
      return try Usher.V1.ScheduleRow(jsonBytes: [UInt8](line.utf8))
    } catch {
      throw RowFault("\(error)")
    }
  }
}

/// The columns of a CSV file, as its first line names them.
struct ScheduleColumns {
  private enum Column {
    case reference, auditorium, auditoriumId, kind, title, movieId, language, format, start
    case minutes, currency, sales
    case price(tier: String)
  }

  private let columns: [Column]

  /// Reads the heading.
  init(_ line: String) throws(RowFault) {
    var columns: [Column] = []
    let names = try Self.fields(line)
    for name in names {
      guard let column = Self.column(name) else { throw RowFault("no column is called '\(name)'") }
      columns.append(column)
    }
    guard Set(names).count == names.count else { throw RowFault("a column is there twice") }
    self.columns = columns
  }

  private static func column(_ name: String) -> Column? {
    switch name {
    case "reference": .reference
    case "auditorium": .auditorium
    case "auditorium_id": .auditoriumId
    case "kind": .kind
    case "title": .title
    case "movie_id": .movieId
    case "language": .language
    case "format": .format
    case "start": .start
    case "minutes": .minutes
    case "currency": .currency
    case "sales": .sales
    default: name.hasPrefix("price:") ? .price(tier: String(name.dropFirst(6))) : nil
    }
  }

  /// Reads a row.
  func row(_ line: String) throws(RowFault) -> Usher.V1.ScheduleRow {
    let fields = try Self.fields(line)
    guard fields.count == columns.count else {
      throw RowFault("\(fields.count) values in \(columns.count) columns")
    }
    var row = Usher.V1.ScheduleRow()
    var prices: [(tier: String, text: String)] = []
    for (column, text) in zip(columns, fields) where !text.isEmpty {
      if case .price(let tier) = column {
        prices.append((tier, text))
      } else {
        try Self.put(text, column, &row)
      }
    }
    for price in prices {
      guard let units = Usher.V1.Money.minorUnits(price.text, row.currencyCode) else {
        throw RowFault("price:\(price.tier): '\(price.text)' is no amount of \(row.currencyCode)")
      }
      row.prices.append(.init(tier: price.tier, minorUnits: units))
    }
    return row
  }

  private static func put(
    _ text: String, _ column: Column, _ row: inout Usher.V1.ScheduleRow
  ) throws(RowFault) {
    switch column {
    case .reference: row.reference = text
    case .auditorium: row.auditorium = text
    case .auditoriumId: row.auditoriumId = try number(text, "auditorium_id")
    case .kind: row.kind = try kind(text)
    case .title: row.title = text
    case .movieId: row.movieId = try number(text, "movie_id")
    case .language: row.language = text
    case .format: row.format = text
    case .start: try put(start: text, &row)
    case .minutes: row.durationMinutes = Int32(clamping: try number(text, "minutes"))
    case .currency: row.currencyCode = text
    case .sales: row.salesState = try salesState(text)
    case .price: break
    }
  }

  private static func number(_ text: String, _ name: String) throws(RowFault) -> Int64 {
    guard let number = Int64(text) else { throw RowFault("\(name): '\(text)' is no number") }
    return number
  }

  private static func kind(_ text: String) throws(RowFault) -> Usher.V1.ShowKind {
    switch text.lowercased() {
    case "film": .film
    case "play": .play
    case "concert": .concert
    case "other": .other
    default: throw RowFault("kind: '\(text)' is not film, play, concert or other")
    }
  }

  private static func salesState(_ text: String) throws(RowFault) -> Usher.V1.SalesState {
    switch text.lowercased() {
    case "scheduled": .scheduled
    case "on-sale": .onSale
    case "closed": .closed
    case "cancelled": .cancelled
    default: throw RowFault("sales: '\(text)' is not scheduled, on-sale, closed or cancelled")
    }
  }

  /// A time with an offset is a moment; without, the theatre's own.
  private static func put(
    start text: String, _ row: inout Usher.V1.ScheduleRow
  ) throws(RowFault) {
    let time = text.replacing(" ", with: "T", maxReplacements: 1)
    guard time.hasSuffix("Z") || time.dropFirst(11).contains(where: { "+-".contains($0) }) else {
      return row.localStart = time
    }
    guard let moment = try? Google.Protobuf.Timestamp(jsonBytes: [UInt8]("\"\(time)\"".utf8))
    else {
      throw RowFault("start: '\(text)' is not as 2027-03-28T19:30 or 2027-03-28T19:30:00+02:00")
    }
    row.startsAt = moment
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
