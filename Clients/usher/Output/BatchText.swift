// What a batch tells: what became of each row, by its line, a bar on a terminal, the sum.

import ProtoWire
import UsherProtos

struct BatchText {
  private let output: Output
  /// What is done to a row, as `held`.
  private let act: String
  private var bar: ProgressBar
  private var doneCount = 0
  private var refusedCount = 0
  private var overCount = 0
  private var turnedAwayCount = 0
  private var unknownCount = 0
  /// The longest time that a row was told to wait.
  private var retryAfter: Duration?

  init(_ output: Output, _ act: String) {
    self.output = output
    self.act = act
    bar = ProgressBar(output)
  }

  /// A line that is no row.
  mutating func note(_ line: Int, _ fault: RowFault) throws(Failure) {
    refusedCount += 1
    let refusal = fault.status
    try tell(line, nil, RefusalText.words(refusal)) { json in
      json.beginObject()
      json.name("error")
      refusal.writeJSON(into: &json)
      json.endObject()
    }
  }

  mutating func note(
    _ line: Int, _ item: some BatchItem, _ result: some BatchResult
  ) throws(Failure) {
    switch result.fate {
    case .done: doneCount += 1
    case .over: overCount += 1
    case .refused: refusedCount += 1
    case .turnedAway(let pause):
      turnedAwayCount += 1
      retryAfter = max(pause, retryAfter ?? pause)
    case .unknown: unknownCount += 1
    }
    let words = result.refusal.map { RefusalText.words($0) } ?? result.words
    try tell(line, item.requestId, words) { result.writeJSON(into: &$0) }
  }

  private mutating func tell(
    _ line: Int, _ id: String?, _ words: String, _ writeResult: (inout ProtoJSONWriter) -> Void
  ) throws(Failure) {
    clear()
    if output.presentation.output == .table {
      return try output.print(lines: [output.style.clean("line \(line): \(words)")])
    }
    var json = ProtoJSONWriter()
    json.beginObject()
    json.name("line")
    json.literal("\(line)")
    if let id {
      json.name("requestId")
      json.string(id)
    }
    json.name("result")
    writeResult(&json)
    json.endObject()
    try Console.write(json.bytes + [0x0a])
  }

  // MARK: The bar and the end

  mutating func progress(_ count: Int, of all: Int) {
    bar.show(Double(count) / Double(max(all, 1)), "\(count) of \(all) rows")
  }

  mutating func clear() { bar.clear() }

  /// The sum; throws when rows were refused, or are over, or nobody knows what became of them. `id` is the
  /// command's request id, `repetition` the command under it.
  mutating func end(_ id: String, _ repetition: String) throws(Failure) {
    clear()
    let rows = doneCount + refusedCount + overCount + turnedAwayCount + unknownCount
    if output.presentation.output == .table {
      let others = [
        (overCount, "over"), (turnedAwayCount, "turned away"), (unknownCount, "not known"),
      ]
      let rest = others.filter { $0.0 > 0 }.map { ", \($0.0) \($0.1)" }.joined()
      try output.print(
        lines: ["\(rows) rows: \(doneCount) \(act), \(refusedCount) refused\(rest)"])
    }
    guard doneCount < rows else { return }
    var failure = turnedAwayCount + unknownCount > 0 ? unfinished(rows) : refused(rows)
    (failure.requestId, failure.next) = (id, repetition)
    throw failure
  }

  /// Some rows may be done when the command is repeated as it is.
  private func unfinished(_ rows: Int) -> Failure {
    let parts = [
      unknownCount > 0 ? "what became of \(unknownCount) of \(rows) rows is not known" : nil,
      turnedAwayCount > 0 ? "\(turnedAwayCount) of \(rows) rows were turned away for now" : nil,
    ]
    let telling = unknownCount > 0 ? "it tells, and " : ""
    var failure = Failure(
      .temporary, parts.compactMap { $0 }.joined(separator: "; "),
      hint:
        "Repeat the command under its request id: \(telling)what was done is not done twice.")
    failure.retryAfter = retryAfter
    return failure
  }

  private func refused(_ rows: Int) -> Failure {
    let over = overCount > 0 ? " or are over" : ""
    return Failure(
      .other, "\(refusedCount + overCount) of \(rows) rows were refused\(over)",
      hint:
        "Mend these lines and repeat the command under its request id: what was done is not done twice."
    )
  }
}
