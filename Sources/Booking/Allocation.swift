// Channel allocations: seats or quotas of a show that are set aside for one partner until a time. They
// are terms of the show, not states of its seats: a seat that is set aside is free, and only its partner
// may take it. So the map is one for everybody, and that time ends an allocation takes no writing.

/// What is set aside of a show for one partner's sales.
package struct Allocation: Hashable, Sendable {
  /// What.
  package enum Share: Hashable, Sendable {
    /// These seats, by number.
    case seats(Set<Int32>)
    /// So many seats of a tier, whichever; what the partner has of the tier already counts.
    case quota(tier: String, count: Int)
  }

  /// The allocation's id.
  package let id: Int64
  /// For whom.
  package let partnerID: Int64
  /// What.
  package let share: Share
  /// When the seats are anybody's again, in microseconds since 1970.
  package let returnsAt: Int64

  /// An allocation as the catalogue has it.
  package init(id: Int64, partnerID: Int64, share: Share, returnsAt: Int64) {
    self.id = id
    self.partnerID = partnerID
    self.share = share
    self.returnsAt = returnsAt
  }
}

/// What of a show a partner may take at a moment, as far as allocations decide about it.
struct ChannelReach {
  /// The free seats that are not set aside for others.
  fileprivate(set) var free: SeatSet
  /// How many more of each tier may be taken, where that is less than are free.
  fileprivate(set) var most: [String: Int] = [:]
  /// Free seats that are set aside for the partner itself.
  fileprivate(set) var own: SeatSet
  /// How many of each tier are, whichever.
  fileprivate(set) var ownQuotas: [String: Int] = [:]

  fileprivate init(free: SeatSet, capacity: Int) {
    self.free = free
    own = SeatSet(capacity: capacity)
  }
}

extension ShowLedger {
  /// What a partner may take.
  func reach(of partnerID: Int64, _ moment: inout Moment) -> ChannelReach {
    var reach = ChannelReach(free: free, capacity: terms.layout.seats.count)
    var reserved: [String: Int] = [:]
    for allocation in terms.allocations where !moment.isOver(allocation.returnsAt) {
      let isOwn = allocation.partnerID == partnerID
      switch allocation.share {
      case .seats(let numbers):
        for index in numbers.compactMap(terms.layout.index(number:)) where free.contains(index) {
          if isOwn { reach.own.insert(index) } else { reach.free.remove(index) }
        }
      case .quota(let tier, let count):
        let left = max(0, count - taken(by: allocation.partnerID, of: tier))
        if isOwn {
          reach.ownQuotas[tier, default: 0] += left
        } else {
          reserved[tier, default: 0] += left
        }
      }
    }
    for (tier, count) in reserved {
      reach.most[tier] = max(0, self.count(of: tier, among: reach.free) - count)
    }
    return reach
  }

  /// Which of some free seats a partner may not take because they are set aside; nil when it may take all.
  func setAside(
    _ indices: [Int], from partnerID: Int64, _ moment: inout Moment
  ) -> SaleRefusal? {
    guard !terms.allocations.isEmpty else { return nil }
    let reach = reach(of: partnerID, &moment)
    var counts: [String: Int] = [:]
    let refused = indices.filter { index in
      let tier = terms.layout.seats[index].tier
      counts[tier, default: 0] += 1
      return !reach.free.contains(index) || counts[tier, default: 0] > reach.most[tier] ?? .max
    }
    return refused.isEmpty ? nil : .seatsAllocated(refused.map { terms.layout.seats[$0].number })
  }

  /// Seats that the server chooses for a partner, among those that it may take. While others wait these are
  /// its own alone.
  func choose(
    _ wish: BestWish, for partnerID: Int64, pastLine: Bool, _ moment: inout Moment
  ) -> [Int]? {
    guard !terms.allocations.isEmpty else { return choose(wish) }
    let reach = reach(of: partnerID, &moment)
    let tiers = terms.layout.tiers.filter { tier in
      (wish.tier.isEmpty || tier == wish.tier) && wish.count <= reach.most[tier] ?? .max
    }
    guard pastLine else {
      return choose(wish, in: tiers, among: reach.free)
    }
    let quotas = tiers.filter { wish.count <= reach.ownQuotas[$0] ?? 0 }
    return choose(wish, in: quotas, among: reach.free) ?? choose(wish, in: tiers, among: reach.own)
  }

  private func choose(_ wish: BestWish, in tiers: [String], among free: SeatSet) -> [Int]? {
    chooser.choose(
      count: wish.count, tiers: terms.layout.tiers(named: tiers), free: free,
      rule: terms.orphanRule, allowSplit: wish.allowSplit)
  }

  /// Whether seats are a partner's own, so that nobody who waits could have had them. Not when its own
  /// customers wait: these come first.
  func mayPassLine(
    _ indices: [Int], soldBy partnerID: Int64, _ moment: inout Moment
  ) -> Bool {
    guard ownsPassage(partnerID) else { return false }
    let reach = reach(of: partnerID, &moment)
    var counts: [String: Int] = [:]
    for index in indices where !reach.own.contains(index) {
      counts[terms.layout.seats[index].tier, default: 0] += 1
    }
    return counts.allSatisfy { $0.value <= reach.ownQuotas[$0.key] ?? 0 }
  }

  /// Whether a partner might have seats of its own that nobody who waits could have.
  func ownsPassage(_ partnerID: Int64) -> Bool {
    terms.allocations.contains { $0.partnerID == partnerID }
      && !queue.parties.contains { $0.request.identity.partnerID == partnerID }
  }

  private func taken(by partnerID: Int64, of tier: String) -> Int {
    live.values.reduce(0) { sum, record in
      guard record.partnerID == partnerID else { return sum }
      return sum
        + record.seatsLeft.count { terms.layout.seat(number: $0)?.tier == tier }
    }
  }

  private func count(of tier: String, among seats: SeatSet) -> Int {
    seats.reduce(0) { $0 + (terms.layout.seats[$1].tier == tier ? 1 : 0) }
  }
}
