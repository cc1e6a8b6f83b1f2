// Every run of one length that a layout has, ranked by what never changes, so that the best free
// one is found by looking where the best could be first. Knows nothing of one show's sales.

/// The ranks of the runs of `count` seats of one tier: fewest wheelchair and companion places come
/// first, then fewest restricted views, then the least sum of squared distances to the focal point,
/// then nearest to the stage, then leftmost.
struct RankedRuns {
  /// Runs with the same numbers of reserved places and restricted views have consecutive ranks.
  private struct Grade {
    let reservedCount, restrictedCount: Int
    /// The rank after the last.
    var end: Int32
    /// The rank after the last run with as many reserved places.
    var reservedEnd: Int32
  }

  private struct WordRank {
    let index: Int32
    /// The lowest rank of a run that starts in the word.
    let lowest: Int32
  }

  /// Above every rank.
  private static let none = Int32.max
  /// By place, the rank of the run that starts there.
  private let ranks: [Int32]
  /// By rank, the place.
  private let places: [Int32]
  /// Words that have runs, by their lowest rank.
  private let words: [WordRank]
  private let grades: [Grade]

  /// Ranks the runs of a layout.
  init(of count: Int, in rows: SeatRows) {
    let candidates = Self.runs(of: count, in: rows)
    let sorted = candidates.sorted { $0.key < $1.key }
    var ranks = Array(repeating: Self.none, count: rows.seat.count)
    for (rank, run) in sorted.enumerated() { ranks[run.place] = Int32(rank) }
    self.ranks = ranks
    places = sorted.map { Int32($0.place) }
    grades = Self.grades(sorted)
    let lowest = stride(from: 0, to: ranks.count, by: 64).map { start in
      ranks[start..<min(start + 64, ranks.count)].min() ?? Self.none
    }
    words = lowest.enumerated().filter { $0.element < Self.none }
      .map { WordRank(index: Int32($0.offset), lowest: $0.element) }
      .sorted { $0.lowest < $1.lowest }
  }
}

// MARK: Ranking

extension RankedRuns {
  private struct Run {
    let place, reservedCount, restrictedCount: Int
    let distance: Double

    var key: (Int, Int, Double, Int) { (reservedCount, restrictedCount, distance, place) }
  }

  private static func runs(of count: Int, in rows: SeatRows) -> [Run] {
    let all = FreeRuns(
      of: count, in: .all, free: SeatSet(0..<rows.seat.count, capacity: rows.seat.count),
      lookingAtStranding: false, rows: rows)
    return (0..<all.wordCount).flatMap { index in
      Bits(all.word(index).starts).map { bit in
        let places = index * 64 + bit..<index * 64 + bit + count
        return Run(
          place: places.lowerBound, reservedCount: places.count(where: rows.reserved.contains),
          restrictedCount: places.count(where: rows.restricted.contains),
          distance: rows.distance[places].reduce(0, +))
      }
    }
  }

  private static func grades(_ sorted: [Run]) -> [Grade] {
    var grades: [Grade] = []
    for (rank, run) in sorted.enumerated() {
      if grades.last?.reservedCount != run.reservedCount
        || grades.last?.restrictedCount != run.restrictedCount
      {
        grades.append(
          Grade(
            reservedCount: run.reservedCount, restrictedCount: run.restrictedCount, end: 0,
            reservedEnd: 0))
      }
      grades[grades.count - 1].end = Int32(rank + 1)
    }
    for index in grades.indices.reversed() {
      let next = index + 1 < grades.count ? grades[index + 1] : nil
      let continues = next?.reservedCount == grades[index].reservedCount
      grades[index].reservedEnd = continues ? next?.reservedEnd ?? 0 : grades[index].end
    }
    return grades
  }
}

// MARK: Choosing

extension RankedRuns {
  /// The place where the best of the free runs starts, or nil.
  ///
  /// `prefer`: stranded seats count after wheelchair places and restricted views. `forbid`: a
  /// restricted view is better than a stranded seat, which is better than a wheelchair place.
  func best(_ runs: FreeRuns, rule: OrphanRule) -> Int? {
    var harmless = Self.none
    var strandingOne = Self.none
    var first = Self.none
    // Beyond it no run can matter: only a harmless one of the first run's grade is better than it.
    var limit = Self.none
    for candidate in words {
      guard candidate.lowest < limit else { break }
      let index = Int(candidate.index)
      let word = runs.word(index)
      guard word.starts != 0 else { continue }
      harmless = min(harmless, lowest(word.harmless, index))
      strandingOne = min(strandingOne, lowest(word.strandingOne, index))
      first = min(first, harmless, strandingOne, lowest(word.strandingTwo, index))
      limit = min(harmless, end(of: first, rule == .forbid))
    }
    if harmless < end(of: first, rule == .forbid) { return place(harmless) }
    if strandingOne < end(of: first, false) { return place(strandingOne) }
    return place(first)
  }

  private func lowest(_ bits: UInt64, _ index: Int) -> Int32 {
    Bits(bits).reduce(Self.none) { min($0, ranks[index * 64 + $1]) }
  }

  private func place(_ rank: Int32) -> Int? {
    rank < Self.none ? Int(places[Int(rank)]) : nil
  }

  /// The rank after those that share a run's reserved places and, unless these do not matter, its
  /// restricted views.
  private func end(of rank: Int32, _ whateverTheView: Bool) -> Int32 {
    guard let grade = grades.first(where: { rank < $0.end }) else { return Self.none }
    return whateverTheView ? grade.reservedEnd : grade.end
  }
}
