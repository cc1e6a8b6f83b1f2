// What a load came to, and how it is told: tables for people, one line for programs.

import Foundation
import ProtoWire

/// A load that is over.
struct BenchReport: Sendable {
  struct Row: Equatable {
    let operation: String
    let count: Int
    let perSecond: Double
    /// In milliseconds.
    let p50, p90, p99, max: Double
  }

  struct Errors: Equatable {
    let operation: String
    let reason: String
    let count: Int
  }

  let name: String
  let turnCount: Int
  let seconds: Double
  let rows: [Row]
  let errors: [Errors]
  let left: BenchTally.Left
  /// Why the command fails; nil when anything succeeded.
  let failure: Failure?

  init(name: String, turnCount: Int, seconds: Double, _ tally: BenchTally) {
    self.name = name
    self.turnCount = turnCount
    self.seconds = seconds
    rows = tally.latencies.map { Row($0.operation, $0.all, seconds) }
    errors = tally.failures.map {
      Errors(operation: $0.operation, reason: BenchTally.reason($0.failure), count: $0.count)
    }
    left = tally.left
    let commonest = tally.failures.max { $0.count < $1.count }?.failure
    failure = rows.isEmpty ? commonest ?? Failure(.other, "nothing was done") : nil
  }
}

extension BenchReport.Row {
  init(_ operation: String, _ all: Latencies, _ seconds: Double) {
    self.init(
      operation: operation, count: all.count,
      perSecond: seconds > 0 ? Double(all.count) / seconds : 0,
      p50: all.percentile(50), p90: all.percentile(90), p99: all.percentile(99),
      max: all.percentile(100))
  }
}

// MARK: For people

extension BenchReport {
  func lines(_ style: Style, width: Int?) -> [String] {
    let heading = "\(name): \(turnCount) turns in \(Self.text(seconds)) s"
    var lines = [style.paint(heading, .strong), ""]
    if !rows.isEmpty { lines += callTable(style).lines(width: width) + [""] }
    if !errors.isEmpty { lines += errorTable(style).lines(width: width) + [""] }
    return lines + [leftText]
  }

  private func callTable(_ style: Style) -> Table {
    let numbers = ["COUNT", "PER SECOND", "P50 MS", "P90 MS", "P99 MS", "MAX MS"]
    var table = Table(
      [.init(title: "CALL")] + numbers.map { Table.Column(title: $0, toRight: true) }, style)
    for row in rows {
      table.add(
        [row.operation, "\(row.count)"]
          + [row.perSecond, row.p50, row.p90, row.p99, row.max].map(Self.text))
    }
    return table
  }

  private func errorTable(_ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "FAILED"), .init(title: "REASON", mayShrink: true),
        .init(title: "COUNT", toRight: true),
      ], style)
    for error in errors { table.add([error.operation, error.reason, "\(error.count)"]) }
    return table
  }

  private var leftText: String {
    guard left != BenchTally.Left() else { return "Nothing is left behind." }
    let parts = [
      left.sold > 0 ? "\(left.sold) sold" : nil,
      left.held > 0 ? "\(left.held) held until their time ends" : nil,
      left.unknown > 0 ? "\(left.unknown) held perhaps, as nobody could be asked" : nil,
    ]
    return "Bookings left behind: " + parts.compactMap { $0 }.joined(separator: ", ") + "."
  }

  /// With two decimals.
  static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}

// MARK: For programs

extension BenchReport {
  /// One line of JSON.
  var json: [UInt8] {
    var writer = ProtoJSONWriter()
    writer.beginObject()
    writer.add("bench", text: name)
    writer.add("turns", turnCount)
    writer.add("seconds", seconds)
    writer.add("calls", rows) { row, writer in
      writer.add("call", text: row.operation)
      writer.add("count", row.count)
      writer.add("perSecond", row.perSecond)
      writer.add("p50Ms", row.p50)
      writer.add("p90Ms", row.p90)
      writer.add("p99Ms", row.p99)
      writer.add("maxMs", row.max)
    }
    writer.add("errors", errors) { error, writer in
      writer.add("call", text: error.operation)
      writer.add("reason", text: error.reason)
      writer.add("count", error.count)
    }
    writer.name("left")
    writer.beginObject()
    writer.add("sold", left.sold)
    writer.add("held", left.held)
    writer.add("unknown", left.unknown)
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }
}

extension ProtoJSONWriter {
  fileprivate mutating func add(_ name: String, text: String) {
    self.name(name)
    string(text)
  }

  fileprivate mutating func add(_ name: String, _ value: Int) {
    self.name(name)
    literal("\(value)")
  }

  fileprivate mutating func add(_ name: String, _ value: Double) {
    self.name(name)
    literal(String(format: "%.3f", value))
  }

  fileprivate mutating func add<Item>(
    _ name: String, _ items: [Item], _ members: (Item, inout ProtoJSONWriter) -> Void
  ) {
    self.name(name)
    beginArray()
    for item in items {
      beginObject()
      members(item, &self)
      endObject()
    }
    endArray()
  }
}

extension Output {
  func print(_ report: BenchReport) throws(Failure) {
    switch presentation.output {
    case .table, .csv: try print(lines: report.lines(style, width: Console.width))
    case .json, .jsonl: try print(json: report.json)
    }
  }
}
