// Snapshots of a show's seats: version and states of one moment; and which shows a theatre has.

package import Booking
import Postgres

/// Reads seat maps.
package struct SeatMapStore: Sendable {
  let database: any Database

  /// Reads from a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// The seats of a show at its present version; nil when there is no such show.
  package func snapshot(
    showID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> SeatSnapshot? {
    let result = try await database.ask(Statements.getSeatMap, [.int8(showID)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try SeatSnapshot(row, showID: showID) }
  }

  /// The shows to come of a theatre, those that begin first; nil when there is no such theatre.
  package func shows(
    theatreID: Int64, atMost count: Int
  ) async throws(StoreError) -> [Int64]? {
    let result = try await database.ask(
      Statements.listTheatreShows, [.int8(theatreID), .int8(Int64(count))], timeout: nil)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try row.decode(0) }
  }
}

extension SeatSnapshot {
  fileprivate init(_ row: PostgresRow, showID: Int64) throws(PostgresError) {
    let numbers: [Int32] = try row.decode(2)
    let states: [Int16] = try row.decode(3)
    let seats = zip(numbers, states).compactMap { number, state in
      SeatState(rawValue: state).map { SeatStatus(number: number, state: $0) }
    }
    guard seats.count == numbers.count, numbers.count == states.count else {
      throw PostgresError(.decoding, "a seat map cannot be read")
    }
    self.init(
      lane: try row.decode(0), showID: showID, version: try row.decode(1), seats: seats)
  }
}
