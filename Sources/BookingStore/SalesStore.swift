// Reads what was sold: the stream of sales, which it numbers before, the bookings of a show, and the
// digest of one.

package import Booking
import Postgres

/// What was sold.
package struct SalesStore: Sendable {
  let database: any Database

  /// Reads and numbers in a database.
  package init(_ database: any Database) {
    self.database = database
  }

  // MARK: The stream

  /// Gives positions to some of what was committed, up to a serial; returns the last one, and whether there
  /// may be more to give positions to. Who does not wait leaves it to whoever numbers just now, and lets
  /// also time that passes without a sale count as told.
  package func number(
    upTo serial: Int64 = .max, waits: Bool = true, timeout: Duration? = nil
  ) async throws(StoreError) -> (newest: Int64, mayBeMore: Bool) {
    let result = try await database.ask(
      Statements.numberSales,
      [.int4(StoreLimits.numberedSales), .int8(serial), .bool(waits)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      return (try row.decode(0), try row.decode(1))
    }
  }

  /// Gives positions to everything that was committed before; returns the last one. What is sold
  /// meanwhile has greater serials, and is not waited for.
  package func numberAll(timeout: Duration? = nil) async throws(StoreError) -> Int64 {
    let newest = try await database.ask(Statements.newestSale, [], timeout: timeout)
    let serial = try reading { () throws(PostgresError) in
      try newest.onlyRow().decode(0, as: Int64.self)
    }
    while true {
      let (newest, mayBeMore) = try await number(upTo: serial, timeout: timeout)
      if !mayBeMore { return newest }
    }
  }

  /// Where the stream begins and ends.
  package func bounds(timeout: Duration? = nil) async throws(StoreError) -> SalesBounds {
    let result = try await database.ask(Statements.getSalesBounds, [], timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      return SalesBounds(oldest: try row.decode(0), newest: try row.decode(1))
    }
  }

  /// Some transactions behind a position.
  package func sales(
    after position: Int64, _ reach: SalesReach, timeout: Duration? = nil
  ) async throws(StoreError) -> SalesPage {
    let result = try await database.ask(
      Statements.readSales, [.int8(position)] + reach.values, timeout: timeout)
    return try reading { () throws(PostgresError) in try SalesPage(result) }
  }

  // MARK: One show

  /// What is sold of a show; nil when nothing of it may be seen.
  package func digest(
    ofShow showID: Int64, _ reach: SalesReach, timeout: Duration? = nil
  ) async throws(StoreError) -> ShowDigest? {
    let result = try await database.ask(
      Statements.getShowSales, [.int8(showID)] + reach.values, timeout: timeout)
    return try reading { () throws(PostgresError) in try ShowDigest(result) }
  }

  /// The paid bookings, whatever became of them, that have a ticket's code and may be seen: none, one, or
  /// two of those that happen to share it.
  package func bookings(
    ofTicket code: TicketCode, _ reach: SalesReach, timeout: Duration? = nil
  ) async throws(StoreError) -> [TicketBooking] {
    let result = try await database.ask(
      Statements.getBookingByTicket, [.int2(code.lane), .int8(code.number)] + reach.values,
      timeout: timeout)
    return try reading { () throws(PostgresError) in
      var found: [TicketBooking] = []
      for row in result.rows { found.append(try TicketBooking(row)) }
      return found
    }
  }

  /// Bookings of a show, oldest first; nil when nothing of it may be seen.
  package func bookings(
    ofShow showID: Int64, _ reach: SalesReach, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<BookingRecord>? {
    var filter = RequestHash(command: "show_bookings")
    filter.add(showID)
    let token = try PageToken(pageToken, boundTo: filter)
    let last = UniqueID(token.key)
    guard token == .start || last != nil else { throw StoreError(.invalidPageToken) }
    let size = Paging.size(pageSize)
    let parameters: [PostgresValue] = [
      .uuid(PostgresUUID(last ?? UniqueID(high: 0, low: 0))), .int8(Int64(size) + 1),
    ]
    let result = try await database.ask(
      Statements.listShowBookings, [.int8(showID)] + reach.values + parameters, timeout: timeout)
    guard let first = result.firstRow else { return nil }
    // One row without a booking says that there is none, but that it might be seen.
    let isEmpty = try reading { () throws(PostgresError) in
      try first.decode(0, as: Int16?.self) == nil
    }
    if isEmpty { return Page(items: [], nextPageToken: "") }
    return try Paging.page(result, size, filter, key: { ($0.id.description, 0) }) {
      (row) throws(PostgresError) in
      let now: PostgresTimestamp = try row.decode(BookingColumn.count)
      return try BookingRecord(row).told(at: now.unixMicroseconds)
    }
  }
}
