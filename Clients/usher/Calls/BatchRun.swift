// Does what the rows of a batch want, some dozens in a request, and tells what became of each.

import ProtoWire
import RPC
import UsherProtos

/// Many things in one call.
protocol BatchRequest: Sendable {
  associatedtype Item: BatchItem
  init(items: [Item], atomic: Bool)
}

/// What became of them, in their order.
protocol BatchAnswer: Sendable {
  associatedtype Result: BatchResult
  var results: [Result] { get }
}

/// What became of one.
protocol BatchResult: ProtoJSONMessage {
  /// The refusal, if it was refused.
  var refusal: Google.Rpc.Status? { get }
  /// What was done, for people.
  var words: String { get }
  /// Whether it was done before and is over by now.
  var isOver: Bool { get }
}

/// What became of a row, as far as it matters to what is to be done about it.
enum RowFate {
  case done
  /// Done before, and over by now.
  case over
  case refused
  /// Refused for as long as the server says.
  case turnedAway(Duration)
  /// It is not known if it was done: the same request may tell.
  case unknown
}

extension BatchResult {
  var isOver: Bool { false }

  var fate: RowFate {
    guard let refusal else { return isOver ? .over : .done }
    let uncertain: [StatusCode] = [
      .unavailable, .deadlineExceeded, .internal, .unknown, .aborted, .cancelled,
    ]
    if let code = StatusCode(rawValue: Int(refusal.code)), uncertain.contains(code) {
      return .unknown
    }
    return ErrorDetails(refusal.protoBytes()).retryAfter.map(RowFate.turnedAway) ?? .refused
  }
}

struct BatchRun<Request: BatchRequest, Answer: BatchAnswer> {
  private typealias Rows = ArraySlice<(line: Int, item: Request.Item)>

  let session: Session
  let rows: BatchRows<Request.Item>
  let isAtomic: Bool
  /// The command's request id, and the command that makes the same again.
  let requestId: String
  let repetition: String
  let call: Call<Request, Answer>

  /// Runs to the end, and tells the sum. Lines that are no rows come first; where all or none is wanted they
  /// end it.
  func run(_ text: inout BatchText) async throws(Failure) {
    for (line, fault) in rows.faults { try text.note(line, fault) }
    if isAtomic { try checkTogether() }
    Signals.setFarewell(Advice(requestId: requestId, repetition: repetition).farewell)
    defer { Signals.setFarewell(nil) }
    var isBegun = false
    do throws(Failure) {
      try await send(&text, &isBegun)
      try text.end(requestId, repetition)
    } catch {
      guard isBegun else { throw error }
      // Rows without ids of their own are done twice under any other request id.
      var failure = error
      (failure.requestId, failure.next) = (requestId, repetition)
      throw failure
    }
  }

  /// `isBegun` becomes true with the first answer: from then on something may have been done.
  private func send(_ text: inout BatchText, _ isBegun: inout Bool) async throws(Failure) {
    var (rest, size) = (rows.rows[...], Limits.batchItems)
    var patience = Patience()
    while !rest.isEmpty {
      let part = isAtomic ? rest : Self.beginning(of: rest, size)
      do throws(Failure) {
        let answer = try await ask(part)
        isBegun = true
        guard answer.results.count == part.count else {
          throw Failure(
            .other, "the server answered \(answer.results.count) of \(part.count) rows")
        }
        for (row, result) in zip(part, answer.results) { try text.note(row.line, row.item, result) }
        rest = rest.dropFirst(part.count)
        patience = Patience()
        size = min(2 * size, Limits.batchItems)
        text.progress(rows.rows.count - rest.count, of: rows.rows.count)
      } catch {
        try await patience.wait(after: error, session)
        // Who was told to wait and waited had to share its calls with others: then fewer do sooner.
        if patience.pauseCount > 1 { size = max(1, size / 2) }
      }
    }
  }

  /// As many rows as go into a request; one that is too long by itself is alone in its own.
  private static func beginning(of rest: Rows, _ size: Int) -> Rows {
    var byteCount = 0
    let count = rest.prefix(size).prefix { row in
      byteCount += row.item.protoBytes().count + 8
      return byteCount <= Limits.requestBytes
    }.count
    return rest.prefix(max(1, count))
  }

  private func checkTogether() throws(Failure) {
    guard rows.faults.isEmpty else {
      let count = rows.faults.count
      throw Failure(
        .usage, "\(count == 1 ? "1 line is no row" : "\(count) lines are no rows")",
        hint: "All or none is wanted: nothing was done.")
    }
    guard rows.rows.count <= Limits.batchItems else {
      throw Failure(
        .usage, "--atomic takes at most \(Limits.batchItems) rows; there are \(rows.rows.count)")
    }
  }

  private func ask(_ part: Rows) async throws(Failure) -> Answer {
    let advice = Advice(items: part.map(\.item.subject), repetition: repetition)
    do throws(Failure) {
      return try await session.change(
        Request(items: part.map(\.item), atomic: isAtomic), under: requestId, call, advice)
    } catch {
      guard let item = ErrorDetails(error.details).item, item >= 0, item < part.count else {
        throw error
      }
      var named = error
      named.message = "line \(part[part.startIndex + item].line): \(error.message)"
      throw named
    }
  }
}

// MARK: Holds and cancellations

extension Usher.V1.BatchHoldSeatsRequest: BatchRequest {
  init(items: [Usher.V1.HoldSeatsRequest], atomic: Bool) {
    self.init(holds: items, atomic: atomic)
  }
}

extension Usher.V1.BatchCancelBookingsRequest: BatchRequest {
  init(items: [Usher.V1.CancelBookingRequest], atomic: Bool) {
    self.init(cancellations: items, atomic: atomic)
  }
}

extension Usher.V1.BatchHoldSeatsResponse: BatchAnswer {}
extension Usher.V1.BatchCancelBookingsResponse: BatchAnswer {}

extension Usher.V1.HoldResult: BatchResult {
  var refusal: Google.Rpc.Status? {
    if case .error(let status) = outcome { status } else { nil }
  }

  var words: String {
    guard case .booking(let booking) = outcome else { return "" }
    return BookingText.short(booking)
  }

  var isOver: Bool {
    guard case .booking(let booking) = outcome else { return false }
    return [.expired, .released, .cancelled, .exchanged].contains(booking.state)
  }
}

extension Usher.V1.CancelResult: BatchResult {
  var refusal: Google.Rpc.Status? {
    if case .error(let status) = outcome { status } else { nil }
  }

  var words: String {
    guard case .cancelled(let answer) = outcome else { return "" }
    let refund = answer.refund.map {
      "refund \($0.amount?.text ?? "") for \($0.seats.joined(separator: ", ")); "
    }
    return (refund ?? "") + BookingText.short(answer.booking ?? .init())
  }
}
