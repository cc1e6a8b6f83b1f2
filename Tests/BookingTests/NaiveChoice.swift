// The rules of choosing seats said as plainly as they can be: every possible choice is written
// down with its key and the least is taken. Slow, and shares nothing with what it judges.

@testable import Booking

struct NaiveChoice {
  private struct Place: Hashable {
    let x, y: Int32
  }

  let layout: SeatLayout
  let free: Set<Int>
  /// The free seats that may be chosen.
  let offered: Set<Int>
  private let seatAt: [Place: Int]

  init(_ layout: SeatLayout, free: Set<Int>, offered: Set<Int>) {
    self.layout = layout
    self.free = free
    self.offered = offered
    seatAt = Dictionary(
      uniqueKeysWithValues: layout.seats.enumerated().map {
        (Place(x: $0.element.x, y: $0.element.y), $0.offset)
      })
  }

  func stranded(taking taken: [Int]) -> [Int] {
    func isLeft(_ seat: Int) -> Bool { free.contains(seat) && !taken.contains(seat) }
    // Nobody else's company changes.
    return Set(taken.flatMap(besides)).filter { seat in
      isLeft(seat) && besides(seat).contains(where: free.contains)
        && !besides(seat).contains(where: isLeft)
    }.sorted()
  }

  func objections(toTaking named: [Int], rule: OrphanRule) -> [Int] {
    let stranded = stranded(taking: named)
    guard rule == .forbid, !stranded.isEmpty else { return [] }
    let tiers = Set(named.map { layout.seats[$0].tier })
    let others = runs(of: named.count, in: tiers.count > 1 ? Set(layout.tiers) : tiers) {
      tiers.count > 1 || isOneTier($0)
    }
    let isAlternative = others.contains {
      self.stranded(taking: $0).isEmpty && reserved($0) <= reserved(named)
    }
    return isAlternative ? stranded : []
  }

  func choose(
    count: Int, tiers: Set<String>, rule: OrphanRule, allowSplit: Bool
  ) -> [Int]? {
    let whole = oneTierRuns(of: count, in: tiers)
    if !whole.isEmpty {
      return whole.min { key($0, rule).lexicographicallyPrecedes(key($1, rule)) }
    }
    guard allowSplit, count > 1 else { return nil }
    return pairs(count: count, tiers: tiers)
      .map { (seats: $0 + $1, key: key(front: $0, back: $1, rule)) }
      .min { $0.key.lexicographicallyPrecedes($1.key) }?.seats
  }

  // MARK: Choices

  private func besides(_ seat: Int) -> [Int] {
    let seat = layout.seats[seat]
    return [seat.x - 1, seat.x + 1].compactMap { seatAt[Place(x: $0, y: seat.y)] }
  }

  private func runs(
    of count: Int, in tiers: Set<String>, where isGood: ([Int]) -> Bool
  ) -> [[Int]] {
    offered.compactMap { first -> [Int]? in
      let seat = layout.seats[first]
      let run = (0..<Int32(count)).compactMap { seatAt[Place(x: seat.x + $0, y: seat.y)] }
      let fits = run.allSatisfy { offered.contains($0) && tiers.contains(layout.seats[$0].tier) }
      return run.count == count && fits && isGood(run) ? run : nil
    }
  }

  private func oneTierRuns(of count: Int, in tiers: Set<String>) -> [[Int]] {
    runs(of: count, in: tiers, where: isOneTier)
  }

  private func isOneTier(_ seats: [Int]) -> Bool {
    seats.allSatisfy { layout.seats[$0].tier == layout.seats[seats[0]].tier }
  }

  private func pairs(count: Int, tiers: Set<String>) -> [([Int], [Int])] {
    let more = oneTierRuns(of: (count + 1) / 2, in: tiers)
    let less = oneTierRuns(of: count / 2, in: tiers)
    return more.flatMap { first in
      less.compactMap { second in
        let (a, b) = (layout.seats[first[0]], layout.seats[second[0]])
        guard a.tier == b.tier, abs(a.y - b.y) == 1 else { return nil }
        return a.y < b.y ? (first, second) : (second, first)
      }
    }
  }

  // MARK: Keys

  private func key(_ run: [Int], _ rule: OrphanRule) -> [Int] {
    let first = layout.seats[run[0]]
    return weights(run, gap: 0, rule) + [Int(first.y), Int(first.x)]
  }

  private func key(front: [Int], back: [Int], _ rule: OrphanRule) -> [Int] {
    let columns = [front, back].map { $0.map { Int(layout.seats[$0].x) } }
    let apart = columns[0].flatMap { a in columns[1].map { abs(a - $0) } }.min() ?? 0
    let first = layout.seats[front[0]]
    return weights(front + back, gap: apart, rule) + [
      Int(first.y), Int(first.x), columns[1][0], front.count >= back.count ? 0 : 1,
    ]
  }

  private func weights(_ seats: [Int], gap: Int, _ rule: OrphanRule) -> [Int] {
    let stranded = rule == .off ? 0 : stranded(taking: seats).count
    let restricted = seats.count { layout.seats[$0].attributes.contains(.restrictedView) }
    return [
      reserved(seats), rule == .forbid ? min(stranded, 1) : 0, gap, restricted, stranded,
      seats.reduce(0) { $0 + distance($1) },
    ]
  }

  private func reserved(_ seats: [Int]) -> Int {
    seats.count { seat in
      let attributes = layout.seats[seat].attributes
      return attributes.contains(.wheelchair) || attributes.contains(.companion)
    }
  }

  private func distance(_ seat: Int) -> Int {
    let seat = layout.seats[seat]
    let x = Int(seat.x) * 100 - Int(layout.focalPoint.xHundredths)
    let y = Int(seat.y) * 100 - Int(layout.focalPoint.yHundredths)
    return x * x + y * y
  }
}
