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

  /// Behind a party of partner 1, who cannot have them, seats of partner 2 go to its parties in their
  /// order, also to who comes last: two are free for those that want three, one, and one.
  @Test(arguments: [true, false])
  func whatIsSetAsideGoesToItsPartnersPartiesBehindOthers(isQuota: Bool) throws {
    let plain = try hall([])
    let share: Allocation =
      isQuota ? quota(plain, 2, for: 2, id: 1) : seats(try numbers(plain, "A1", "A2"), for: 2)
    let hall = try hall([share])
    let others = try #require(hall.ask(try hall.hold("A3", "A4")).record)
    #expect(hall.ask(hall.join(1, 2)) == .inLine)
    // Three are more than are its own: it waits, and its partner's next with it.
    #expect(hall.ask(hall.join(2, 3, partner: 2)) == .inLine)
    #expect(hall.ask(hall.join(3, 1, partner: 2)) == .inLine)
    #expect(hall.ask(try hall.hold("A1", partner: 2)) == .refused(.reservedForWaiting))
    #expect(hall.line == [1, 2, 3])
    hall.ask(
      .endWaits(lane: 3, showID: 7, [WaitEnd(hall.identity(1_000_002, partner: 2).key, .left)]))
    #expect(hall.line == [1] && hall.offers.count == 1)
    #expect(hall.ask(hall.join(4, 1, partner: 2)) == .inLine)
    #expect(hall.line == [1] && hall.offers.count == 1)
    // Nothing of it was what the first waited for.
    hall.ask(hall.change(.release, others.id))
    #expect(hall.line == [] && hall.offers == ["A3 A4"])
  }

  // MARK: Quotas

  private func quota(
    _ hall: WaitingHall, _ count: Int, for partnerID: Int64, id: Int64
  ) -> Allocation {
    Allocation(
      id: id, partnerID: partnerID,
      share: .quota(tier: hall.layout.tiers.first ?? "", count: count), returnsAt: .max)
  }

  /// Two and one for partner 2 are three in all, of which it takes one: two are left for it.
  @Test func quotasOfOnePartnerAddUp() throws {
    let plain = try hall([])
    let hall = try hall([quota(plain, 2, for: 2, id: 1), quota(plain, 1, for: 2, id: 2)])
    #expect(hall.ask(try hall.hold("A1", partner: 2)).record != nil)
    #expect(hall.ask(try hall.hold("A2")).record != nil)
    guard case .refused(.seatsAllocated) = hall.ask(try hall.hold("A3")) else {
      return #expect(Bool(false), "what is taken once counts twice")
    }
    #expect(hall.ask(try hall.hold("A3", "A4", partner: 2)).record != nil)
  }

  @Test func namedSeatsAreNoneOfTheSamePartnersQuota() throws {
    let plain = try hall([])
    let hall = try hall([
      seats(try numbers(plain, "A1", "A2"), for: 2), quota(plain, 1, for: 2, id: 2),
    ])
    #expect(hall.ask(try hall.hold("A1", "A2", partner: 2)).record != nil)
    guard case .refused(.seatsAllocated) = hall.ask(try hall.hold("A3", "A4")) else {
      return #expect(Bool(false), "named seats are taken for the quota")
    }
    #expect(hall.ask(try hall.hold("A3")).record != nil)
  }

  @Test func namedSeatsAreTheirPartnersWhateverQuotasOthersHave() throws {
    let plain = try hall([])
    let allocations = [
      seats(try numbers(plain, "A1", "A2"), for: 2), quota(plain, 2, for: 3, id: 2),
    ]
    let named = try hall(allocations)
    #expect(named.ask(try named.hold("A1", "A2", partner: 2)).record != nil)
    let best = try hall(allocations)
    #expect(best.ask(best.best(2, partner: 2)).record?.seatNumbers.count == 2)
    guard case .refused(.seatsAllocated) = best.ask(try best.hold("A3", partner: 2)) else {
      return #expect(Bool(false), "a quota is another's")
    }
    #expect(best.ask(try best.hold("A3", "A4", partner: 3)).record != nil)
  }

  /// Three for partner 2 and three for partner 3, of four: who came first has its three.
  @Test func quotasOfMoreThanThereIsAreKeptInTheirOrder() throws {
    let plain = try hall([])
    let hall = try hall([quota(plain, 3, for: 3, id: 2), quota(plain, 3, for: 2, id: 1)])
    guard case .refused(.seatsAllocated) = hall.ask(try hall.hold("A1", "A2", partner: 3)) else {
      return #expect(Bool(false), "who came first keeps its quota")
    }
    #expect(hall.ask(hall.best(4, partner: 2)) == .refused(.noAdjacentSeats))
    #expect(hall.ask(try hall.hold("A1", "A2", "A3", partner: 2)).record != nil)
    #expect(hall.ask(hall.best(1)) == .refused(.noAdjacentSeats))
    #expect(hall.ask(hall.best(1, partner: 3)).record != nil)
  }

  // MARK: Hope

  /// Seats of others are no hope, also when they are free or held.
  @Test func nobodyWaitsForWhatOthersHaveSetAside() throws {
    let plain = try hall([])
    let tier = plain.layout.tiers[0]
    for share in [
      Allocation.Share.seats(try numbers(plain, "A1", "A2")), .quota(tier: tier, count: 2),
    ] {
      let hall = try hall([Allocation(id: 1, partnerID: 2, share: share, returnsAt: .max)])
      let own = try #require(hall.ask(try hall.hold("A1", partner: 2)).record)
      _ = hall.ask(try hall.hold("A3"))
      #expect(hall.ask(hall.join(1, 3)) == .refused(.waitIsHopeless))
      #expect(hall.ask(hall.join(2, 2, tier: tier)) == .inLine)
      #expect(hall.line == [2])
      hall.ask(.change(ChangeRequest(.confirm, hall.identity(90, partner: 2), bookingID: own.id)))
      #expect(hall.line == [2])
    }
  }

  /// A show of which something is set aside when somebody waits for it already.
  @Test func whoHasNoHopeAnyMoreKeepsNobodyFromWhatIsFree() throws {
    let plain = try hall([])
    plain.ask(try plain.hold("A4"))
    plain.ask(plain.join(1, 4))
    let queue = plain.ledger.queue
    let late = try WaitingHall(
      ["...."], queue: queue, allocations: [seats(try numbers(plain, "A1"), for: 2)])
    #expect(late.line == [1])
    #expect(late.ask(try late.hold("A3")).record != nil)
    #expect(late.writes.waits.map(\.entry.state) == [.hopeless])
  }

  // MARK: Single seats

  /// Of two rows, A1 A2 and B1, the last is another's: A1 leaves A2 alone, but there is no choice.
  @Test func nothingElseIsLeftWhereTheRestIsOthers() throws {
    let rows = ["..", "."]
    let last = try numbers(hall([], lines: rows), "B1")
    for (partner, isRefused) in [(Int64(1), false), (2, true)] {
      let hall = try WaitingHall(rows, allocations: [seats(last, for: 2)], rule: .forbid)
      let decision = hall.ask(try hall.hold("A1", partner: partner))
      let alone = try numbers(hall, "A2")
      let refused = SaleDecision.refused(.strandsSeats(Array(alone)))
      #expect(isRefused ? decision == refused : decision.record != nil)
    }
  }

  /// A2 has A3 beside it, though that is another's: A1 leaves nobody alone, A2 would leave A1.
  @Test(arguments: [OrphanRule.prefer, .forbid])
  func whatIsSetAsideIsCompany(rule: OrphanRule) throws {
    let last = try numbers(hall([]), "A3")
    func room() throws -> WaitingHall {
      try WaitingHall(["..."], allocations: [seats(last, for: 2)], rule: rule)
    }
    let best = try room()
    #expect(best.ask(best.best(1)).record.map(best.labels) == "A1")
    let named = try room()
    #expect(named.ask(try named.hold("A1")).record != nil)
  }
}
