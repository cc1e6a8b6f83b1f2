// The orphan rule: no booking may leave a single seat that nobody wants, except when nothing else
// is left. Judges choices; `BestAvailable` makes them.

/// What a theatre thinks of choices that strand a single seat. The raw values are the database's.
package enum OrphanRule: Int16, Sendable, CaseIterable {
  /// Nothing.
  case off = 0
  /// The server avoids them where it chooses; a customer may name any seats.
  case prefer = 1
  /// Refused while there is a choice that strands nobody.
  case forbid = 2
}

extension SeatRows {
  /// The free seats, ascending, that would be left alone if some were taken: with no free seat at
  /// either side, where there was one before. A gap or a row's end counts as a seat that is taken.
  package func strandedSeats(taking taken: [Int], free: SeatSet) -> [Int] {
    func isLeft(_ seat: Int32) -> Bool {
      seat >= 0 && free.contains(Int(seat)) && !taken.contains(Int(seat))
    }
    var stranded: [Int] = []
    for seat in taken where free.contains(seat) {
      for neighbour in [left[seat], right[seat]] where isLeft(neighbour) {
        let index = Int(neighbour)
        if !isLeft(left[index]), !isLeft(right[index]), !stranded.contains(index) {
          stranded.append(index)
        }
      }
    }
    return stranded.sorted()
  }

  /// The stranded seats because of which a customer may not take the seats named, all of them free;
  /// none when they may be taken.
  ///
  /// Only `forbid` refuses, and not when nothing else is left: there must be a run of as many free
  /// seats that strands nobody and holds no more wheelchair and companion places than were named,
  /// somewhere in the show, in the same tier – or, when the seats named are of several tiers, in
  /// any, also across tiers. Of free seats that may not be taken, because not all are `offered`, there
  /// is no run, but each may be stranded, or be company.
  package func objections(
    toTaking named: [Int], rule: OrphanRule, free: SeatSet, offered: SeatSet? = nil
  ) -> [Int] {
    guard rule == .forbid, named.count <= Limits.seatsPerBooking else { return [] }
    let stranded = strandedSeats(taking: named, free: free)
    let isNeedless =
      !stranded.isEmpty && hasHarmlessRun(insteadOf: named, free: free, offered: offered ?? free)
    return isNeedless ? stranded : []
  }

  private func hasHarmlessRun(
    insteadOf named: [Int], free: SeatSet, offered: SeatSet
  ) -> Bool {
    let tiers = named.reduce(into: TierSet()) { $0.insert(TierSet(tier: tier[$1])) }
    let isMixed = tiers.rawValue.nonzeroBitCount > 1
    let runs = FreeRuns(
      of: named.count, in: isMixed ? .all : tiers, mixingTiers: isMixed, free: places(of: free),
      offered: places(of: offered), lookingAtStranding: true, rows: self)
    let reservedCount = named.count { reserved.contains(Int(place[$0])) }
    return (0..<runs.wordCount).contains { index in
      Bits(runs.word(index).harmless).contains { bit in
        let start = index * 64 + bit
        return (start..<start + named.count).count(where: reserved.contains) <= reservedCount
      }
    }
  }
}
