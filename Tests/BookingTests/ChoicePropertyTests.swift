// Choices and judgements against `NaiveChoice`, over thousands of seeded halls: gaps in rows, rows
// that are missing, several tiers, all attributes, any fill, numbers in any order.

import Testing

@testable import Booking

@Suite struct ChoicePropertyTests {
  @Test func smallHalls() throws {
    for seed in 1...1500 as ClosedRange<UInt64> {
      try compare(seed: seed, columns: 9, lines: 4, fills: 2)
    }
  }

  @Test func hallsOfSeveralWords() throws {
    for seed in 1...15 as ClosedRange<UInt64> {
      try compare(seed: seed, columns: 40, lines: 9, fills: 3)
    }
  }

  /// One hall under several fills, so that what was worked out for one choice serves the next.
  private func compare(seed: UInt64, columns: Int32, lines: Int32, fills: Int) throws {
    var random = SplitMix(state: seed)
    let layout = try hall(columns: columns, lines: lines, using: &random)
    let best = BestAvailable(SeatRows(layout))
    for _ in 0..<fills {
      let percentage = [3, 20, 50, 80, 95, 100].randomElement(using: &random) ?? 50
      let free = Set(
        layout.seats.indices.filter { _ in Int.random(in: 0..<100, using: &random) < percentage })
      // Half the time some free seats are set aside.
      let kept = Bool.random(using: &random) ? 0 : 30
      let offered = free.sorted().filter { _ in Int.random(in: 0..<100, using: &random) >= kept }
      let naive = NaiveChoice(layout, free: free, offered: Set(offered))
      for rule in OrphanRule.allCases {
        compareChoice(best, naive, rule, "seed \(seed)", using: &random)
        compareJudgement(best, naive, rule, "seed \(seed)", using: &random)
      }
    }
  }

  private func compareChoice(
    _ best: BestAvailable, _ naive: NaiveChoice, _ rule: OrphanRule, _ note: Comment,
    using random: inout SplitMix
  ) {
    let layout = naive.layout
    let count = Int.random(in: 1...(Bool.random(using: &random) ? 3 : 10), using: &random)
    let tiers = Set(layout.tiers.filter { _ in Int.random(in: 0..<4, using: &random) > 0 })
    let allowSplit = Int.random(in: 0..<4, using: &random) > 0
    let free = SeatSet(naive.free, capacity: layout.seats.count)
    let offered = SeatSet(naive.offered, capacity: layout.seats.count)
    let chosen = best.choose(
      count: count, tiers: layout.tiers(named: tiers), free: free, offered: offered, rule: rule,
      allowSplit: allowSplit)
    let expected = naive.choose(count: count, tiers: tiers, rule: rule, allowSplit: allowSplit)
    #expect(chosen == expected, note)
    // What the server chooses of its own, a customer may name.
    guard let chosen, layout.areAdjacent(chosen.map { layout.seats[$0] }) else { return }
    #expect(
      best.rows.objections(toTaking: chosen, rule: rule, free: free, offered: offered).isEmpty,
      note)
  }

  private func compareJudgement(
    _ best: BestAvailable, _ naive: NaiveChoice, _ rule: OrphanRule, _ note: Comment,
    using random: inout SplitMix
  ) {
    guard let first = naive.free.sorted().randomElement(using: &random) else { return }
    var named = [first]
    while Int.random(in: 0..<3, using: &random) > 0, named.count < Limits.seatsPerBooking {
      let beside = best.rows.right[named[named.count - 1]]
      let other = naive.free.subtracting(named).sorted().randomElement(using: &random)
      if naive.free.contains(Int(beside)), !named.contains(Int(beside)) {
        named.append(Int(beside))
      } else if let other {
        named.append(other)
      }
    }
    let free = SeatSet(naive.free, capacity: naive.layout.seats.count)
    let offered = SeatSet(naive.offered, capacity: naive.layout.seats.count)
    #expect(
      best.rows.strandedSeats(taking: named, free: free) == naive.stranded(taking: named), note)
    #expect(
      best.rows.objections(toTaking: named, rule: rule, free: free, offered: offered)
        == naive.objections(toTaking: named, rule: rule), note)
  }

  private func hall(
    columns: Int32, lines: Int32, using random: inout SplitMix
  ) throws -> SeatLayout {
    let density = [60, 85, 95, 100].randomElement(using: &random) ?? 85
    let odd = [0, 5, 30].randomElement(using: &random) ?? 5
    let tierWidth = [3, 7, 100].randomElement(using: &random) ?? 7
    let missingLine = Int32.random(in: 0..<lines * 3, using: &random)
    var places = (0..<lines).flatMap { y in (0..<columns).map { (x: $0, y: y) } }
    places = places.filter {
      $0.y != missingLine && Int.random(in: 0..<100, using: &random) < density
    }
    if places.isEmpty { places = [(0, 0)] }
    if Bool.random(using: &random) { places.shuffle(using: &random) }
    let seats = places.enumerated().map { number, place in
      let isOdd = Int.random(in: 0..<100, using: &random) < odd
      return LayoutSeat(
        number: Int32(number), label: "\(number)", row: "R", x: place.x, y: place.y,
        tier: "T\((Int(place.x) + Int(place.y) / 2) / tierWidth)",
        attributes: isOdd
          ? SeatAttributes(rawValue: Int16.random(in: 0...15, using: &random)) : [])
    }
    // Halves of a step, so that there are ties.
    return try SeatLayout(
      columns: columns, lines: lines,
      focalPoint: FocalPoint(
        xHundredths: Int32.random(in: 0...columns * 2, using: &random) * 50,
        yHundredths: Int32.random(in: 0...lines * 2, using: &random) * 50),
      seats: seats)
  }
}
