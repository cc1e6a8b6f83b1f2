// What a batch did to seats that theatres withdraw, as arrays of parameters.

import Booking
import Postgres

/// Writes withdrawn seats.
enum BlockStatements {
  /// Writes what belongs to a batch that `SaleStatements.write` wrote at a time, in its transaction.
  static func write(
    _ writes: SaleWrites, at time: Int64, on connection: any Database, timeout: Duration?
  ) async throws(PostgresError) {
    guard !writes.blocks.isEmpty else { return }
    let requests = writes.blocks.map(\.request)
    let lists = requests.map { request in
      "{\(request.seatNumbers.map(String.init).joined(separator: ","))}"
    }
    _ = try await connection.query(
      Statements.writeBlocks,
      [
        .array(writes.shows.map(\.change.lane)), .array(writes.shows.map(\.change.showID)),
        .array(writes.shows.map(\.version)),
        .timestamp(PostgresTimestamp(unixMicroseconds: time)),
        .array(writes.blocks.map { Int32(truncatingIfNeeded: $0.show + 1) }),
        .array(requests.map(\.identity.partnerID)),
        .array(requests.map { PostgresUUID($0.identity.requestID) }),
        .byteas(requests.map(\.identity.hash)), .array(requests.map(\.isBlock)), .array(lists),
        .array(requests.map(\.reason)), .array(requests.map(\.actorKeyID)),
        .array(requests.map(\.actor)),
      ], timeout: timeout)
  }
}

/// Seats of a show that are withdrawn by one act.
package struct BlockedSeats: Sendable, Hashable {
  /// The seats, by number.
  package let seatNumbers: [Int32]
  /// Why, for people; empty when nobody said.
  package let reason: String
  /// When, in microseconds since 1970; nil for those that were withdrawn when the show was made.
  package let createdAt: Int64?

  /// Reads a row of list_blocks.
  init(_ row: PostgresRow) throws(PostgresError) {
    seatNumbers = try row.decode(0)
    reason = try row.decode(1)
    createdAt = try row.decode(2, as: PostgresTimestamp?.self)?.unixMicroseconds
  }
}

extension SeatMapStore {
  /// The withdrawn seats of a show, by the act that withdrew them.
  package func blocked(
    lane: Int16, showID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> [BlockedSeats] {
    let result = try await database.ask(
      Statements.listBlocks, [.int2(lane), .int8(showID)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try BlockedSeats(row) }
    }
  }
}
