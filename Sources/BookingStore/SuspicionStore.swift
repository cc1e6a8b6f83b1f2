// Customers whose holds look like a machine's or a nuisance's. Looks only; what is done about them is an
// operator's act.

import Booking
import Postgres

/// From when on a customer is suspicious.
package struct SuspicionThresholds: Sendable, Hashable {
  /// How far back is looked.
  package var window: Duration
  /// So many holds that were never paid,
  package var unpaidHolds: Int32
  /// being at least so many of a hundred of those that are over.
  package var unpaidPercent: Int32
  /// Or so many holds within a minute.
  package var holdsPerMinute: Int32

  package init(
    window: Duration, unpaidHolds: Int32, unpaidPercent: Int32, holdsPerMinute: Int32
  ) {
    self.window = window
    self.unpaidHolds = unpaidHolds
    self.unpaidPercent = unpaidPercent
    self.holdsPerMinute = holdsPerMinute
  }
}

/// A customer that crossed a threshold.
package struct SuspiciousCustomer: Sendable, Hashable {
  /// The partner whose customer it is; the house for an account.
  package let partnerID: Int64
  /// The partner's name for it; an account's id.
  package let customerRef: String
  /// Holds that it made.
  package let holdCount: Int64
  /// Those that ended without a payment.
  package let unpaidCount: Int64
  /// Those that were paid.
  package let paidCount: Int64
  /// The most within a minute of the clock.
  package let busiestMinute: Int64
  /// When it made the first and the last, in microseconds since 1970.
  package let span: ClosedRange<Int64>
  /// Whether it has too many unpaid holds.
  package let hasUnpaidHolds: Bool
  /// Whether it was too fast.
  package let isFast: Bool
  /// The state of its account; nil when it has none.
  package let accountState: AccountState?

  init(_ row: PostgresRow) throws(PostgresError) {
    partnerID = try row.decode(0)
    customerRef = try row.decode(1)
    holdCount = try row.decode(2)
    unpaidCount = try row.decode(3)
    paidCount = try row.decode(4)
    busiestMinute = try row.decode(5)
    let first = try row.decode(6, as: PostgresTimestamp.self).unixMicroseconds
    let last = try row.decode(7, as: PostgresTimestamp.self).unixMicroseconds
    span = first...max(first, last)
    hasUnpaidHolds = try row.decode(8)
    isFast = try row.decode(9)
    accountState = try row.decode(10, as: Int16?.self).flatMap(AccountState.init(rawValue:))
  }
}

/// Customers that crossed a threshold, and how far holds were looked at.
package struct Suspects: Sendable, Hashable {
  /// Those with the most unpaid holds first.
  package let customers: [SuspiciousCustomer]
  /// From when on all holds were looked at, in microseconds since 1970.
  package let lookedBackTo: Int64
  /// From when on those that ended unpaid were.
  package let unpaidLookedBackTo: Int64
  /// Whether some of the window were not.
  package let isShort: Bool
}

/// Looks for suspicious customers.
package struct SuspicionStore: Sendable {
  private let database: any Database
  private let bookings: Int

  /// Reads from a database, of each lane so many bookings of a kind.
  package init(_ database: any Database, bookings: Int = StoreLimits.suspectBookings) {
    self.database = database
    self.bookings = bookings
  }

  /// Those with the most unpaid holds first, so many at most.
  package func suspects(
    _ thresholds: SuspicionThresholds, atMost limit: Int, timeout: Duration? = nil
  ) async throws(StoreError) -> Suspects {
    let parameters: [PostgresValue] = [
      .int8(thresholds.window.wholeMicroseconds), .int8(Int64(thresholds.unpaidHolds)),
      .int8(Int64(thresholds.unpaidPercent)), .int8(Int64(thresholds.holdsPerMinute)),
      .int8(Int64(limit)), .int8(Int64(bookings)),
    ]
    let result = try await database.ask(
      Statements.findSuspiciousCustomers, parameters, timeout: timeout)
    return try reading { () throws(PostgresError) in
      guard let first = result.firstRow else {
        throw PostgresError(.decoding, "suspicious customers cannot be read")
      }
      var customers: [SuspiciousCustomer] = []
      if try first.decode(0, as: Int64?.self) != nil {
        customers = try result.all { row throws(PostgresError) in try SuspiciousCustomer(row) }
      }
      return Suspects(
        customers: customers,
        lookedBackTo: try first.decode(12, as: PostgresTimestamp.self).unixMicroseconds,
        unpaidLookedBackTo: try first.decode(11, as: PostgresTimestamp.self).unixMicroseconds,
        isShort: try first.decode(13))
    }
  }
}
