// What an upload tells: refused rows with their lines, shows that vanished, a bar on a terminal, the sum.

import ProtoWire
import RPC
import UsherProtos

struct ScheduleText: UploadSink {
  private let output: Output
  private let tellsAll: Bool
  private var bar: ProgressBar
  private var counts: [Usher.V1.RowOutcome: Int] = [:]
  private var withdrawnCount = 0
  private var lastLine = 0
  private var brokenLines: Set<Int> = []

  init(_ output: Output, tellsAll: Bool) {
    self.output = output
    self.tellsAll = tellsAll
    bar = ProgressBar(output)
  }

  // MARK: Rows

  mutating func note(_ report: RowReport) throws(Failure) {
    // A line that never was a row comes before the rows in front of it; others come in order, and again
    // only after a break.
    if report.result.reference.isEmpty, report.result.showId == 0 {
      guard brokenLines.insert(report.line).inserted else { return }
    } else {
      guard report.line > lastLine else { return }
      lastLine = report.line
    }
    counts[report.result.outcome, default: 0] += 1
    guard tellsAll || report.result.outcome == .refused || output.presentation.output != .table
    else { return }
    clear()
    if output.presentation.output == .table {
      try output.print(lines: [output.style.clean(Self.line(report))])
    } else {
      try Console.write(Self.json(report) + [0x0a])
    }
  }

  private static func line(_ report: RowReport) -> String {
    let result = report.result
    let name = result.reference.isEmpty ? "" : " \(result.reference):"
    let head = "line \(report.line):\(name)"
    guard result.outcome == .refused else {
      return "\(head) \(word(result.outcome)), show \(result.showId)"
    }
    return "\(head) \(RefusalText.words(result.error ?? .init()))"
  }

  private static func json(_ report: RowReport) -> [UInt8] {
    var json = ProtoJSONWriter()
    json.beginObject()
    json.name("line")
    json.literal("\(report.line)")
    json.name("result")
    report.result.writeJSON(into: &json)
    json.endObject()
    return json.bytes
  }

  private static func word(_ outcome: Usher.V1.RowOutcome) -> String {
    (outcome.protoValueName ?? "").replacing("ROW_OUTCOME_", with: "").lowercased()
  }

  mutating func note(_ vanished: Usher.V1.VanishedShow) throws(Failure) {
    clear()
    if vanished.outcome == .withdrawn { withdrawnCount += 1 }
    guard output.presentation.output == .table else { return try output.print(event: vanished) }
    let what =
      switch vanished.outcome {
      case .withdrawn: "withdrawn"
      case .hasSales: "kept, it has sales"
      default: "kept"
      }
    try output.print(lines: [
      output.style.clean(
        "not in the file: \(vanished.reference), show \(vanished.showId), "
          + "\(OperatorTables.time(vanished.startsAt)): \(what)")
    ])
  }

  // MARK: The bar and the end

  mutating func progress(_ fraction: Double?) {
    bar.show(fraction, "\(counts.values.reduce(0, +)) rows")
  }

  mutating func clear() { bar.clear() }

  /// The sum; throws when rows were refused.
  mutating func end() throws(Failure) {
    clear()
    let outcomes: [Usher.V1.RowOutcome] = [.created, .updated, .unchanged, .refused]
    let rows = counts.values.reduce(0, +)
    let parts = outcomes.map { "\(counts[$0] ?? 0) \(Self.word($0))" }.joined(separator: ", ")
    if output.presentation.output == .table {
      let withdrawn = withdrawnCount == 0 ? "" : "; \(TermsTables.shows(withdrawnCount)) withdrawn"
      try output.print(lines: ["\(rows) rows: \(parts)\(withdrawn)"])
    }
    let refused = counts[.refused] ?? 0
    guard refused == 0 else {
      throw Failure(
        .other, "\(refused) of \(rows) rows were refused",
        hint:
          "Mend these lines and send the file again: rows that are there already change nothing.")
    }
  }
}
