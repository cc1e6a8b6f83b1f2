// Reads the waiting list for those who wait, and says that they still do. Who joins, leaves and is
// served is the lane's to decide.

package import Booking
import Postgres

/// Where a party stands.
package enum WaitStanding: Sendable, Hashable {
  /// In line: its position, from 1, and how many seats those before it want.
  case waiting(position: Int, seatsAhead: Int)
  /// It was offered a hold.
  case served(BookingID)
  /// It waits no longer.
  case ended(WaitState)
}

/// Where parties of a show stand, all at one moment.
package struct WaitStandings: Sendable {
  /// The version of the line; nil when nobody was found.
  package fileprivate(set) var version: Int64?
  fileprivate var found: [RequestKey: WaitStanding] = [:]

  /// Where a party stands; nil when it was not asked for or never came.
  package subscript(key: RequestKey) -> WaitStanding? { found[key] }
}

/// The waiting list as the database has it.
package struct WaitlistStore: Sendable {
  private let database: any Database

  /// Reads from a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// Where parties of a show stand.
  package func standings(
    of keys: [RequestKey], lane: Int16, showID: Int64
  ) async throws(StoreError) -> WaitStandings {
    let result = try await database.ask(
      Statements.readStandings,
      [.int2(lane), .int8(showID)] + WaitStatements.parameters(keys), timeout: nil)
    return try reading { () throws(PostgresError) in
      var standings = WaitStandings()
      let wanted = Set(keys)
      var (position, seatsAhead) = (0, 0)
      for row in result.rows {
        let key = RequestKey(
          partnerID: try row.decode(0),
          requestID: UniqueID(try row.decode(1, as: PostgresUUID.self)))
        let standing = try WaitStanding(row, position: position + 1, seatsAhead: seatsAhead)
        if case .waiting = standing {
          position += 1
          seatsAhead += Int(try row.decode(2, as: Int16.self))
        }
        if wanted.contains(key) { standings.found[key] = standing }
        standings.version = try row.decode(5)
      }
      return standings
    }
  }

  /// The customer that a party's request was made for; nil when there is none.
  package func customer(
    of key: RequestKey, timeout: Duration? = nil
  ) async throws(StoreError) -> String? {
    let result = try await database.ask(
      Statements.getWaitCustomer, [.int8(key.partnerID), .uuid(PostgresUUID(key.requestID))],
      timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try row.decode(0) }
  }

  /// Parties still have somebody who listens.
  package func touch(_ keys: [RequestKey]) async throws(StoreError) {
    _ = try await database.ask(
      Statements.touchWaits, WaitStatements.parameters(keys), timeout: nil)
  }
}

extension WaitStanding {
  fileprivate init(
    _ row: PostgresRow, position: Int, seatsAhead: Int
  ) throws(PostgresError) {
    guard let booking = BookingID(UniqueID(try row.decode(3, as: PostgresUUID.self))),
      let state = WaitState(rawValue: try row.decode(4))
    else {
      throw PostgresError(.decoding, "a party of the waiting list cannot be read")
    }
    switch state {
    case .waiting: self = .waiting(position: position, seatsAhead: seatsAhead)
    case .served: self = .served(booking)
    default: self = .ended(state)
    }
  }
}
