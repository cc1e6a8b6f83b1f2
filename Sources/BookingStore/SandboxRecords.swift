// What partners set in a sandbox, as the store keeps it.

import Booking
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
