// The last resort of "best N": a party that finds no run long enough sits in two rows, one half
// behind the other. One search, made and dropped; knows nothing of runs of the whole party.

/// Two runs of free seats on adjoining rows, of one tier: half of the seats each, the odd seat in
/// either. Other ways to part them are not tried: three and one are no party of four.
///
/// A pair is better with fewer wheelchair and companion places, then – under `forbid` – when it
/// strands nobody, then with fewer columns between the halves (none when they overlap), then by the
/// order of `BestAvailable.choose`, the front half's place before the back half's; of pairs alike
/// in all that, the one with the longer half in front.
struct SplitChoice {
  /// One half, with what it adds to a pair's rank.
  private struct Half {
    let places: Range<Int>
    let firstColumn, lastColumn: Int32
    let tier: UInt8
    /// As in a pair's penalty, without what depends on the other half.
    let penalty: Int
    let distance: Double
  }

  /// The halves that start in one line, from left to right.
  private struct Line {
    var halves: [Half] = []
    /// What every half has at least.
    var penalty = Int.max
    var distance = Double.infinity

    mutating func add(_ half: Half) {
      halves.append(half)
      penalty = min(penalty, half.penalty)
      distance = min(distance, half.distance)
    }
  }

  private struct Pair {
    let front, back: Range<Int>
    /// Whatever counts before the distance, the weightiest in the highest bits.
    let penalty: Int
    let distance: Double

    /// True when the pair is better than another.
    func isBetter(than other: Pair) -> Bool {
      (penalty, distance, front.lowerBound, back.lowerBound)
        < (other.penalty, other.distance, other.front.lowerBound, other.back.lowerBound)
    }
  }

  // A penalty's parts: at most 4 seats are stranded, 10 restricted, 10 reserved, and a grid has
  // fewer than 512 columns (`Limits.gridExtent`).
  private static let strandedMask = 15
  private static let restrictedShift = 4
  private static let gapShift = 8
  private static let forbiddenShift = 17
  private static let reservedShift = 18

  private let rule: OrphanRule
  private let rows: SeatRows
  private let longer, shorter: [Line]
  private let isEven: Bool
  private var best: Pair?

  /// Prepares a choice of two seats or more; `free` holds places, not seats, and `offered` those of them
  /// that may be chosen.
  init(
    count: Int, tiers: TierSet, free: SeatSet, offered: SeatSet, rule: OrphanRule, rows: SeatRows
  ) {
    self.rule = rule
    self.rows = rows
    isEven = count.isMultiple(of: 2)
    func lines(_ count: Int) -> [Line] {
      Self.lines(
        FreeRuns(
          of: count, in: tiers, free: free, offered: offered, lookingAtStranding: rule != .off,
          rows: rows), rows)
    }
    longer = lines((count + 1) / 2)
    shorter = isEven ? longer : lines(count / 2)
  }

  /// The seats of the best pair, the front row's first, or nil.
  mutating func choose() -> [Int]? {
    // Halves that overlap are nearly always there, and few for each other half.
    visitAll(overlapping: true)
    if (best?.penalty ?? .max) >= 1 << Self.gapShift { visitAll(overlapping: false) }
    return best.map { rows.seats(at: $0.front) + rows.seats(at: $0.back) }
  }

  private mutating func visitAll(overlapping: Bool) {
    for line in longer.indices.dropLast() {
      visit(front: longer[line], back: shorter[line + 1], overlapping: overlapping)
      guard !isEven else { continue }
      visit(front: shorter[line], back: longer[line + 1], overlapping: overlapping)
    }
  }

  private mutating func visit(front line: Line, back: Line, overlapping: Bool) {
    for front in line.halves where mayBeBest(front, before: back) {
      for back in back.halves where front.tier == back.tier {
        if overlapping, back.firstColumn > front.lastColumn { break }
        if overlapping, back.lastColumn < front.firstColumn { continue }
        consider(front, back)
      }
    }
  }

  /// False when even the best half that the line behind might have would make no better pair.
  private func mayBeBest(_ front: Half, before back: Line) -> Bool {
    guard !back.halves.isEmpty else { return false }
    guard let best else { return true }
    return (front.penalty + back.penalty, front.distance + back.distance)
      <= (best.penalty, best.distance)
  }

  private mutating func consider(_ front: Half, _ back: Half) {
    let pair = Pair(
      front: front.places, back: back.places, penalty: penalty(front, back),
      distance: front.distance + back.distance)
    if best.map(pair.isBetter) ?? true { best = pair }
  }

  private func penalty(_ front: Half, _ back: Half) -> Int {
    let gap = max(front.firstColumn, back.firstColumn) - min(front.lastColumn, back.lastColumn)
    let penalty = front.penalty + back.penalty + Int(max(0, gap)) << Self.gapShift
    let isForbidden = rule == .forbid && penalty & Self.strandedMask != 0
    return isForbidden ? penalty | 1 << Self.forbiddenShift : penalty
  }
}

// MARK: Halves

extension SplitChoice {
  private static func lines(_ runs: FreeRuns, _ rows: SeatRows) -> [Line] {
    let lineCount = (rows.line.last ?? -1) + 1
    var lines = Array(repeating: Line(), count: Int(lineCount))
    for index in 0..<runs.wordCount {
      let word = runs.word(index)
      for bit in Bits(word.starts) {
        let mark = UInt64(1) << UInt64(bit)
        let strandedCount =
          (word.strandsLeft & mark == 0 ? 0 : 1) + (word.strandsRight & mark == 0 ? 0 : 1)
        let start = index * 64 + bit
        lines[Int(rows.line[start])].add(
          half(start..<start + runs.count, strandedCount, rows))
      }
    }
    return lines
  }

  private static func half(_ places: Range<Int>, _ strandedCount: Int, _ rows: SeatRows) -> Half {
    let restrictedCount = places.count(where: rows.restricted.contains)
    let reservedCount = places.count(where: rows.reserved.contains)
    return Half(
      places: places, firstColumn: rows.column[places.lowerBound],
      lastColumn: rows.column[places.upperBound - 1],
      tier: rows.tier[Int(rows.seat[places.lowerBound])],
      penalty: reservedCount << reservedShift | restrictedCount << restrictedShift | strandedCount,
      distance: rows.distance[places].reduce(0, +))
  }
}
