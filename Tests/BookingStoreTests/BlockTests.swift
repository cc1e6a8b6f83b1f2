// Withdrawn seats against PostgreSQL: changes of seats like any other, with a version, a message and a
// reason, once per request, and never of seats that somebody has.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

extension House {
  fileprivate func block(
    _ labels: [String], _ id: UInt64, back: Bool = false, reason: String = ""
  ) throws -> SaleRequest {
    .block(
      BlockRequest(
        identity(id, body: "\(labels) \(back)"), actorKeyID: 1, actor: "ours",
        lane: details.show.lane, showID: 1,
        seatNumbers: try details.layout.resolve(labels: labels).map(\.number), isBlock: !back,
        reason: reason))
  }

  fileprivate func blocked() async throws -> [[String]] {
    let acts = try await SeatMapStore(connection).blocked(lane: details.show.lane, showID: 1)
    return acts.map { [$0.reason] + labels($0.seatNumbers) }
  }
}

@Suite struct BlockTests {
  @Test func withdrawnSeatsAreNobodysUntilTheyAreGivenBack() async throws {
    try await House.run { house in
      let first = try await house.serve([
        house.block(["A1", "A2", "B1"], 1, reason: "broken chairs")
      ])
      #expect(first == [.seatsChanged(version: 2)])
      #expect(try await house.seats(.blocked) == ["A1", "A2", "B1"])
      let refused = try await house.hold([house.request(["A2", "A3"], 2)])[0]
      #expect(refused.lost?.map(\.state) == [.blocked])
      #expect(try await house.blocked() == [["broken chairs", "A1", "A2", "B1"]])
      // Some of them, and then another act's.
      #expect(
        try await house.serve([house.block(["A2"], 3, back: true)]) == [.seatsChanged(version: 3)])
      #expect(try await house.serve([house.block(["C5"], 4)]) == [.seatsChanged(version: 4)])
      #expect(try await house.blocked() == [["", "C5"], ["broken chairs", "A1", "B1"]])
      #expect(try await house.held(["A2"], 5).state == .held)
      #expect(try await house.faults() == [])
      #expect(try await house.snapshot().version == 5)
    }
  }

  @Test func seatsThatSomebodyHasAreNotWithdrawnAndOthersNotGivenBack() async throws {
    try await House.run { house in
      _ = try await house.held(["A1"], 1)
      _ = try await house.sold(["A2"], 2)
      let taken = try await house.serve([house.block(["A1", "A2", "A3"], 3)])[0]
      #expect(taken.lost?.map(\.state) == [.held, .sold])
      let back = try await house.serve([house.block(["A1", "A3"], 4, back: true)])[0]
      let numbers = try house.details.layout.resolve(labels: ["A1", "A3"]).map(\.number)
      #expect(back == .refused(.seatsNotBlocked(numbers)))
      #expect(try await house.seats(.blocked) == [])
      #expect(try await house.faults() == [])
    }
  }

  /// Also after the seats were given back, on a node that has never heard of it, and in one batch.
  @Test func aRequestHasItsEffectOnce() async throws {
    try await House.run { house in
      let request = try house.block(["A1"], 1)
      let twice = try await house.serve([request, request])
      #expect(twice == [.seatsChanged(version: 2), .seatsChanged(version: 2)])
      #expect(
        try await house.serve([house.block(["A1"], 2, back: true)]) == [.seatsChanged(version: 3)])
      #expect(try await house.serve([request]) == [.seatsChanged(version: 2)])
      let cold = SaleDesk(house.connection, house.shows, on: house.loop) { _ in }
      #expect(try await cold.serve([request], timeout: nil) == [.seatsChanged(version: 2)])
      #expect(
        try await house.serve([house.block(["A2"], 1)]) == [.refused(.requestIDReused)])
      #expect(try await house.hold([house.request(["A2"], 1)]) == [.refused(.requestIDReused)])
      let bookings = BookingLookup(house.connection)
      #expect(try await bookings.fence(house.identity(1)) == .ranWithoutBooking)
      _ = try await bookings.fence(house.identity(9))
      #expect(
        try await house.serve([house.block(["A2"], 9)]) == [.refused(.requestFenced)])
      #expect(try await house.seats(.blocked) == [])
      #expect(try await house.faults() == [])
    }
  }

  /// Withdrawn, given back and withdrawn in one batch with sales: one version, and the last act counts.
  @Test func actsOfOneBatchAreOneVersion() async throws {
    try await House.run { house in
      let outcomes = try await house.serve([
        house.block(["A1", "A2"], 1), .hold(house.request(["A3"], 2)),
        house.block(["A1"], 3, back: true), house.block(["A1"], 4),
        house.block(["A2"], 5, back: true),
      ])
      #expect(outcomes.count { $0 == .seatsChanged(version: 2) } == 4)
      #expect(outcomes[1].seats(in: house) == ["A3"])
      #expect(try await house.seats(.blocked) == ["A1"])
      #expect(try await house.faults() == [])
    }
  }

  @Test(arguments: [
    ("withdrawn_seat_on_sale", "update show_seat set state = 1 where show_id = 1 and seat_no = 0"),
    ("returned_seat_withdrawn", "update show_seat set state = 4 where show_id = 1 and seat_no = 1"),
    ("block_without_request", "delete from request_log"),
    ("version_gap", "delete from seat_block"),
  ])
  func theVerifierFindsWhatContradictsTheActs(fault: String, plant: String) async throws {
    try await House.run { house in
      _ = try await house.serve([house.block(["A1", "A2"], 1)])
      _ = try await house.serve([house.block(["A2"], 2, back: true)])
      #expect(try await house.faults() == [])
      try await house.run(plant)
      #expect(try await house.faults().contains(fault))
    }
  }

  /// What is withdrawn is no hope for who waits; what is given back is theirs first.
  @Test func theLineIsToldOfWithdrawnSeatsAndGetsThoseGivenBack() async throws {
    try await House.run { house in
      let all = house.details.layout.seats.map(\.label)
      for (index, label) in all.enumerated() where index > 1 {
        _ = try await house.sold([label], UInt64(index))
      }
      _ = try await house.serve([house.block(["A1"], 1_000)])
      let wait = { (id: UInt64, count: Int) in
        SaleRequest.join(
          WaitRequest(
            identity: house.identity(id), bookingID: house.newBookingID(), showID: 1, count: count))
      }
      let held = try await house.held(["A2"], 1_001)
      #expect(try await house.serve([wait(1_002, 1)]) == [.inLine])
      #expect(try await house.serve([wait(1_003, 2)]) == [.refused(.waitIsHopeless)])
      #expect(
        try await house.serve([house.block(["A1"], 1_004, back: true)])
          == [.seatsChanged(version: try await house.snapshot().version)])
      // It went to the first in line at once, and so was never on sale.
      #expect(try await house.seats(.held).sorted() == ["A1", "A2"])
      #expect(try await house.seats(.available) == [])
      _ = held
      #expect(try await house.faults() == [])
    }
  }
}
