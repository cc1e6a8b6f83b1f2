// "Best N": the server's choice of free seats of a show. Pure: which seats are free is an argument,
// and whoever asks makes sure that they still are when they are taken.

/// Chooses seats in the shows of one layout. What depends on the layout alone is worked out when it
/// is first needed and kept: 8 bytes for each seat and each number of seats asked for, at most 80
/// bytes a seat. Belongs to one loop.
package final class BestAvailable {
  /// Who stands beside whom.
  package let rows: SeatRows
  /// By number of seats, less one.
  private var ranked: [RankedRuns?]

  /// Chooses among a layout's seats.
  package init(_ rows: SeatRows) {
    self.rows = rows
    ranked = Array(repeating: nil, count: Limits.seatsPerBooking)
  }

  /// The best free seats, `count` of them, side by side in one row and of one of the tiers: indices
  /// of `SeatLayout.seats`, from left to right. Nil when there are none or the number is not 1 to
  /// `Limits.seatsPerBooking`.
  ///
  /// A choice is better with fewer wheelchair and companion places, then fewer restricted views,
  /// then – unless the orphan rule is off – fewer seats newly stranded, then the smaller sum of
  /// squared distances to the focal point, then nearer to the stage, then further left. Under
  /// `forbid` a choice that strands nobody comes before any that strands somebody, except that
  /// wheelchair and companion places are not on offer until nothing else is left.
  ///
  /// With `allowSplit`, when no such run is left at all, they are those of a `SplitChoice`, the front
  /// row's first.
  ///
  /// Only seats that are `offered` are chosen – nil are all that are free –, but any free seat may be
  /// stranded, or be company.
  package func choose(
    count: Int, tiers: TierSet, free: SeatSet, offered: SeatSet? = nil, rule: OrphanRule,
    allowSplit: Bool
  ) -> [Int]? {
    // A rush goes on asking when the show is sold out: that is seen at a glance.
    guard (1...Limits.seatsPerBooking).contains(count),
      (offered ?? free).count >= count
    else { return nil }
    let free = rows.places(of: free)
    let offered = offered.map(rows.places) ?? free
    let runs = FreeRuns(
      of: count, in: tiers, free: free, offered: offered, lookingAtStranding: rule != .off,
      rows: rows)
    if let place = ranks(of: count).best(runs, rule: rule) {
      return rows.seats(at: place..<place + count)
    }
    guard allowSplit, count > 1 else { return nil }
    var split = SplitChoice(
      count: count, tiers: tiers, free: free, offered: offered, rule: rule, rows: rows)
    return split.choose()
  }

  private func ranks(of count: Int) -> RankedRuns {
    if let ranks = ranked[count - 1] { return ranks }
    let ranks = RankedRuns(of: count, in: rows)
    ranked[count - 1] = ranks
    return ranks
  }
}
