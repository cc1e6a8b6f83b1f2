// Runs of free seats, found 64 places at a time by shifting words over each other: what a choice
// costs depends on the size of the hall, hardly on how full it is. Knows nothing of which is best.

/// The runs of `count` seats, side by side and all free, that a show has.
struct FreeRuns {
  /// The runs that start in one word, a bit for each place.
  struct Word {
    /// Where a run starts.
    let starts: UInt64
    /// Where a run, if one starts, would leave the seat at its left, at its right, newly alone.
    let strandsLeft, strandsRight: UInt64

    /// Runs that strand nobody.
    var harmless: UInt64 { starts & ~(strandsLeft | strandsRight) }
    /// Runs that strand one seat.
    var strandingOne: UInt64 { starts & (strandsLeft ^ strandsRight) }
    /// Runs that strand a seat at either side.
    var strandingTwo: UInt64 { starts & strandsLeft & strandsRight }
  }

  /// Seats in a run: at most `Limits.seatsPerBooking`, far fewer than a word has bits.
  let count: Int
  private let rows: SeatRows
  private let free: SeatSet
  /// Those of the free places that runs may have.
  private let offered: SeatSet
  /// Places where a run may start; nil for all.
  private let allowed: SeatSet?
  /// Places that may continue a run.
  private let continuing: SeatSet
  private let looksAtStranding: Bool

  /// Runs of one of the tiers, or across all of them; `free` holds places, not seats, and `offered` those
  /// of them that runs may have, nil for all. Stranding is looked at only when asked: otherwise every run counts as
  /// harmless.
  init(
    of count: Int, in tiers: TierSet, mixingTiers: Bool = false, free: SeatSet,
    offered: SeatSet? = nil, lookingAtStranding: Bool, rows: SeatRows
  ) {
    self.count = count
    self.rows = rows
    self.free = free
    self.offered = offered ?? free
    allowed = Self.places(in: tiers, rows)
    continuing = mixingTiers ? rows.joined : rows.joinedInTier
    looksAtStranding = lookingAtStranding
  }

  private static func places(in tiers: TierSet, _ rows: SeatRows) -> SeatSet? {
    let chosen = rows.tierPlaces.indices.filter { tiers.contains(TierSet(tier: UInt8($0))) }
    guard chosen.count < rows.tierPlaces.count else { return nil }
    return chosen.reduce(into: SeatSet(capacity: rows.seat.count)) {
      $0.formUnion(rows.tierPlaces[$1])
    }
  }

  /// How many words there are.
  var wordCount: Int { free.wordCount }

  /// The runs that start at places 64 × `index` and the 63 after it.
  func word(_ index: Int) -> Word {
    let starts = self.starts(index)
    guard starts != 0, looksAtStranding else {
      return Word(starts: starts, strandsLeft: 0, strandsRight: 0)
    }
    return Word(starts: starts, strandsLeft: strandsLeft(index), strandsRight: strandsRight(index))
  }

  private func starts(_ index: Int) -> UInt64 {
    let first = offered[word: index] & (allowed?[word: index] ?? .max)
    guard first != 0, count > 1 else { return first }
    // Behind the first seat stand count − 1 that are free, each beside the one before: the bits
    // that have as many set above them are found by doubling.
    var others = offered.words(from: index) & continuing.words(from: index)
    var length = 1
    while length < count - 1 {
      let step = min(length, count - 1 - length)
      others &= others &>> UInt128(step)
      length += step
    }
    return first & UInt64(truncatingIfNeeded: others &>> 1)
  }

  /// Places whose left neighbour is free and has no free seat at its own left.
  private func strandsLeft(_ index: Int) -> UInt64 {
    let free = free.words(from: index - 1)
    let joined = rows.joined.words(from: index - 1)
    let lonely = free & ~(joined & free &<< 1)
    return UInt64(truncatingIfNeeded: (joined & lonely &<< 1) &>> 64)
  }

  /// Places from which the seat after `count` more is beside them, free and without a free seat at
  /// its own right.
  private func strandsRight(_ index: Int) -> UInt64 {
    let follows = free.words(from: index) & rows.joined.words(from: index)
    return UInt64(truncatingIfNeeded: (follows & ~(follows &>> 1)) &>> UInt128(count))
  }
}
