// What is set aside for one partner, judged by the rows alone.

import Booking

extension Judge {
  /// What a partner gets anew is not set aside for another, and of a tier so much is left that the others
  /// can still have their quotas.
  func allocationsAreKept(_ showID: Int64, _ commit: Commit) throws {
    let made = commit.writes.bookings.filter { $0.before == nil && $0.record.showID == showID }
    guard let show = commit.after.shows[showID], !show.terms.allocations.isEmpty, !made.isEmpty
    else { return }
    let valid = show.terms.allocations.filter { commit.now < $0.returnsAt }
    for booking in made {
      for allocation in valid where allocation.partnerID != booking.record.partnerID {
        guard case .seats(let numbers) = allocation.share else { continue }
        try demand(
          numbers.isDisjoint(with: booking.record.seatNumbers),
          "what is set aside is its partner's", "\(booking.record.id)")
      }
    }
    let partners = Set(made.map(\.record.partnerID))
    guard let buyer = partners.first, partners.count == 1, commit.writes.blocks.isEmpty else {
      return
    }
    let taken = Set(made.flatMap(\.record.seatNumbers))
    for allocation in valid where allocation.partnerID != buyer {
      guard case .quota(let tier, let count) = allocation.share else { continue }
      let ofTier = show.terms.layout.seats.filter { $0.tier == tier }
      guard ofTier.contains(where: { taken.contains($0.number) }) else { continue }
      let has = commit.after.bookings(of: showID).filter {
        $0.partnerID == allocation.partnerID && $0.state.seatState != nil
      }.flatMap(\.seatsLeft).count { number in ofTier.contains { $0.number == number } }
      let free = ofTier.count { show.seats[Int($0.number)].state == .available }
      quotaCount += 1
      try demand(
        free >= count - has, "a quota is its partner's", "\(tier): \(free) of \(count - has)")
    }
  }
}
