// The change feed against a real PostgreSQL: one change per transaction and show, in version
// order, nothing of transactions that failed, and back after the connection was cut.

import Logging
import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct ChangeFeedTests {
  private func withFeed(
    _ body: @escaping @Sendable (House, ChangeFeed, Mailbox<ChangeFeedEvent>) async throws -> Void
  ) async throws {
    try await House.run { house in
      let events = Mailbox<ChangeFeedEvent>()
      let name: String = try await house.connection.query("select current_database()").onlyRow()
        .decode(0)
      let feed = ChangeFeed(
        house.configuration, slotName: "feed_\(name)", on: house.loop,
        logger: Logger(label: "test"), onEvent: { events.put($0) })
      feed.start()
      #expect(await events.wait(for: 1) == [.began])
      let result: Result<Void, any Error>
      do {
        result = .success(try await body(house, feed, events))
      } catch {
        result = .failure(error)
      }
      await feed.stop()
      try result.get()
    }
  }

  private static func change(
    _ version: Int64, _ seats: [(Int32, SeatState)]
  ) -> ChangeFeedEvent {
    .change(
      SeatChange(
        lane: 5, showID: 1, version: version,
        seats: seats.map { SeatStatus(number: $0.0, state: $0.1) }))
  }

  @Test func everyTransactionIsOneChange() async throws {
    try await withFeed { house, _, events in
      let first = try await house.held(["A2", "A1"], 1)
      _ = try await house.hold([house.request(["A1"], 2)])
      _ = try await house.change(.confirm, first.id, 3, payment: "p")
      _ = try await house.change(.cancel, first.id, 4)
      let second = try await house.held(["A3", "A4"], 5)
      try await house.endHold(second.id, inSeconds: -6)
      // Takes one seat of the expired hold; the other becomes free in the same change.
      _ = try await house.held(["A4"], 6)
      let all = await events.wait(for: 6)
      #expect(
        all == [
          .began,
          Self.change(2, [(0, .held), (1, .held)]),
          Self.change(3, [(0, .sold), (1, .sold)]),
          Self.change(4, [(0, .available), (1, .available)]),
          Self.change(5, [(2, .held), (3, .held)]),
          Self.change(7, [(2, .available), (3, .held)]),
        ])
    }
  }

  @Test func aFailedTransactionTellsNothing() async throws {
    try await withFeed { house, _, events in
      _ = try? await house.run(
        """
        with told as (select announce_seats('{5}', '{1}', '{0}', '{3}')) select 1 / 0 from told
        """)
      _ = try await house.held(["A1"], 1)
      #expect(await events.wait(for: 2) == [.began, Self.change(2, [(0, .held)])])
    }
  }

  @Test func aCutStreamBeginsAgain() async throws {
    try await withFeed { house, _, events in
      try await house.run(
        """
        select pg_terminate_backend(active_pid) from pg_replication_slots
         where slot_name = 'feed_' || current_database()
        """)
      #expect(await events.wait(for: 3) == [.began, .ended, .began])
      _ = try await house.held(["A1"], 1)
      #expect(await events.wait(for: 4).last == Self.change(2, [(0, .held)]))
    }
  }

  @Test func sweptHoldsAreTold() async throws {
    try await withFeed { house, _, events in
      let held = try await house.held(["A1"], 1)
      try await house.endHold(held.id, inSeconds: -6)
      let lanes = Lanes([LaneWorker(house.connection, house.shows, on: house.loop)])
      let sweeper = HoldSweeper(
        house.connection, lanes, on: house.loop, logger: Logger(label: "test"))
      sweeper.start()
      #expect(await events.wait(for: 3).last == Self.change(4, [(0, .available)]))
      sweeper.stop()
    }
  }
}
