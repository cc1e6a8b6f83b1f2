// The orphan rule, judged seat by seat without any of the engine's sets: slow and plain.

import Booking

extension Judge {
  /// Under `forbid` a hold strands a seat only when nothing else was left. Judged where a batch did
  /// nothing else to the show than to end holds and to give this one.
  func nobodyIsStranded(_ showID: Int64, _ commit: Commit) throws {
    let entries = commit.entries(of: showID)
    let changed = commit.writes.bookings.filter { $0.record.showID == showID }
    guard entries.count == 1, entries[0].effect == .held, commit.writes.blocks.isEmpty,
      !allocated.contains(showID),
      changed.allSatisfy({ $0.record.id == entries[0].bookingID || $0.record.state == .expired }),
      let old = commit.before.shows[showID], old.terms.orphanRule == .forbid,
      let record = commit.after.bookings[entries[0].bookingID]
    else { return }
    let layout = old.terms.layout
    let ended = Set(changed.filter { $0.record.state == .expired }.map(\.record.id))
    let free = layout.seats.filter { seat in
      let row = old.seats[Int(seat.number)]
      return row.state == .available || (row.owner.map(ended.contains) ?? false)
    }
    let taken = record.seatNumbers.compactMap(layout.seat(number:))
    try demand(
      !Self.strands(taken, free, layout) || !Self.hasOther(taken, free, layout),
      "nobody is left alone without need", "\(record.id) takes \(record.seatNumbers)")
  }

  private static func strands(
    _ taken: [LayoutSeat], _ free: [LayoutSeat], _ layout: SeatLayout
  ) -> Bool {
    let left = free.filter { !taken.contains($0) }
    return left.contains { seat in
      let beside = layout.neighbours(of: seat)
      return beside.contains { taken.contains($0) } && !beside.contains { left.contains($0) }
    }
  }

  /// Whether as many seats side by side, of the same tier – or of any when several were taken – and
  /// with no more wheelchair places would have left nobody alone.
  private static func hasOther(
    _ taken: [LayoutSeat], _ free: [LayoutSeat], _ layout: SeatLayout
  ) -> Bool {
    let tiers = Set(taken.map(\.tier))
    return free.contains { first in
      let run = free.filter {
        $0.y == first.y && $0.x >= first.x && $0.x < first.x + Int32(taken.count)
      }
      let isOfTier = tiers.count > 1 || run.allSatisfy { tiers.contains($0.tier) }
      return run.count == taken.count && isOfTier && wheelchairs(run) <= wheelchairs(taken)
        && !strands(run, free, layout)
    }
  }

  private static func wheelchairs(_ seats: [LayoutSeat]) -> Int {
    seats.count { !$0.attributes.isDisjoint(with: [.wheelchair, .companion]) }
  }
}
