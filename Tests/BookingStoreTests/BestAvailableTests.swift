// Seats chosen by the server: adjacent, one tier, near the best view, never across an aisle.

import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct BestAvailableTests {
  @Test func theBestSeatsAreNearTheFocalPoint() async throws {
    try await House.run { house in
      let outcomes = try await house.hold([
        house.best(2, 1), house.best(2, 2), house.best(1, tier: "SILVER", 3),
      ])
      // Row C on either side of the aisle is equally near; the left side comes first.
      #expect(outcomes[0].seats(in: house) == ["C4", "C5"])
      #expect(outcomes[1].seats(in: house) == ["C6", "C7"])
      #expect(outcomes[2].seats(in: house) == ["A5"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func anAisleAndATakenSeatBreakARun() async throws {
    try await House.run { house in
      _ = try await house.held(["C8", "B8", "B3"], 1)
      let outcomes = try await house.hold([
        house.best(5, tier: "GOLD", 2), house.best(6, tier: "GOLD", 3),
      ])
      // Only row C on the left has five together, and two of them are set aside for wheelchairs.
      #expect(outcomes[0].seats(in: house) == ["C1", "C2", "C3", "C4", "C5"])
      #expect(outcomes[1] == .refused(.noAdjacentSeats))
    }
  }

  @Test func wheelchairPlacesAreTakenLast() async throws {
    try await House.run { house in
      // All of GOLD but C1, C2 and B1, B2.
      let rest = house.details.layout.seats.filter { $0.tier == "GOLD" }.map(\.label)
        .filter { !["C1", "C2", "B1", "B2"].contains($0) }
      _ = try await house.hold([
        house.request(Array(rest.prefix(8)), 1), house.request(Array(rest.dropFirst(8)), 2),
      ])
      let outcomes = try await house.hold([
        house.best(2, tier: "GOLD", 3), house.best(2, tier: "GOLD", 4),
        house.best(2, tier: "GOLD", 5),
      ])
      #expect(outcomes[0].seats(in: house) == ["B1", "B2"])
      #expect(outcomes[1].seats(in: house) == ["C1", "C2"])
      #expect(outcomes[2] == .refused(.noAdjacentSeats))
    }
  }

  @Test func aChosenRunIsOfOneTierAndPricedAsSuch() async throws {
    try await House.run { house in
      let record = try #require(try await house.hold([house.best(3, tier: "SILVER", 1)])[0].record)
      #expect(record.quote.total.minorUnits == 1_000 + 1_000 + 500)
      let labels = house.labels(record.seatNumbers)
      #expect(labels == labels.sorted() && labels.allSatisfy { $0.hasPrefix("A") })
    }
  }

  @Test func expiredHoldsMayBeChosen() async throws {
    try await House.run { house in
      let old = try await house.held(["C4", "C5"], 1)
      try await house.endHold(old.id, inSeconds: -6)
      #expect(try await house.hold([house.best(2, 2)])[0].seats(in: house) == ["C4", "C5"])
      #expect(try await house.faults() == [])
    }
  }
}
