// The directory of shows: read once, shared by those who ask together, read again when told.

import Postgres
import Reactor
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct ShowDirectoryTests {
  @Test func aShowIsReadOnceUntilItIsForgotten() async throws {
    try await House.run { house in
      let directory = ShowDirectory(CatalogStore(house.connection), on: house.loop)
      #expect(try await directory.show(id: 1)?.prices.version == 1)
      try await house.run("update show set pricing_version = 2 where show_id = 1")
      #expect(try await directory.show(id: 1)?.prices.version == 1)
      directory.forget(id: 1)
      #expect(try await directory.show(id: 1)?.prices.version == 2)
    }
  }

  @Test func aShowIsReadAgainWhenItsTheatreAndMovieHaveChanged() async throws {
    try await House.run { house in
      let directory = ShowDirectory(CatalogStore(house.connection), on: house.loop)
      func version() async throws -> Int32? { try await directory.show(id: 1)?.prices.version }
      let change = CatalogueChange(.shows, cityID: 1, theatreID: 1, movieID: 1)
      #expect(try await version() == 1)
      try await house.run("update show set pricing_version = 2 where show_id = 1")
      for other in [
        CatalogueChange(.shows, cityID: 1, theatreID: 1, movieID: 2),
        CatalogueChange(.shows, cityID: 1, theatreID: 2, movieID: 1), CatalogueChange(.movies),
      ] {
        directory.note(other)
        #expect(try await version() == 1)
      }
      directory.note(change)
      #expect(try await version() == 2)
      // The commit that was told of may have become visible only now.
      try await house.run("update show set pricing_version = 3 where show_id = 1")
      #expect(try await version() == 2)
      while try await version() != 3 { await Task.yield() }
    }
  }

  @Test func callersAtTheSameTimeShareOneReading() async throws {
    try await House.run { house in
      let directory = ShowDirectory(CatalogStore(house.connection), on: house.loop)
      let seats = try await withThrowingTaskGroup(of: Int?.self) { group in
        for _ in 0..<50 {
          group.addTask { try await directory.show(id: 3)?.layout.seats.count }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(seats.count == 50 && seats.allSatisfy { $0 == 30 })
    }
  }

  /// What a show has of a layout is the layout's, and goes with it.
  @Test func aShowIsKeptAsLongAsItsLayout() async throws {
    try await House.run { house in
      let (shelf, now) = (Shelf(layoutSeatLimit: 40), house.loop.now)
      let catalog = CatalogStore(house.connection)
      func keep(_ id: Int64) async throws -> LayoutKey {
        let details = try #require(try await catalog.show(id: id))
        let key = LayoutKey(
          auditoriumID: details.show.auditoriumID, version: details.show.layoutVersion)
        shelf.finish(key, .success(details.layout))
        shelf.finish(id, .success(details), now: now)
        return key
      }
      let first = try await keep(1)
      #expect(try await keep(3) == first)
      #expect(shelf.show(id: 1, now: now) != nil && shelf.show(id: 3, now: now) != nil)
      let second = try await keep(2)
      #expect(Array(shelf.layouts.keys) == [second])
      #expect(shelf.show(id: 2, now: now) != nil)
      for id in [Int64(1), 3] { #expect(shelf.show(id: id, now: now) == nil) }
      // One whose layout has gone meanwhile.
      shelf.finish(1, .success(try await catalog.show(id: 1)), now: now)
      #expect(shelf.show(id: 1, now: now) == nil)
    }
  }

  @Test func anUnknownShowIsNotKept() async throws {
    try await House.run { house in
      let directory = ShowDirectory(CatalogStore(house.connection), on: house.loop)
      let missing = try await directory.show(id: 4)
      #expect(missing?.show.id == nil)
      try await house.run(
        """
        select create_show(2, 1::smallint, 1, '', 'nl', '2D', now() + interval '90 days',
                           now() + interval '91 days', 'EUR', '{GOLD,SILVER}', '{1,1}')
        """)
      let found = try await directory.show(id: 4)
      #expect(found?.show.id == 4)
    }
  }
}
