// The rules of the waiting list. Strictly first come, first served: the first party in line keeps
// all others waiting, also those that would do with fewer seats, and while anybody waits the show's
// free seats are for the line alone. Only what is set aside for one partner passes by parties of others,
// who cannot have it: it goes to the first of that partner's own.

extension ShowLedger {
  /// Lets a party join the line, or finds its place again.
  func join(_ request: WaitRequest, _ moment: inout Moment) -> SaleDecision {
    if let known = queue.entry(request.identity.key) {
      let isSame = known.request.identity.hash == request.identity.hash
      return isSame ? .inLine : .refused(.requestIDReused)
    }
    guard isOnSale(&moment) else { return .refused(.salesClosed) }
    let waiting = queue.parties.lazy.filter {
      !request.customerRef.isEmpty && $0.request.customerRef == request.customerRef
        && $0.request.identity.partnerID == request.identity.partnerID
    }
    let count = waiting.reduce(request.count) { $0 + $1.request.count }
    if exceedsCap(request.identity.partnerID, request.customerRef, count, &moment) {
      return .refused(.holdLimitExceeded)
    }
    guard mayHope(request, &moment) else {
      return .refused(.waitIsHopeless)
    }
    guard queue.parties.count < Limits.waitingParties else { return .refused(.waitlistFull) }
    queue.append(request)
    return .inLine
  }

  /// Takes parties out of the line; false when none of them was in it.
  func end(_ ends: [WaitEnd]) -> Bool {
    ends.count { queue.end($0.key, $0.state) } > 0
  }

  /// Gives the first in line their seats, one party after the other, until one must wait; and those
  /// behind it what is set aside for their partners. Called whenever seats may have become free or sold, so
  /// that no free seat is anybody else's first.
  package func serveQueue(_ moment: inout Moment) {
    guard !queue.isEmpty else { return }
    guard isOnSale(&moment) else {
      _ = end(queue.parties.map { WaitEnd($0.key, .closed) })
      return
    }
    dismissHopeless(&moment)
    while let first = queue.parties.first, serve(first, pastLine: false, &moment) {}
    servePastLine(&moment)
  }

  /// Takes a party out of the line with a hold; false when it must wait.
  private func serve(_ party: WaitEntry, pastLine: Bool, _ moment: inout Moment) -> Bool {
    guard let indices = offer(to: party.request, pastLine: pastLine, &moment) else { return false }
    let seats = indices.map { terms.layout.seats[$0] }
    let partnerID = party.request.identity.partnerID
    guard let priced = try? terms.prices.quote(seats: seats, partnerID: partnerID, &moment) else {
      // Seats without a price cannot be sold to anybody.
      queue.end(party.key, .closed)
      return true
    }
    insert(party.request.hold(priced.seats.map(\.number), priced.quote, version: version + 1))
    queue.end(party.key, .served)
    return true
  }

  /// The first party must wait. What is set aside for another partner it could not have: of that
  /// partner's parties the first gets it, who keeps the others of them waiting in turn.
  private func servePastLine(_ moment: inout Moment) {
    var channels = Set(terms.allocations.map(\.partnerID))
    for (place, party) in queue.parties.enumerated() where !channels.isEmpty {
      let partnerID = party.request.identity.partnerID
      guard channels.contains(partnerID) else { continue }
      let isServed = place > 0 && serve(party, pastLine: true, &moment)
      if !isServed { channels.remove(partnerID) }
    }
  }

  private func dismissHopeless(_ moment: inout Moment) {
    var reaches: [Int64: ChannelReach] = [:]
    var counts: [RequestedTier: Int] = [:]
    for party in queue.parties {
      let partnerID = party.request.identity.partnerID
      let wanted = RequestedTier(partnerID: partnerID, tier: party.request.tier)
      let reach = reaches[partnerID] ?? reach(of: partnerID, ifAllReleased: true, &moment)
      reaches[partnerID] = reach
      let count = counts[wanted] ?? reach.count(of: wanted.tier)
      counts[wanted] = count
      if count < party.request.count { queue.end(party.key, .hopeless) }
    }
  }

  /// Whether there are enough seats that are free or may become so because they are only held. What is set
  /// aside for others is no hope: it may stay so until the line has long gone.
  private func mayHope(_ request: WaitRequest, _ moment: inout Moment) -> Bool {
    let reach = reach(of: request.identity.partnerID, ifAllReleased: true, &moment)
    return reach.count(of: request.tier) >= request.count
  }

  /// Seats for a party, as soon as there are enough: side by side if possible, else in two rows, else
  /// the best wherever they are.
  private func offer(
    to request: WaitRequest, pastLine: Bool, _ moment: inout Moment
  ) -> [Int]? {
    guard free.count >= request.count else { return nil }
    let wish = BestWish(count: request.count, tier: request.tier, allowSplit: true)
    let partnerID = request.identity.partnerID
    let offered = offered(wish.count, to: partnerID, pastLine: pastLine, &moment)
    return choose(wish, among: offered)
      ?? chooseSingly(wish, for: partnerID, pastLine: pastLine, &moment)
  }

  /// The best free seats without regard to who sits beside whom: no wheelchair or companion places
  /// if possible, then no restricted views, then the least distance to the focal point.
  private func chooseSingly(
    _ wish: BestWish, for partnerID: Int64, pastLine: Bool, _ moment: inout Moment
  ) -> [Int]? {
    let rows = chooser.rows
    let reach = reach(of: partnerID, &moment)
    let wanted = reach.common.union(reach.own).filter {
      wish.tier.isEmpty || terms.layout.seats[$0].tier == wish.tier
    }
    guard wanted.count >= wish.count else { return nil }
    let ranked = wanted.map { seat in
      let place = Int(rows.place[seat])
      return (
        seat, rows.reserved.contains(place) ? 1 : 0, rows.restricted.contains(place) ? 1 : 0,
        rows.distance[place], place
      )
    }
    let best = ranked.sorted { ($0.1, $0.2, $0.3, $0.4) < ($1.1, $1.2, $1.3, $1.4) }
    let excess = Set(reach.excess(best.map(\.0), pastLine: pastLine))
    let open = best.map(\.0).filter { !excess.contains($0) }
    return open.count < wish.count ? nil : open.prefix(wish.count).sorted()
  }
}

/// Whose customers wait for what.
private struct RequestedTier: Hashable {
  let partnerID: Int64
  let tier: String
}

extension WaitRequest {
  /// The hold that the party is offered.
  fileprivate func hold(_ seats: [Int32], _ quote: Quote, version: Int64) -> BookingRecord {
    BookingRecord(
      id: bookingID, showID: showID, partnerID: identity.partnerID, customerRef: customerRef,
      requestID: bookingID.value, state: .held, seatNumbers: seats, quote: quote,
      holdUntil: BookingRecord.notYet, isExtended: false, paymentReference: "",
      createdAt: BookingRecord.notYet, version: version)
  }
}
