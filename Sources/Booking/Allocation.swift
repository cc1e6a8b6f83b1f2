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
  /// Seats that are set aside for nobody, by number, though some of them may be a quota's.
  fileprivate(set) var common: SeatSet
  /// Seats that are set aside for the partner itself.
  fileprivate(set) var own: SeatSet
  /// How many of the common seats of each tier may be taken, where that is less than there are.
  fileprivate(set) var most: [String: Int] = [:]
  /// How many of them are set aside for the partner itself, whichever.
  fileprivate(set) var ownQuotas: [String: Int] = [:]
  private let layout: SeatLayout

  fileprivate init(_ seats: SeatSet, _ layout: SeatLayout) {
    common = seats
    own = SeatSet(capacity: seats.capacity)
    self.layout = layout
  }

  /// Those of some seats that the partner may not take. Past the line it takes its own alone.
  func excess(_ indices: [Int], pastLine: Bool) -> [Int] {
    var counts: [String: Int] = [:]
    return indices.filter { index in
      guard common.contains(index) else { return !own.contains(index) }
      let tier = layout.seats[index].tier
      counts[tier, default: 0] += 1
      return counts[tier, default: 0] > most(of: tier, pastLine: pastLine)
    }
  }

  /// The seats of which any so many may be taken together.
  func offered(_ count: Int, pastLine: Bool) -> SeatSet {
    let open = Set(layout.tiers.filter { count <= most(of: $0, pastLine: pastLine) })
    guard open.count < layout.tiers.count else { return common.union(own) }
    let seats = common.filter { open.contains(layout.seats[$0].tier) }
    return SeatSet(seats, capacity: common.capacity).union(own)
  }

  /// How many seats of a tier, or of all, may be taken.
  func count(of tier: String) -> Int {
    let tiers = tier.isEmpty ? layout.tiers : [tier]
    return tiers.reduce(0) { sum, tier in
      sum + count(of: tier, among: own) + min(count(of: tier, among: common), most[tier] ?? .max)
    }
  }

  private func most(of tier: String, pastLine: Bool) -> Int {
    pastLine ? ownQuotas[tier] ?? 0 : most[tier] ?? .max
  }

  fileprivate func count(of tier: String, among seats: SeatSet) -> Int {
    seats.reduce(0) { $0 + (layout.seats[$1].tier == tier ? 1 : 0) }
  }
}

/// All quotas of one partner and tier.
private struct Claim {
  /// The lowest of their ids. When there are too few seats for all, who came first has them.
  var id = Int64.max
  var count = 0
}

extension ShowLedger {
  /// What a partner may take, or might if every hold were given up.
  func reach(
    of partnerID: Int64, ifAllReleased: Bool = false, _ moment: inout Moment
  ) -> ChannelReach {
    let layout = terms.layout
    var seats = free
    if ifAllReleased {
      for index in layout.seats.indices where state(at: index) == .held { seats.insert(index) }
    }
    var reach = ChannelReach(seats, layout)
    var named: [Int64: Set<Int32>] = [:]
    var claims: [String: [Int64: Claim]] = [:]
    for allocation in terms.allocations where !moment.isOver(allocation.returnsAt) {
      let owner = allocation.partnerID
      switch allocation.share {
      case .seats(let numbers):
        named[owner, default: []].formUnion(numbers)
        for index in numbers.compactMap(layout.index(number:)) where seats.contains(index) {
          reach.common.remove(index)
          if owner == partnerID { reach.own.insert(index) }
        }
      case .quota(let tier, let count):
        var claim = claims[tier]?[owner] ?? Claim()
        claim.id = min(claim.id, allocation.id)
        claim.count += count
        claims[tier, default: [:]][owner] = claim
      }
    }
    for (tier, claims) in claims {
      var left: [Int64: Claim] = [:]
      for (owner, claim) in claims {
        let taken = taken(
          by: owner, of: tier, besides: named[owner] ?? [], soldOnly: ifAllReleased)
        left[owner] = Claim(id: claim.id, count: max(0, claim.count - taken))
      }
      reach.keep(left, of: tier, from: partnerID)
    }
    return reach
  }

  /// Which of some free seats a partner may not take because they are set aside; nil when it may take all.
  func setAside(
    _ indices: [Int], from partnerID: Int64, _ moment: inout Moment
  ) -> SaleRefusal? {
    guard !terms.allocations.isEmpty else { return nil }
    let refused = reach(of: partnerID, &moment).excess(indices, pastLine: false)
    return refused.isEmpty ? nil : .seatsAllocated(refused.map { terms.layout.seats[$0].number })
  }

  /// The free seats of which a partner may take any so many together; nil for all that there are. While
  /// others wait these are its own alone.
  func offered(
    _ count: Int, to partnerID: Int64, pastLine: Bool, _ moment: inout Moment
  ) -> SeatSet? {
    guard !terms.allocations.isEmpty else { return nil }
    return reach(of: partnerID, &moment).offered(count, pastLine: pastLine)
  }

  /// Whether seats are a partner's own, so that nobody who waits could have had them. Not when its own
  /// customers wait: these come first.
  func mayPassLine(
    _ indices: [Int], soldBy partnerID: Int64, _ moment: inout Moment
  ) -> Bool {
    ownsPassage(partnerID)
      && reach(of: partnerID, &moment).excess(indices, pastLine: true).isEmpty
  }

  /// Whether a partner might have seats of its own that nobody who waits could have.
  func ownsPassage(_ partnerID: Int64) -> Bool {
    terms.allocations.contains { $0.partnerID == partnerID }
      && !queue.parties.contains { $0.request.identity.partnerID == partnerID }
  }

  private func taken(
    by partnerID: Int64, of tier: String, besides named: Set<Int32>, soldOnly: Bool
  ) -> Int {
    live.values.reduce(0) { sum, record in
      guard record.partnerID == partnerID, !soldOnly || record.state != .held else { return sum }
      return sum
        + record.seatsLeft.count {
          !named.contains($0) && terms.layout.seat(number: $0)?.tier == tier
        }
    }
  }
}

extension ChannelReach {
  /// Keeps what is left of the quotas of a tier for those whose they are.
  fileprivate mutating func keep(_ left: [Int64: Claim], of tier: String, from partnerID: Int64) {
    let there = count(of: tier, among: common)
    let own = left[partnerID] ?? Claim()
    var (all, earlier) = (0, 0)
    for (owner, claim) in left where owner != partnerID {
      all += claim.count
      if claim.id < own.id { earlier += claim.count }
    }
    let most = max(0, there - all, min(own.count, there - earlier))
    if most < there { self.most[tier] = most }
    ownQuotas[tier] = min(own.count, most)
  }
}
