// Reads single bookings.

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
    return try reading { () throws(PostgresError) in
      let now: PostgresTimestamp = try row.decode(BookingColumn.count)
      return try BookingRecord(row).told(at: now.unixMicroseconds)
    }
  }
}
