// The columns of schedules as files. See FILES.md.

import Foundation
import ProtoWire
import UsherProtos

/// Reads the rows of a schedule, one at a time.
typealias ScheduleFile = RowFile<ScheduleColumns>

struct ScheduleColumns: RowColumns {
  static let noun = "schedule"

  private enum Column {
    case reference, auditorium, auditoriumId, kind, title, movieId, language, format, start
    case minutes, currency, sales
    case price(tier: String)
  }

  private let columns: [Column]

  init(_ heading: String) throws(RowFault) {
    columns = try CSVLine.columns(heading, Self.column)
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

  func row(_ line: String) throws(RowFault) -> Usher.V1.ScheduleRow {
    var row = Usher.V1.ScheduleRow()
    var prices: [(tier: String, text: String)] = []
    for (column, text) in try CSVLine.values(line, columns) {
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
    case .auditoriumId: row.auditoriumId = try CSVLine.number(text, "auditorium_id")
    case .kind: row.kind = try kind(text)
    case .title: row.title = text
    case .movieId: row.movieId = try CSVLine.number(text, "movie_id")
    case .language: row.language = text
    case .format: row.format = text
    case .start: try put(start: text, &row)
    case .minutes: row.durationMinutes = Int32(clamping: try CSVLine.number(text, "minutes"))
    case .currency: row.currencyCode = text
    case .sales: row.salesState = try salesState(text)
    case .price: break
    }
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
}
