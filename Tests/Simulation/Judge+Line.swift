// The waiting list, judged by the rows alone: who came in which order, who went how, and what was
// free. Nothing here is the engine's: no queue, no choice of seats.

import Booking

extension Judge {
  private struct Line {
    let before: [Tables.WaitRow]
    let after: [Tables.WaitRow]

    init(_ showID: Int64, _ commit: Commit) {
      before = commit.before.waits(of: showID)
      after = commit.after.waits(of: showID)
    }

    /// Who waits when the batch is done.
    var waiting: [Tables.WaitRow] { after.filter { $0.entry.state == .waiting } }

    /// Who went in the batch.
    var gone: [Tables.WaitRow] {
      after.filter { row in
        let was = before.first { $0.entry.key == row.entry.key }
        return row.entry.state != .waiting && was?.entry.state ?? .waiting == .waiting
      }
    }
  }

  /// A party may end in this state from now on, besides what the line itself decides.
  func mayEnd(_ end: WaitEnd) { possibleEnds[end.key, default: []].insert(end.state) }

  func lineIsServed(_ show: SaleWrites.Show, _ commit: Commit) throws {
    let showID = show.change.showID
    let line = Line(showID, commit)
    try demand(
      show.changesQueue == (line.before != line.after), "a line changes with its version",
      "show \(showID)")
    guard !line.after.isEmpty, let rows = commit.after.shows[showID] else { return }
    try orderIsOfArrival(line)
    for row in line.gone {
      ends[row.entry.state, default: 0] += 1
      try endIsRight(row, line, commit)
    }
    try nobodyWaitsInVain(line, rows, commit)
    try nobodyComesBetween(line, showID, commit)
  }

  /// Arrivals count without gaps, nobody's place changes, what has ended stays so.
  private func orderIsOfArrival(_ line: Line) throws {
    try demand(
      line.after.map(\.entry.arrival) == Array(1...Int64(line.after.count)),
      "arrivals have no gaps")
    for (old, new) in zip(line.before, line.after) {
      try demand(
        old.entry.request == new.entry.request
          && (old.entry.state == .waiting || old.entry.state == new.entry.state),
        "a place in the line stays", "\(old.entry.key)")
    }
  }

  private func endIsRight(_ row: Tables.WaitRow, _ line: Line, _ commit: Commit) throws {
    let wait = row.entry
    let terms = commit.after.shows[wait.request.showID]?.terms
    switch wait.state {
    case .served:
      try demand(
        !line.waiting.contains {
          $0.entry.arrival < wait.arrival && mayNotBePassed($0.entry, by: wait, commit)
        }, "who came first is served first", "\(wait.key)")
      try offerIsRight(wait.request, commit)
    case .closed:
      let isOpen = terms.map { $0.isOnSale && commit.now < $0.endsAt } ?? false
      try demand(
        !isOpen || possibleEnds[wait.key]?.contains(.closed) == true,
        "who waits for a show on sale is not sent away", "\(wait.key)")
    case .hopeless:
      // Seats given up later in the batch may have come too late.
      let mayComeBack =
        commit.entries(of: wait.request.showID).contains {
          $0.effect == .cancelled || $0.effect == .exchanged
        } || commit.writes.bookings.contains { $0.record.state == .exchanged }
        || commit.writes.blocks.contains { !$0.request.isBlock }
      try demand(
        mayComeBack
          || reach(wait.request, commit) - kept(from: wait.request, commit) < wait.request.count,
        "who may hope is not sent away", "\(wait.key)")
    case .left, .lost, .timedOut:
      try demand(
        possibleEnds[wait.key]?.contains(wait.state) == true, "nobody leaves unasked",
        "\(wait.key) \(wait.state)")
    case .waiting: break
    }
  }

  /// Parties of others are passed by those for whose partner something is set aside.
  private func mayNotBePassed(_ first: WaitEntry, by other: WaitEntry, _ commit: Commit) -> Bool {
    let partnerID = other.request.identity.partnerID
    let allocations = commit.after.shows[other.request.showID]?.terms.allocations ?? []
    return first.request.identity.partnerID == partnerID
      || !allocations.contains { $0.partnerID == partnerID && commit.now < $0.returnsAt }
  }

  /// An offer is a hold of as many seats as were wanted, for who wanted them.
  private func offerIsRight(_ request: WaitRequest, _ commit: Commit) throws {
    guard let hold = commit.after.bookings[request.bookingID],
      let layout = commit.after.shows[request.showID]?.terms.layout,
      commit.before.bookings[request.bookingID] == nil
    else { throw Violation("who is served has a hold", "\(request)") }
    let tiers = Set(hold.seatNumbers.compactMap { layout.seat(number: $0)?.tier })
    try demand(
      hold.showID == request.showID && hold.partnerID == request.identity.partnerID
        && hold.customerRef == request.customerRef && hold.seatNumbers.count == request.count
        && (request.tier.isEmpty || tiers == [request.tier]),
      "an offer is what was wanted", "\(request)")
  }

  /// The first in line wants more than is free; everybody wants no more than is free or held.
  private func nobodyWaitsInVain(
    _ line: Line, _ rows: Tables.Show, _ commit: Commit
  ) throws {
    guard let first = line.waiting.first else { return }
    try demand(
      rows.terms.isOnSale && commit.now < rows.terms.endsAt, "nobody waits for a closed show")
    try demand(
      allocated.contains(first.entry.request.showID)
        || Self.seats(of: first.entry.request.tier, in: [.available], rows)
          < first.entry.request.count,
      "the first in line has the seats that are free", "\(first.entry.request)")
    var seen: Set<Int64> = []
    for row in line.waiting {
      if seen.insert(row.entry.request.identity.partnerID).inserted {
        try demand(
          ownFree(row.entry.request, rows, commit) < row.entry.request.count,
          "a partner's first has what is set aside for it", "\(row.entry.request)")
      }
      try demand(
        reach(row.entry.request, commit) >= row.entry.request.count,
        "nobody waits without hope", "\(row.entry.request)")
    }
  }

  /// While somebody waits, no seats go to anybody else, but for who was offered as many or more.
  private func nobodyComesBetween(_ line: Line, _ showID: Int64, _ commit: Commit) throws {
    // Who has an allocation sells from it whoever waits.
    guard !allocated.contains(showID) else { return }
    let waited = Set(line.before.filter { $0.entry.state == .waiting }.map(\.entry.key))
    guard line.waiting.contains(where: { waited.contains($0.entry.key) }) else { return }
    for entry in commit.entries(of: showID) {
      if isSwappedOffer(entry, commit) {
        offerSwapCount += 1
        continue
      }
      let old = commit.before.bookings[entry.bookingID]
      let wasOver = old.map { $0.state == .expired || $0.graceUntil <= commit.now } ?? true
      try demand(
        !(entry.effect == .held || entry.effect == .exchanged
          || entry.effect == .confirmed && wasOver),
        "free seats are for those who wait", "\(entry.identity.key) \(entry.effect)")
    }
  }

  private func isSwappedOffer(_ entry: SaleWrites.Entry, _ commit: Commit) -> Bool {
    guard entry.effect == .exchanged, entry.state == .held,
      let new = commit.after.bookings[entry.bookingID],
      let given = new.supersedes.flatMap({ commit.after.bookings[$0] })
    else { return false }
    var first = given
    while let id = first.supersedes, let before = commit.after.bookings[id] { first = before }
    let isOffer = commit.after.waits.values.contains { $0.entry.request.bookingID == first.id }
    return isOffer && new.seatNumbers.count <= given.seatsLeft.count
  }

  /// Free seats that are set aside by number for a party's partner.
  private func ownFree(_ request: WaitRequest, _ rows: Tables.Show, _ commit: Commit) -> Int {
    let own = rows.terms.allocations.filter {
      $0.partnerID == request.identity.partnerID && commit.now < $0.returnsAt
    }
    return rows.terms.layout.seats.count { seat in
      (request.tier.isEmpty || seat.tier == request.tier)
        && rows.seats[Int(seat.number)].state == .available
        && own.contains { allocation in
          guard case .seats(let numbers) = allocation.share else { return false }
          return numbers.contains(seat.number)
        }
    }
  }

  private func reach(_ request: WaitRequest, _ commit: Commit) -> Int {
    commit.after.shows[request.showID].map {
      Self.seats(of: request.tier, in: [.available, .held], $0)
    } ?? 0
  }

  /// Seats that are free or held and cannot become the party's before they return.
  private func kept(from request: WaitRequest, _ commit: Commit) -> Int {
    guard let show = commit.after.shows[request.showID] else { return 0 }
    let others = show.terms.allocations.filter {
      commit.now < $0.returnsAt && $0.partnerID != request.identity.partnerID
    }
    return others.reduce(0) { sum, allocation in
      let isWanted = { (tier: String) in request.tier.isEmpty || tier == request.tier }
      switch allocation.share {
      case .seats(let numbers):
        return sum
          + show.terms.layout.seats.count {
            numbers.contains($0.number) && isWanted($0.tier)
              && [.available, .held].contains(show.seats[Int($0.number)].state)
          }
      case .quota(let tier, let count):
        guard isWanted(tier) else { return sum }
        let sold = commit.after.bookings(of: request.showID).filter {
          $0.partnerID == allocation.partnerID && $0.state == .confirmed
        }.flatMap(\.seatsLeft).count { show.terms.layout.seat(number: $0)?.tier == tier }
        let there = Self.seats(of: tier, in: [.available, .held], show)
        return sum + min(there, max(0, count - sold))
      }
    }
  }

  private static func seats(
    of tier: String, in states: Set<SeatState>, _ show: Tables.Show
  ) -> Int {
    show.terms.layout.seats.count { seat in
      (tier.isEmpty || seat.tier == tier) && states.contains(show.seats[Int(seat.number)].state)
    }
  }
}
