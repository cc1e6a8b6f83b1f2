// The directory of shows: read once, shared by those who ask together, read again when told.

import Postgres
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
