// Cancelling some seats of a booking, and what is given back.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct CancelSeatsTests {
  private func sold(_ house: House, _ labels: [String], _ id: UInt64) async throws -> BookingRecord
  {
    let held = try await house.held(labels, id, customer: "ann")
    let outcome = try await house.change(.confirm, held.id, id + 1, payment: "p")
    return try #require(outcome.record)
  }

  @Test func someSeatsAreCancelledAndTheirPriceIsGivenBack() async throws {
    try await House.run { house in
      // Dearest first, the third at half price: B1 15.00, B2 15.00, A1 5.00.
      let sale = try await sold(house, ["B1", "B2", "A1"], 1)
      #expect(house.labels(sale.seatNumbers) == ["B1", "B2", "A1"])
      let less = try #require(try await house.change(.cancel, sale.id, 3, seats: ["A1"]).record)
      #expect(less.state == .confirmed && house.labels(less.seatsLeft) == ["B1", "B2"])
      #expect(less.refund?.amount.minorUnits == 500)
      #expect(try await house.seats(.sold) == ["B1", "B2"])
      #expect(try await house.faults() == [])
      // The seat is anyone's, and the customer's cap has room for it.
      _ = try await house.held(["A1"], 4)
      let rest = try #require(try await house.change(.cancel, sale.id, 5).record)
      #expect(rest.state == .cancelled && rest.refund?.amount.minorUnits == 3_000)
      #expect(house.labels(rest.seatsLeft) == ["B1", "B2"])
      #expect(try await house.seats(.sold) == [])
      #expect(try await house.seats(.held) == ["A1"])
      let refunds = try await BookingLookup(house.connection).refunds(of: sale.id)
      #expect(refunds.map(\.amount.minorUnits) == [500, 3_000])
      #expect(try await house.faults() == [])
    }
  }

  @Test func earlierAnswersAreRepeatedAsTheyWere() async throws {
    try await House.run { house in
      let sale = try await sold(house, ["B1", "B2", "B3"], 1)
      let first = try await house.change(.cancel, sale.id, 3, seats: ["B2"])
      let second = try await house.change(.cancel, sale.id, 4, seats: ["B3"])
      #expect(second.record.map { house.labels($0.seatsLeft) } == ["B1"])
      #expect(try await house.change(.cancel, sale.id, 3, seats: ["B2"]) == first)
      #expect(try await house.change(.cancel, sale.id, 4, seats: ["B3"]) == second)
      let confirmed = try await house.change(.confirm, sale.id, 2, payment: "p")
      #expect(confirmed.record?.cancelledSeats == [] && confirmed.record?.refund == nil)
      #expect(
        try await house.change(.cancel, sale.id, 3, seats: ["B1"]) == .refused(.requestIDReused))
      #expect(
        try await house.change(.cancel, sale.id, 5, seats: ["B2", "B1"])
          == .refused(.seatsNotInBooking(["B2"])))
      #expect(
        try await house.change(.cancel, sale.id, 6, seats: ["A9", "Z1"])
          == .refused(.seatsNotInBooking(["A9", "Z1"])))
      #expect(try await house.seats(.sold) == ["B1"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func whatWasCancelledDoesNotCountForTheCap() async throws {
    try await House.run { house in
      try await house.run("update theatre set seats_per_customer = 3")
      let sale = try await sold(house, ["B1", "B2", "A1"], 1)
      let more = try house.request(["C5"], 3, customer: "ann")
      #expect(try await house.hold([more]) == [.refused(.holdLimitExceeded)])
      _ = try await house.change(.cancel, sale.id, 4, seats: ["A1"])
      let outcomes = try await house.hold([
        house.request(["C5"], 5, customer: "ann"), house.request(["C6"], 6, customer: "ann"),
      ])
      #expect(outcomes[0].record != nil && outcomes[1] == .refused(.holdLimitExceeded))
    }
  }

  @Test(arguments: [
    ("refund_basis_points = 5000", Int64(751)), ("refund_basis_points = 0", 0),
    // The show is tomorrow evening.
    ("refund_minutes_before = 10", 1_501), ("refund_minutes_before = 4000", 0),
  ])
  func theTheatresPolicyDecides(policy: String, amount: Int64) async throws {
    try await House.run { house in
      try await house.run(
        "update show_price set minor_units = 1501 where show_id = 1 and tier = 'GOLD'")
      let sale = try await sold(house, ["B1", "B2"], 1)
      // Terms that change count from the next cancellation on.
      try await house.run("update theatre set \(policy) where theatre_id = 1")
      let less = try await house.change(.cancel, sale.id, 3, seats: ["B2"])
      #expect(less.record?.refund?.amount.minorUnits == amount)
      #expect(try await house.faults() == [])
    }
  }

  @Test func nothingIsGivenBackOnceTheShowHasBegun() async throws {
    try await House.run { house in
      let sale = try await sold(house, ["B1"], 1)
      try await house.run(
        "update show set during = tstzrange(now() - interval '1 min', now() + interval '1 h')"
          + " where show_id = 1")
      let cancelled = try await house.change(.cancel, sale.id, 3)
      #expect(cancelled.state == .cancelled && cancelled.record?.refund?.amount.minorUnits == 0)
      #expect(try await house.faults() == [])
    }
  }
}
