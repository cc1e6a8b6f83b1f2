// What partners set in a sandbox, as the store keeps it.

package import Booking
import Postgres

/// What goes wrong with a call. The raw value is that of the API.
package enum FaultKind: Int16, Sendable, CaseIterable {
  /// It is not done.
  case refuse = 1
  /// It begins later.
  case delay
  /// It is done, and its answer does not come.
  case loseAnswer
  /// Its stream breaks.
  case cutStream
}

/// A switch: what goes wrong, of which calls, for how long.
package struct FaultSwitch: Sendable, Hashable {
  /// As in `usher.v1.BookingService/HoldSeats`; empty for all.
  package let method: String
  /// What goes wrong.
  package let kind: FaultKind
  /// Of the status; 0 for a delay.
  package let code: Int32
  /// How much later a call begins.
  package let delay: Duration
  /// After how many messages a stream breaks.
  package let messageCount: Int32
  /// Calls that are left; nil for any number.
  package let timesLeft: Int32?
  /// Time that is left; nil for ever.
  package let timeLeft: Duration?

  package init(
    method: String, kind: FaultKind, code: Int32, delay: Duration, messageCount: Int32,
    timesLeft: Int32?, timeLeft: Duration?
  ) {
    self.method = method
    self.kind = kind
    self.code = code
    self.delay = delay
    self.messageCount = messageCount
    self.timesLeft = timesLeft
    self.timeLeft = timeLeft
  }

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let kind = FaultKind(rawValue: try row.decode(1)) else {
      throw PostgresError(.decoding, "a fault switch has a kind that is not known")
    }
    self.kind = kind
    method = try row.decode(0)
    code = try row.decode(2)
    delay = .milliseconds(try row.decode(3, as: Int32.self))
    messageCount = try row.decode(4)
    timesLeft = try row.decode(5)
    timeLeft = try row.decode(6, as: Int64?.self).map { .milliseconds($0) }
  }
}

/// A partner's clock.
package struct SandboxClock: Sendable, Hashable {
  /// How far it is ahead of everybody's.
  package let ahead: Duration
  /// What time it is by it, in microseconds since 1970.
  package let now: Int64
}

/// What became of a wish for time to pass.
package enum ClockOutcome: Sendable, Hashable {
  /// It passed, now or when the same request ran before.
  case done(ClockChange)
  /// Nothing was changed.
  case refused(ClockRefusal)
}

/// Time that has passed.
package struct ClockChange: Sendable, Hashable {
  /// How far the clock was ahead then.
  package let ahead: Duration
  /// How many shows moved.
  package let showCount: Int
  /// What nodes are told of these shows, when this call moved them.
  package let changes: [QueueChange]
}

/// Why time did not pass. The raw values are the database's.
package enum ClockRefusal: String, Sendable, CaseIterable {
  /// The request id was used for another request.
  case requestIDReused = "reused"
  /// The request id was fenced.
  case requestFenced = "fenced"
  /// The database is no sandbox.
  case live
  /// The clock would be too far ahead.
  case tooFar = "too_far"
  /// The partner has too many shows.
  case tooManyShows = "too_many"
}

extension ClockOutcome {
  /// Reads a clock_result.
  init(_ row: PostgresRow) throws(PostgresError) {
    let outcome: String = try row.decode(0)
    guard outcome == "done" else {
      guard let refusal = ClockRefusal(rawValue: outcome) else {
        throw PostgresError(.decoding, "a clock has an outcome that is not known")
      }
      self = .refused(refusal)
      return
    }
    let lanes: [Int16] = try row.decode(3)
    let showIDs: [Int64] = try row.decode(4)
    let versions: [Int64] = try row.decode(5)
    guard lanes.count == showIDs.count, versions.count == showIDs.count else {
      throw PostgresError(.decoding, "a clock has moved shows that cannot be read")
    }
    self = .done(
      ClockChange(
        ahead: .microseconds(try row.decode(1, as: Int64.self)),
        showCount: Int(try row.decode(2, as: Int32.self)),
        changes: showIDs.indices.map {
          QueueChange(lane: lanes[$0], showID: showIDs[$0], version: versions[$0])
        }))
  }
}
