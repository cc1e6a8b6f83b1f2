// Reads single bookings, what they gave back, and what became of requests; fences requests.

package import Booking
import Postgres

/// Reads bookings.
package struct BookingLookup: Sendable {
  private let database: any Database

  /// Reads from a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// A partner's booking as it is now; nil when the partner has no such booking.
  package func booking(
    id: BookingID, partnerID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> BookingRecord? {
    let result = try await database.ask(
      Statements.getBooking,
      [.int2(id.lane), .uuid(PostgresUUID(id.value)), .int8(partnerID)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try Self.record(row) }
  }

  /// An account's bookings, newest first, by what they have as `customer_ref`.
  package func bookings(
    ofAccount customerRef: String, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<BookingRecord> {
    var filter = RequestHash(command: "account_bookings")
    filter.add(customerRef)
    return try await database.page(
      Statements.listAccountBookings, filter, [.text(customerRef)], pageSize, pageToken, timeout,
      key: { ($0.id.description, 0) }, Self.record)
  }

  private static func record(_ row: PostgresRow) throws(PostgresError) -> BookingRecord {
    let now: PostgresTimestamp = try row.decode(BookingColumn.count)
    return try BookingRecord(row).told(at: now.unixMicroseconds)
  }

  /// What a booking gave back, oldest first.
  package func refunds(
    of id: BookingID, timeout: Duration? = nil
  ) async throws(StoreError) -> [Refund] {
    let result = try await database.ask(
      Statements.listRefunds, [.int2(id.lane), .uuid(PostgresUUID(id.value))], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in
        try Refund(row.decode(0), row.decode(1), row.decode(2), row.decode(3))
      }
    }
  }

  /// What became of a request; nil when it had no effect.
  package func fate(
    of key: RequestKey, timeout: Duration? = nil
  ) async throws(StoreError) -> RequestFate? {
    let result = try await database.ask(
      Statements.findRequest, [.array([key.partnerID]), .array([PostgresUUID(key.requestID)])],
      timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in
      switch try LoggedRequest(row).deed {
      case .fence: return .fenced
      case .seats, .terms: return .ranWithoutBooking
      case .booking(let record):
        let now: PostgresTimestamp = try row.decode(LoggedRequest.columnCount)
        return .ran(record.told(at: now.unixMicroseconds))
      }
    }
  }

  /// Sees to it that a request never has an effect, unless it had one: then that is told. Of a
  /// fence and its request at the same time one wins, by the key of the log.
  package func fence(
    _ identity: RequestIdentity, timeout: Duration? = nil
  ) async throws(StoreError) -> RequestFate {
    _ = try await database.ask(
      Statements.fenceRequest,
      [.int8(identity.partnerID), .uuid(PostgresUUID(identity.requestID)), .bytea(identity.hash)],
      timeout: timeout)
    guard let fate = try await fate(of: identity.key, timeout: timeout) else {
      throw StoreError(.fault)
    }
    return fate
  }
}

/// What became of a request id.
package enum RequestFate: Sendable, Hashable {
  /// It had an effect: the booking as it left it.
  case ran(BookingRecord)
  /// It had an effect on no booking.
  case ranWithoutBooking
  /// It was fenced and never runs.
  case fenced
}
