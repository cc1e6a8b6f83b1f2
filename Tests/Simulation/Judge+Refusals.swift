// Refusals must be true: at the version they name, or at some moment that is not older than what
// the node had told before.

import Booking

extension Judge {
  /// A node refuses a request, which is one of several when there were others `before` it: these
  /// count as done.
  func refused(
    _ request: SaleRequest, after before: [SaleRequest], _ refusal: SaleRefusal,
    _ arrival: Arrival, _ database: SimDatabase
  ) throws {
    guard let identity = request.identity else { throw Violation("nobody asked", "\(request)") }
    if arrival.logged.contains(identity.key), refusal != .requestIDReused {
      throw Violation("what was granted is not refused later", "\(refusal)")
    }
    // Who repeats a request may be told the same again, however old that is.
    guard refusals[identity.key, default: []].insert(refusal).inserted else { return }
    try isTrue(refusal, of: request, after: before, arrival, database)
  }

  private func isTrue(
    _ refusal: SaleRefusal, of request: SaleRequest, after before: [SaleRequest],
    _ arrival: Arrival, _ database: SimDatabase
  ) throws {
    let tables = database.tables
    switch refusal {
    case .seatsUnavailable(let seats, let version):
      try areLost(seats, at: version, request, after: before, arrival)
    case .strandsSeats(let stranded):
      guard case .named(let wanted)? = request.selection else {
        throw Violation("who leaves the choice strands nobody", "\(request)")
      }
      try demand(
        !stranded.isEmpty && stranded.allSatisfy { !wanted.contains($0) }, "others are stranded")
    case .noAdjacentSeats: try hasNoRun(request, after: before, arrival, tables)
    case .waitIsHopeless: try isHopeless(request, arrival, tables)
    case .reservedForWaiting:
      let hasLine = request.wantedShowID.map { !tables.waits(of: $0).isEmpty } ?? false
      try demand(hasLine, "seats are kept for somebody", "\(request)")
    case .bookingNotFound:
      let isThere = request.bookingID.map(arrival.bookings.contains) ?? false
      try demand(!isThere, "a booking is found", "\(request)")
    case .foreignBooking:
      let owner = request.bookingID.flatMap { tables.bookings[$0]?.partnerID }
      try demand(owner != request.identity?.partnerID, "an own booking is not foreign")
    case .wrongState(let record), .extendedBefore(let record):
      let isOwn = before.contains { $0.bookingID == record.id }
      let past = Past(version: record.version, state: record.state)
      try demand(
        isOwn || pasts[record.id]?.contains(past) == true,
        "a refusal tells a state that was",
        "\(record.state) at \(record.version)")
    case .seatsNotInBooking(let labels):
      let isOwn = before.contains { $0.bookingID == request.bookingID }
      try demand(isOwn || areGone(labels, request, tables), "a booking's seats are found")
    case .requestIDReused, .requestFenced: try isUsed(request, refusal, tables)
    case .salesClosed, .showBegan: try isOver(request, refusal, arrival, database)
    case .holdLimitExceeded:
      try demand(
        !isAnonymous(request, tables) || exceedsCapAlone(request),
        "the cap of who is nobody counts for one call", "\(request)")
    case .seatsAllocated(let numbers):
      try demand(
        !numbers.isEmpty && allocated.contains(request.wantedShowID ?? 0),
        "something is set aside", "\(request)")
    case .seatsNotBlocked(let numbers):
      let isTrue = moments(request.wantedShowID ?? 0, arrival).contains { moment in
        numbers.allSatisfy {
          moment.states[Int($0)] != .blocked || moment.touched.contains(Int($0))
        }
      }
      try demand(isTrue && !numbers.isEmpty, "withdrawn seats are given back", "\(request)")
    case .addOnsEnded(let ids):
      try demand(ids == [Menu.ended.id], "what can be had is attached", "\(ids)")
    case .showNotFound, .staleShow, .currencyDiffers, .waitlistFull,
      .addOnsNotFound, .tooManyAddOns:
      throw Violation("every show is found, and all in one currency", "\(refusal)")
    }
  }

  // MARK: Seats

  private func areLost(
    _ seats: [SeatStatus], at version: Int64, _ request: SaleRequest,
    after before: [SaleRequest], _ arrival: Arrival
  ) throws {
    guard let showID = request.wantedShowID, let states = states(showID, at: version) else {
      throw Violation("a refusal tells a version that there is", "\(version)")
    }
    try demand(
      version >= arrival.told[showID] ?? 0, "a refusal is not older than what was told",
      "\(version), \(arrival.told[showID] ?? 0)")
    // Seats that others of the same call would have taken are told as held, as no map shows them:
    // they may be free there, or sold until the batch that refused.
    let isTrue = seats.allSatisfy { seat in
      seat.state != .available
        && (states[Int(seat.number)] == seat.state
          || seat.state == .held && before.contains { $0.mayTake(seat.number, of: showID) })
    }
    try demand(
      isTrue && !seats.isEmpty, "lost seats are lost at the version told",
      "\(seats) at \(version)")
    if case .named(let wanted)? = request.selection {
      try demand(seats.allSatisfy { wanted.contains($0.number) }, "lost seats were wanted")
    }
  }

  /// Seats that may be taken for free at a moment of the window in which the node may have judged:
  /// one version, without what the transaction to the next one touched.
  private func moments(_ showID: Int64, _ arrival: Arrival) -> [(
    states: [SeatState], touched: Set<Int>
  )] {
    guard let known = versions[showID] else { return [] }
    let first = max(1, Int(arrival.told[showID] ?? 1))
    guard first <= known.count else { return [] }
    return (first...known.count).flatMap { version in
      let states = known[version - 1].states
      let next = version < known.count ? known[version].touched : []
      return [(states, Set<Int>()), (states, next)]
    }
  }

  private func hasNoRun(
    _ request: SaleRequest, after before: [SaleRequest], _ arrival: Arrival, _ tables: Tables
  ) throws {
    guard let showID = request.wantedShowID, case .best(let wish)? = request.selection,
      let layout = tables.shows[showID]?.terms.layout
    else { throw Violation("who names seats is told of these", "\(request)") }
    if before.contains(where: { $0.wantedShowID == showID }) || allocated.contains(showID) {
      return
    }
    let isTrue = moments(showID, arrival).contains { moment in
      let free = layout.seats.filter {
        moment.states[Int($0.number)] == .available && !moment.touched.contains(Int($0.number))
          && (wish.tier.isEmpty || $0.tier == wish.tier)
      }
      return !free.contains { first in
        let run = free.filter {
          $0.y == first.y && $0.tier == first.tier && $0.x >= first.x
            && $0.x < first.x + Int32(wish.count)
        }
        return run.count == wish.count
      }
    }
    try demand(isTrue, "best seats are found where there are some", "\(wish)")
  }

  private func isHopeless(
    _ request: SaleRequest, _ arrival: Arrival, _ tables: Tables
  ) throws {
    guard case .join(let join) = request, let layout = tables.shows[join.showID]?.terms.layout
    else { throw Violation("who does not wait needs no hope", "\(request)") }
    // What was set aside at which moment is not known here; see `kept`.
    if allocated.contains(join.showID) { return }
    let isTrue = moments(join.showID, arrival).contains { moment in
      let count = layout.seats.count { seat in
        [.available, .held].contains(moment.states[Int(seat.number)])
          && !moment.touched.contains(Int(seat.number))
          && (join.tier.isEmpty || seat.tier == join.tier)
      }
      return count < join.count
    }
    try demand(isTrue, "who may hope may wait", "\(join)")
  }

  // MARK: The rest

  private func areGone(_ labels: [String], _ request: SaleRequest, _ tables: Tables) -> Bool {
    guard let record = request.bookingID.flatMap({ tables.bookings[$0] }),
      let layout = tables.shows[record.showID]?.terms.layout
    else { return false }
    return labels.allSatisfy { label in
      let number = layout.seat(label: label)?.number
      return record.state != .confirmed || !record.seatsLeft.contains { $0 == number }
    }
  }

  private func isUsed(
    _ request: SaleRequest, _ refusal: SaleRefusal, _ tables: Tables
  ) throws {
    guard let identity = request.identity else { return }
    if refusal == .requestFenced {
      let row = tables.log[identity.key]
      return try demand(row != nil && row?.effect == nil, "what never runs was fenced")
    }
    let others = bodies[identity.key]?.subtracting([identity.hash]) ?? []
    try demand(!others.isEmpty, "a request id was used for another request")
  }

  private func isOver(
    _ request: SaleRequest, _ refusal: SaleRefusal, _ arrival: Arrival, _ database: SimDatabase
  ) throws {
    let own = request.bookingID.flatMap { database.tables.bookings[$0]?.showID }
    if refusal == .showBegan {
      let terms = own.flatMap { database.tables.shows[$0]?.terms }
      return try demand((terms?.startsAt ?? 0) <= database.now, "a show has begun")
    }
    guard let showID = request.wantedShowID ?? own, let terms = database.tables.shows[showID]?.terms
    else { throw Violation("a show is gone") }
    let since = onSaleSince[showID]
    try demand(
      since == nil || (since ?? 0) > arrival.time || terms.endsAt <= database.now,
      "a show on sale is sold", "\(request)")
  }

  private func exceedsCapAlone(_ request: SaleRequest) -> Bool {
    guard let showID = request.wantedShowID, let cap = smallestCaps[showID] else { return false }
    if case .join(let join) = request { return join.count > cap }
    return request.selection.map { $0.count > cap } ?? false
  }

  private func isAnonymous(_ request: SaleRequest, _ tables: Tables) -> Bool {
    switch request {
    case .hold(let hold): hold.customerRef.isEmpty
    case .join(let join): join.customerRef.isEmpty
    default:
      (request.bookingID.flatMap { tables.bookings[$0] })?.customerRef.isEmpty ?? true
    }
  }
}

extension SaleRequest {
  /// Which seats are wanted, if any are.
  var selection: HoldRequest.Selection? {
    switch self {
    case .hold(let hold): hold.selection
    case .exchange(let exchange): exchange.wanted.selection
    default: nil
    }
  }

  /// Whether a seat may be among those that it would have taken.
  fileprivate func mayTake(_ number: Int32, of showID: Int64) -> Bool {
    guard wantedShowID == showID else { return false }
    if case .named(let wanted)? = selection { return wanted.contains(number) }
    return true
  }
}
