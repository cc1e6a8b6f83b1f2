// Refusals that rest on terms of which a node has not heard: the database is asked, and only then.

import Postgres
import Reactor
import Synchronization
import Testing

@testable import Booking
@testable import BookingStore

/// A connection that counts what it is asked.
private final class Counted: Database {
  private let connection: PostgresConnection
  private let asked = Atomic(0)

  init(_ connection: PostgresConnection) { self.connection = connection }

  var count: Int { asked.load(ordering: .relaxed) }

  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    asked.add(1, ordering: .relaxed)
    return try await connection.query(statement, parameters, timeout: timeout)
  }

  func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    asked.add(1, ordering: .relaxed)
    return try await connection.inTransaction(body)
  }
}

@Suite(.timeLimit(.minutes(3))) struct StaleTermsTests {
  /// Sets aside for the other partner, or ends that, without a word from the feed.
  private func change(_ house: House, _ sql: String) async throws {
    try await house.run(sql)
    try await house.run("update show set pricing_version = pricing_version + 1 where show_id = 1")
  }

  private func setAside(_ house: House, _ columns: String, _ values: String) async throws {
    try await change(
      house,
      """
      insert into seat_allocation (lane, show_id, partner_id, returns_at, \(columns))
      values (5, 1, \(House.otherPartner), now() + interval '1 day', \(values))
      """)
  }

  @Test func aShowThatIsSoldOutForManyAsksNobody() async throws {
    try await House.run { house in
      let database = Counted(house.connection)
      let desk = SaleDesk(database, house.shows, on: house.loop) { _ in }
      desk.setFeedLive(true)
      _ = try await desk.serve([.hold(house.request(["B5"], 1))], timeout: nil)
      let count = database.count
      // No row has six side by side.
      let outcomes = try await desk.serve([.hold(house.best(6, 2))], timeout: nil)
      #expect(outcomes == [.refused(.noAdjacentSeats)])
      #expect(database.count == count)
    }
  }

  @Test func whatIsNoLongerSetAsideIsChosen() async throws {
    try await House.run { house in
      try await setAside(house, "tier, seat_count", "'SILVER', 10")
      house.desk.value.setFeedLive(true)
      _ = try await house.held(["B5"], 1)
      let refused = try await house.hold([house.best(1, tier: "SILVER", 2)])
      #expect(refused == [.refused(.noAdjacentSeats)])
      try await change(house, "update seat_allocation set active = false")
      #expect(try await house.hold([house.best(1, tier: "SILVER", 3)])[0].record != nil)
    }
  }

  @Test func aLineDoesNotKeepAPartnerFromWhatWasSetAsideSince() async throws {
    try await House.run { house in
      house.desk.value.setFeedLive(true)
      _ = try await house.held(["A1"], 1)
      let joined = try await house.serve([
        .join(
          WaitRequest(
            identity: house.identity(2), bookingID: house.newBookingID(), showID: 1,
            customerRef: "", count: 10, tier: "SILVER"))
      ])
      #expect(joined == [.inLine])
      let other = House.otherPartner
      let early = try await house.hold([house.request(["B1"], 3, partner: other)])
      #expect(early == [.refused(.reservedForWaiting)])
      try await setAside(house, "seat_nos", "'{10}'")
      #expect(try await house.hold([house.request(["B1"], 4, partner: other)])[0].record != nil)
      #expect(
        try await house.hold([house.request(["B2"], 5, partner: other)])
          == [.refused(.reservedForWaiting)])
    }
  }
}
