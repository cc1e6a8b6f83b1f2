// Two uploads that name the same new show: one makes it, the other finds it.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite struct ScheduleRaceTests {
  private func row(auditorium: Int64) throws -> ScheduleWish {
    ScheduleWish(
      reference: "S-1", auditoriumID: auditorium, auditorium: "", kind: 2, movieID: 0,
      title: "A play", language: "nl", format: "", start: .local("2030-03-01T20:00"), minutes: 90,
      currency: try Currency("EUR"), prices: [("GOLD", 1_500), ("SILVER", 1_000)], salesState: nil)
  }

  /// The second waits for the first to commit, in another auditorium, whose rows it does not take.
  @Test func aNewReferenceInTwoAuditoriumsAtOnceIsOneShow() async throws {
    try await House.run { house in
      try await house.run(
        "update auditorium set theatre_id = 1, name = 'Screen 2' where auditorium_id = 2")
      let first = try await PostgresConnection.connect(house.configuration, on: house.loop)
      _ = try await first.query("begin")
      _ = try await HouseStore(first).upload(
        [row(auditorium: 1)], toTheatre: 1, by: AuditActor(keyID: nil, name: "test"))
      async let late = HouseStore(house.connection).upload(
        [row(auditorium: 2)], toTheatre: 1, by: AuditActor(keyID: nil, name: "test"))
      try await House.untilAwaited(first)
      _ = try await first.query("commit")
      #expect(try await late.map(\.outcome) == [.showElsewhere])
      await first.close()
      let made = try await house.connection.query(
        "select count(*) from show where partner_reference = 'S-1' and auditorium_id = 1")
      #expect(try made.onlyRow().decode(0, as: Int64.self) == 1)
    }
  }
}
