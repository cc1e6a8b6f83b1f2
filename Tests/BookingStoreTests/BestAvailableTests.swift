// Seats chosen by the server: adjacent, one tier, near the best view, never across an aisle.

import Postgres
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

  /// Chosen under the lock: two workers, as two nodes would be, never choose the same seat, and nobody
  /// is told that there is none while there is.
  @Test func twoNodesNeverChooseTheSameSeats() async throws {
    try await House.run { house in
      let second = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let workers = [house.connection, second].map {
        LaneWorker($0, house.shows, on: house.loop)
      }
      let outcomes = try await withThrowingTaskGroup(of: (Int, SaleOutcome).self) { group in
        for id in 0..<30 {
          let count = id % 3 + 1
          let request = SaleRequest.hold(house.best(count, UInt64(id + 1)))
          group.addTask { (count, try await workers[id % 2].serve(request)) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      await second.close()
      let free = try await house.snapshot().seats.filter { $0.state == .available }.map(\.number)
      var chosen: [Int32] = []
      for (count, outcome) in outcomes {
        guard let record = outcome.record else {
          #expect(outcome == .refused(.noAdjacentSeats))
          #expect(!house.hasRun(of: count, in: free), "\(count) of \(house.labels(free))")
          continue
        }
        chosen += record.seatNumbers
        #expect(
          record.seatNumbers.count == count && house.hasRun(of: count, in: record.seatNumbers))
      }
      #expect(Set(chosen).count == chosen.count && chosen.count + free.count == 30)
      #expect(try await house.faults() == [])
    }
  }

  /// What a theatre's setting means for seats that are named and for those that are chosen.
  @Test(arguments: [
    (0, ["A3", "A4", "A5"], true), (1, ["A6", "A7", "A8"], true), (2, ["A6", "A7", "A8"], false),
  ])
  func theTheatreDecidesAboutSingleSeats(rule: Int, chosen: [String], mayStrand: Bool) async throws
  {
    try await House.run { house in
      try await house.run("update theatre set orphan_rule = \(rule)")
      _ = try await house.held(["A1"], 1)
      let best = try await house.hold([house.best(3, tier: "SILVER", 2)])[0]
      #expect(best.seats(in: house).map { $0.sorted() } == chosen)
      // Would leave B1 alone.
      let named = try await house.hold([house.request(["B2", "B3"], 3)])[0]
      #expect((named.record != nil) == mayStrand)
      if !mayStrand {
        let numbers = try house.details.layout.resolve(labels: ["B1"]).map(\.number)
        #expect(named == .refused(.strandsSeats(numbers)))
      }
      #expect(try await house.faults() == [])
    }
  }

  /// Either hold would leave nobody alone, both of them would: a node that has not heard of the first
  /// refuses the second all the same.
  @Test func aNodeThatIsBehindStrandsNobody() async throws {
    try await House.run { house in
      try await house.run("update theatre set orphan_rule = 2")
      let behind = SaleDesk(house.connection, house.shows, on: house.loop) { _ in }
      behind.setFeedLive(true)
      _ = try await behind.serve([.hold(house.request(["C6", "C7"], 1))], timeout: nil)
      _ = try await house.held(["B1", "B2"], 2)
      let second = SaleRequest.hold(try house.request(["B4", "B5"], 3))
      let numbers = try house.details.layout.resolve(labels: ["B3"]).map(\.number)
      #expect(
        try await behind.serve([second], timeout: nil) == [.refused(.strandsSeats(numbers))])
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

extension House {
  /// Whether so many of the seats are side by side and of one tier.
  fileprivate func hasRun(of count: Int, in numbers: [Int32]) -> Bool {
    let seats = numbers.compactMap { details.layout.seat(number: $0) }
    return seats.contains { first in
      (0..<Int32(count)).allSatisfy { step in
        seats.contains { $0.y == first.y && $0.x == first.x + step && $0.tier == first.tier }
      }
    }
  }
}
