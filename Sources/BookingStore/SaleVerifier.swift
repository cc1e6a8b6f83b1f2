// Runs the checks of verify_sales(), verify_waits() and verify_sales_stream(): what no constraint can
// prove about seats, bookings, the waiting list and the stream of sales.

package import Booking
import Postgres

/// A contradiction between seats and bookings.
package struct SaleFault: Sendable, Hashable {
  /// Name of the check, such as "seat_sold_twice".
  package let check: String
  /// The lane.
  package let lane: Int16
  /// The show.
  package let showID: Int64
  /// The seat; nil when none is concerned.
  package let seatNumber: Int32?
  /// The booking; nil when none is concerned.
  package let bookingID: UniqueID?
}

/// Verifies sales.
package struct SaleVerifier: Sendable {
  private let database: any Database

  /// Reads from a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// Every contradiction found in one snapshot; none is the proof of soundness.
  package func faults() async throws(StoreError) -> [SaleFault] {
    let result = try await database.ask(Statements.verify, [], timeout: nil)
    return try reading { () throws(PostgresError) in
      var faults: [SaleFault] = []
      for row in result.rows {
        let booking: PostgresUUID? = try row.decode(4)
        faults.append(
          SaleFault(
            check: try row.decode(0), lane: try row.decode(1), showID: try row.decode(2),
            seatNumber: try row.decode(3),
            bookingID: booking.map { UniqueID(high: $0.high, low: $0.low) }))
      }
      return faults
    }
  }
}
