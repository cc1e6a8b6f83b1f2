// Layouts: what is refused, how labels resolve, what is adjacent.

import Testing

@testable import Booking

private func seat(
  _ number: Int32, _ label: String, x: Int32, y: Int32, tier: String = "G"
) -> LayoutSeat {
  LayoutSeat(number: number, label: label, row: "A", x: x, y: y, tier: tier)
}

private func layout(_ seats: [LayoutSeat]) throws -> SeatLayout {
  try SeatLayout(
    columns: 20, lines: 10, focalPoint: FocalPoint(xHundredths: 950, yHundredths: 600),
    seats: seats)
}

@Suite struct SeatLayoutTests {
  @Test func labelsResolveInTheOrderAsked() throws {
    let layout = try layout([seat(2, "B", x: 1, y: 0), seat(1, "A", x: 0, y: 0)])
    #expect(try layout.resolve(labels: ["B", "A"]).map(\.number) == [2, 1])
    #expect(layout.seats.map(\.number) == [1, 2])
    #expect(layout.seat(number: 2)?.label == "B")
  }

  @Test func everyLabelAtFaultIsNamed() throws {
    let layout = try layout((0..<12).map { seat($0, "A\($0)", x: $0, y: 0) })
    #expect(throws: BookingError(.noSeats, "Name at least one seat.")) {
      try layout.resolve(labels: [])
    }
    #expect(throws: BookingError(.tooManySeats, "A booking has at most 10 seats.")) {
      try layout.resolve(labels: (0..<11).map { "A\($0)" })
    }
    #expect(
      throws: BookingError(.unknownSeats, "The show has no such seats.", subjects: ["X1", "a1"])
    ) {
      try layout.resolve(labels: ["A1", "X1", "a1"])
    }
    #expect(
      throws: BookingError(.duplicateSeats, "Name each seat once.", subjects: ["A1", "A2"])
    ) {
      try layout.resolve(labels: ["A1", "A2", "A1", "A2", "A1"])
    }
    #expect(try layout.resolve(labels: (0..<10).map { "A\($0)" }).count == 10)
  }

  @Test func adjacencyComesFromTheGrid() throws {
    // Printed 1, 2, 3; an aisle lies between 2 and 3.
    let layout = try layout([
      seat(1, "A1", x: 0, y: 0), seat(2, "A2", x: 1, y: 0), seat(3, "A3", x: 3, y: 0),
      seat(4, "B1", x: 2, y: 1),
    ])
    #expect(layout.areAdjacent(try layout.resolve(labels: ["A2", "A1"])))
    #expect(!layout.areAdjacent(try layout.resolve(labels: ["A2", "A3"])))
    #expect(!layout.areAdjacent(try layout.resolve(labels: ["A2", "B1"])))
    #expect(!layout.areAdjacent([]))
    let middle = try #require(layout.seat(label: "A2"))
    #expect(layout.neighbours(of: middle).map(\.label) == ["A1"])
  }

  @Test(arguments: [
    [],
    [seat(1, "A", x: 0, y: 0), seat(1, "B", x: 1, y: 0)],
    [seat(1, "A", x: 0, y: 0), seat(2, "A", x: 1, y: 0)],
    [seat(1, "A", x: 0, y: 0), seat(2, "B", x: 0, y: 0)],
    [seat(1, "A", x: 20, y: 0)],
    [seat(1, "A", x: 0, y: -1)],
    [seat(-1, "A", x: 0, y: 0)],
    [seat(1, "", x: 0, y: 0)],
    [seat(1, "A 1", x: 0, y: 0)],
    [seat(1, "A,1", x: 0, y: 0)],
    [seat(1, "A\u{7}", x: 0, y: 0)],
    [seat(1, "A1234567890123456", x: 0, y: 0)],
    [seat(1, "A", x: 0, y: 0, tier: "")],
    (0..<33).map { seat($0, "A\($0)", x: $0 % 20, y: $0 / 20, tier: "T\($0)") },
  ])
  func contradictionsAreRefused(seats: [LayoutSeat]) {
    #expect { try layout(seats) } throws: { ($0 as? BookingError)?.code == .invalidLayout }
  }
}

@Suite struct BookingStateTests {
  @Test func onlyTheStatedChangesAreAllowed() {
    #expect(BookingState.held.successors == [.confirmed, .released, .expired, .exchanged])
    #expect(BookingState.confirmed.successors == [.cancelled, .exchanged, .used])
    for final in [BookingState.released, .expired, .cancelled, .exchanged, .used] {
      #expect(final.successors.isEmpty)
    }
  }

  @Test func seatsFollowTheirBooking() {
    #expect(BookingState.held.seatState == .held)
    #expect(BookingState.confirmed.seatState == .sold)
    #expect(BookingState.used.seatState == .sold)
    #expect(BookingState.expired.seatState == nil)
  }
}
