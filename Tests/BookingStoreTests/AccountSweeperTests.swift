// What is taken from accounts that have ended.

import Logging
import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct AccountSweeperTests {
  /// Holds a seat for an account of its own, which has ended.
  private func leftBehind(
    _ house: House, _ number: UInt64, show: Int64, seat: Int = 0
  ) async throws {
    let account = UniqueID(high: 0x4000, low: number)
    _ = try await AccountStore(house.connection).signUp(
      id: account, email: "\(number)@example.org", phone: "", name: "", passwordHash: "hash")
    let request = try house.request(
      [house.details.layout.seats[seat].label], number, customer: account.description,
      partner: StoreLimits.housePartnerID,
      show: show)
    guard case .done = try await house.hold([request])[0] else { throw StoreError(.fault) }
    try await house.run("update account set state = 3 where account_id = '\(account)'")
  }

  /// The seats of the first contradict its booking.
  @Test func anAccountThatCannotBeSweptKeepsNoOthersFromIt() async throws {
    try await House.run { house in
      // More of the damaged show than shows may be in trouble.
      for number in 0...UInt64(StoreLimits.troubledShows) {
        try await leftBehind(house, 10 + number, show: 1, seat: Int(number))
      }
      try await leftBehind(house, 2, show: 3)
      try await house.run("delete from show_seat where show_id = 1 and booking_id is not null")
      let lanes = Lanes([LaneWorker(house.connection, house.shows, on: house.loop)])
      let sweeper = AccountSweeper(
        house.connection, lanes, on: house.loop, logger: Logger(label: "test"))
      #expect(try await sweeper.sweep() == 1)
      #expect(try await sweeper.sweep() == 0)
      let states = try await house.connection.query(
        PostgresStatement(sql: "select show_id, state from booking order by show_id"))
      let rows = try states.rows.map {
        (try $0.decode(0, as: Int64.self), try $0.decode(1, as: Int16.self))
      }
      let damaged = rows.filter { $0.0 == 1 }
      #expect(damaged.count > StoreLimits.troubledShows && damaged.allSatisfy { $0.1 == 1 })
      #expect(rows.filter { $0.0 == 3 }.map(\.1) == [3])
    }
  }
}
