// What is set aside for one partner: who may take it until when, and what the line gets.

import Testing

@testable import Booking

@Suite struct AllocationTests {
  /// One row of four, A1 to A4, with so much set aside.
  private func hall(
    _ allocations: [Allocation], lines: [String] = ["...."]
  ) throws -> WaitingHall {
    try WaitingHall(lines, allocations: allocations)
  }

  private func seats(
    _ numbers: Set<Int32>, for partnerID: Int64, until returnsAt: Int64 = .max
  ) -> Allocation {
    Allocation(id: 1, partnerID: partnerID, share: .seats(numbers), returnsAt: returnsAt)
  }

  private func numbers(_ hall: WaitingHall, _ labels: String...) throws -> Set<Int32> {
    Set(try hall.layout.resolve(labels: labels).map(\.number))
  }

  @Test func onlyItsPartnerTakesWhatIsSetAside() throws {
    let plain = try hall([])
    let two = try numbers(plain, "A1", "A2")
    let hall = try hall([seats(two, for: 2)])
    #expect(
      hall.ask(try hall.hold("A2", "A3"))
        == .refused(.seatsAllocated(Array(try numbers(plain, "A2")))))
    #expect(hall.ask(try hall.hold("A3")).record != nil)
    #expect(hall.ask(try hall.hold("A2", partner: 2)).record != nil)
    // Nobody's any more: taken is taken.
    guard case .refused(.seatsUnavailable) = hall.ask(try hall.hold("A2")) else {
      return #expect(Bool(false), "a seat that is held is told as set aside")
    }
  }

  @Test func atItsTimeItIsAnybodysAndTheDecisionSaysSo() throws {
    let plain = try hall([])
    let end = plain.now + 1_000
    let hall = try hall([seats(try numbers(plain, "A1"), for: 2, until: end)])
    hall.now = end - 1
    var moment = Moment(hall.now)
    guard case .refused(.seatsAllocated) = hall.ledger.decide(try hall.hold("A1"), &moment) else {
      return #expect(Bool(false), "what is set aside is sold")
    }
    #expect(moment.validUntil == end)
    hall.now = end
    #expect(hall.ask(try hall.hold("A1")).record != nil)
  }

  @Test func bestSeatsAreChosenAroundIt() throws {
    let plain = try hall([])
    let hall = try hall([seats(try numbers(plain, "A2", "A3"), for: 2)])
    #expect(hall.ask(hall.best(2)) == .refused(.noAdjacentSeats))
    #expect(hall.ask(hall.best(2, partner: 2)).record != nil)
  }

  /// Two of the four for partner 2: others get two, and it still two.
  @Test func aQuotaLeavesSoManyWhicheverTheyAre() throws {
    let tier = try hall([]).layout.tiers[0]
    let quota = Allocation(
      id: 1, partnerID: 2, share: .quota(tier: tier, count: 2), returnsAt: .max)
    let hall = try hall([quota])
    guard case .refused(.seatsAllocated(let refused)) = hall.ask(try hall.hold("A1", "A2", "A3"))
    else { return #expect(Bool(false), "three of four are sold") }
    #expect(refused.count == 1)
    #expect(hall.ask(try hall.hold("A1", "A2")).record != nil)
    #expect(hall.ask(hall.best(1)) == .refused(.noAdjacentSeats))
    let own = try #require(hall.ask(try hall.hold("A3", partner: 2)).record)
    guard case .refused(.seatsAllocated) = hall.ask(try hall.hold("A4")) else {
      return #expect(Bool(false), "what the partner still may have is sold")
    }
    #expect(hall.ask(try hall.hold("A4", partner: 2)).record != nil)
    _ = own
  }

  /// A line does not keep a partner from its own seats, nor does it get them before they return.
  @Test func aLineWaitsForWhatReturns() throws {
    let plain = try hall([])
    let end = plain.now + 1_000_000
    let hall = try hall([seats(try numbers(plain, "A1", "A2"), for: 2, until: end)])
    _ = hall.ask(try hall.hold("A3", "A4"))
    #expect(hall.ask(hall.join(1, 1)) == .inLine)
    #expect(hall.line == [1])
    #expect(hall.ask(try hall.hold("A1")) == .refused(.reservedForWaiting))
    #expect(hall.ask(try hall.hold("A1", partner: 2)).record != nil)
    #expect(hall.line == [1])
    hall.now = end
    hall.ask(.sweep(lane: 3, showID: 7))
    #expect(hall.offers == ["A2"] && hall.line == [])
  }
}
