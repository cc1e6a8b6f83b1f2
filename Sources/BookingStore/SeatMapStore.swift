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

  /// The seats of a show that are not available, at its present version; nil when there is no such show.
  package func taken(
    showID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> TakenSeats? {
    let result = try await database.ask(Statements.getSeatMap, [.int8(showID)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try TakenSeats(row, showID: showID) }
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

/// A show's seats at one version, as far as its layout does not tell them: all others are available.
package struct TakenSeats: Sendable {
  /// The lane of the show's theatre.
  package let lane: Int16
  /// The show.
  package let showID: Int64
  /// The version at which the states were true together.
  package let version: Int64
  /// Which seats there are.
  package let layout: LayoutKey
  private let states: [Int32: SeatState]

  fileprivate init(_ row: PostgresRow, showID: Int64) throws(PostgresError) {
    lane = try row.decode(0)
    self.showID = showID
    version = try row.decode(1)
    layout = LayoutKey(auditoriumID: try row.decode(2), version: try row.decode(3))
    let numbers: [Int32] = try row.decode(4)
    let values: [Int16] = try row.decode(5)
    var states: [Int32: SeatState] = [:]
    states.reserveCapacity(numbers.count)
    for (number, value) in zip(numbers, values) { states[number] = SeatState(rawValue: value) }
    guard numbers.count == values.count, states.count == numbers.count else {
      throw PostgresError(.decoding, "a seat map cannot be read")
    }
    self.states = states
  }

  /// All seats of the show, whose layout this is.
  package func snapshot(of layout: SeatLayout) -> SeatSnapshot {
    SeatSnapshot(
      lane: lane, showID: showID, version: version,
      seats: layout.seats.map {
        SeatStatus(number: $0.number, state: states[$0.number] ?? .available)
      })
  }
}
