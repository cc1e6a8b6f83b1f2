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
  private var unknownCount = 0

  init(_ output: Output, _ act: String) {
    self.output = output
    self.act = act
    bar = ProgressBar(output)
  }

  /// A line that is no row.
  mutating func note(_ line: Int, _ fault: RowFault) throws(Failure) {
    let status = Google.Rpc.Status(code: 3, message: fault.message)
    try note(line, nil, Usher.V1.HoldResult(outcome: .error(status)))
  }

  mutating func note(
    _ line: Int, _ item: some BatchItem, _ result: some BatchResult
  ) throws(Failure) {
    try note(line, item.requestId, result)
  }

  private mutating func note(
    _ line: Int, _ id: String?, _ result: some BatchResult
  ) throws(Failure) {
    switch result {
    case _ where result.isUncertain: unknownCount += 1
    case _ where result.refusal != nil: refusedCount += 1
    case _ where result.isOver: overCount += 1
    default: doneCount += 1
    }
    clear()
    guard output.presentation.output == .table else {
      return try Console.write(Self.json(line, id, result) + [0x0a])
    }
    let words = result.refusal.map { RefusalText.words($0) } ?? result.words
    try output.print(lines: [output.style.clean("line \(line): \(words)")])
  }

  private static func json(_ line: Int, _ id: String?, _ result: some BatchResult) -> [UInt8] {
    var json = ProtoJSONWriter()
    json.beginObject()
    json.name("line")
    json.literal("\(line)")
    if let id {
      json.name("requestId")
      json.string(id)
    }
    json.name("result")
    result.writeJSON(into: &json)
    json.endObject()
    return json.bytes
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
    let rows = doneCount + refusedCount + overCount + unknownCount
    if output.presentation.output == .table {
      let rest = [(overCount, "over"), (unknownCount, "not known")].filter { $0.0 > 0 }
        .map { ", \($0.0) \($0.1)" }.joined()
      try output.print(
        lines: ["\(rows) rows: \(doneCount) \(act), \(refusedCount) refused\(rest)"])
    }
    guard doneCount < rows else { return }
    var failure =
      unknownCount > 0
      ? Failure(
        .temporary, "what became of \(unknownCount) of \(rows) rows is not known",
        hint:
          "Repeat the command under its request id: it tells, and what was done is not done twice.",
        next: repetition)
      : Failure(
        .other,
        "\(refusedCount + overCount) of \(rows) rows were refused\(overCount > 0 ? " or are over" : "")",
        hint:
          "Mend these lines and repeat the command under its request id: what was done is not done twice.",
        next: repetition)
    failure.requestId = id
    throw failure
  }
}
