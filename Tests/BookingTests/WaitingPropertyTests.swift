// The waiting list under seeded random histories: joining, leaving, holding, paying, giving back,
// ends of holds, in batches. After every batch the order of arrival is intact.

import Testing

@testable import Booking

@Suite struct WaitingPropertyTests {
  @Test func anyHistoryServesInOrderOfArrival() throws {
    var servedCount = 0
    var waitedCount = 0
    for seed in 1...80 as ClosedRange<UInt64> {
      var history = try WaitingHistory(seed: seed)
      for _ in 0..<40 { try history.step() }
      servedCount += history.served.count
      waitedCount += history.waitedCount
    }
    // Were nobody ever kept waiting or served, nothing would have been tested.
    #expect(servedCount > 100)
    #expect(waitedCount > 100)
  }
}

private struct WaitingHistory {
  private let hall: WaitingHall
  private var random: SplitMix
  private let seed: UInt64
  private var nextParty: UInt64 = 0
  /// Arrivals in the order in which they were served.
  private(set) var served: [Int64] = []
  private(set) var waitedCount = 0

  init(seed: UInt64) throws {
    self.seed = seed
    random = SplitMix(state: seed)
    hall = try WaitingHall(["ooxoo", "oWCvo"], tiers: ["GGGSS", "GGSSS"])
  }

  mutating func step() throws {
    if Int.random(in: 0..<10, using: &random) == 0 {
      hall.now += Int64.random(in: 1...400, using: &random) * 1_000_000
    }
    let count = Int.random(in: 1...4, using: &random)
    var requests: [SaleRequest] = []
    for _ in 0..<count { requests.append(try request()) }
    let before = hall.line
    let decisions = hall.batch(requests)
    waitedCount += hall.line.count
    check(requests, decisions, before)
  }

  private mutating func request() throws -> SaleRequest {
    let bookings = hall.ledger.live.values.sorted { $0.id.description < $1.id.description }
    let some = bookings.randomElement(using: &random)?.id
    switch (Int.random(in: 0..<10, using: &random), some) {
    case (0...2, _):
      nextParty += 1
      let tier = ["", "", "G", "S"].randomElement(using: &random) ?? ""
      return hall.join(nextParty, Int.random(in: 1...4, using: &random), tier: tier)
    case (3, _):
      let party = UInt64.random(in: 1...max(1, nextParty), using: &random)
      return hall.end(party, [.left, .lost, .timedOut].randomElement(using: &random) ?? .left)
    case (4, let id?): return hall.change(.confirm, id)
    case (5...6, let id?): return hall.change(.release, id)
    case (7, let id?): return hall.change(.cancel, id)
    case (8, _): return .sweep(lane: 3, showID: 7)
    case (9, let id?) where Bool.random(using: &random): return try hall.exchange(id, seat())
    default: return try hall.hold(seat())
    }
  }

  private mutating func seat() -> String {
    hall.layout.seats.randomElement(using: &random)?.label ?? "A1"
  }

  private mutating func check(
    _ requests: [SaleRequest], _ decisions: [SaleDecision], _ before: [UInt64]
  ) {
    let note: Comment = "seed \(seed)"
    let gone = hall.writes.waits.map(\.entry).filter { $0.state != .waiting }
    // Served strictly by arrival, across all batches.
    let now = gone.filter { $0.state == .served }.map(\.arrival).sorted()
    #expect(now.first.map { $0 > served.last ?? 0 } ?? true, note)
    served += now
    // Nobody who waits came before anybody who was served.
    let first = hall.ledger.queue.parties.first?.arrival ?? .max
    #expect(first > served.last ?? 0, note)
    #expect(
      hall.ledger.queue.parties.map(\.arrival).sorted() == hall.ledger.queue.parties.map(\.arrival),
      note)
    for entry in gone where entry.state == .served { checkOffer(entry, note) }
    checkWaiting(note)
    // Whoever was there before and is there no longer is accounted for.
    let left = Set(before).subtracting(hall.line)
    #expect(left.isSubset(of: gone.map { $0.key.requestID.low - 1_000_000 }), note)
  }

  private func checkOffer(_ entry: WaitEntry, _ note: Comment) {
    guard
      let record = hall.writes.bookings.first(where: { $0.record.id == entry.request.bookingID })?
        .record
    else {
      Issue.record("an offer without a booking, seed \(seed)")
      return
    }
    #expect(Set(record.seatNumbers).count == entry.request.count, note)
    let tiers = Set(record.seatNumbers.compactMap { hall.layout.seat(number: $0)?.tier })
    #expect(entry.request.tier.isEmpty || tiers == [entry.request.tier], note)
  }

  private func checkWaiting(_ note: Comment) {
    func count(_ tier: String, _ states: Set<SeatState>) -> Int {
      hall.layout.seats.indices.count { index in
        states.contains(hall.ledger.state(at: index))
          && (tier.isEmpty || hall.layout.seats[index].tier == tier)
      }
    }
    for (position, party) in hall.ledger.queue.parties.enumerated() {
      let wanted = party.request.count
      #expect(count(party.request.tier, [.available, .held]) >= wanted, note)
      if position == 0 { #expect(count(party.request.tier, [.available]) < wanted, note) }
    }
    let seatCount = hall.ledger.live.values.reduce(0) { $0 + $1.seatNumbers.count }
    #expect(seatCount == count("", [.held, .sold]), note)
  }
}
