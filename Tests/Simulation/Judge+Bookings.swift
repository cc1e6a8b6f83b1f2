// What may happen to one booking in one commit, and what it may cost.

import Booking

extension Judge {
  /// Each change of a booking is the effect of logged requests, the end of a hold that was over, an
  /// offer to who waits, or its exchange.
  func bookingFollows(_ id: BookingID, _ commit: Commit) throws {
    let old = commit.before.bookings[id]
    guard let new = commit.after.bookings[id] else { throw Violation("a booking is gone") }
    var state = old?.state
    if let old, old.state == .held, old.graceUntil <= commit.now {
      state = .expired
      remember(id, .expired, new.version)
    }
    let entries = commit.writes.entries.filter { $0.bookingID == id }
    if old == nil, entries.isEmpty {
      let party = commit.after.waits.values.first { $0.entry.request.bookingID == id }
      try demand(party?.entry.state == .served, "a booking is made by a request", "\(id)")
      state = .held
    }
    for entry in entries {
      try demand(
        Self.leads(entry.effect, from: state), "effects follow each other",
        "\(entry.effect) from \(String(describing: state))")
      if state == .expired {
        let isOnSale = onSaleSince[new.showID] != nil
        try demand(isOnSale, "a late payment buys only what is on sale", "\(id)")
      }
      state = entry.state
      remember(id, entry.state, new.version)
    }
    if new.state == .exchanged, state == .confirmed || state == .held {
      try isSuperseded(new, from: state, commit)
      state = .exchanged
    }
    try demand(state == new.state, "a booking changes as requests say", "\(id): \(new.state)")
    try priceFollows(old, new, entries)
    try demand(
      new.state != .held || new.holdUntil > commit.now || old?.state == .held
        || new.supersedes != nil,
      "a hold begins with time left", "\(id)")
    remember(id, new.state, new.version)
    if old == nil { try saleIsByTheTerms(new, commit) }
    for entry in entries { try refundIsByThePolicy(entry, old, new, commit) }
  }

  /// Seats and what they cost stay; add-ons are those that were asked for last.
  private func priceFollows(
    _ old: BookingRecord?, _ new: BookingRecord, _ entries: [SaleWrites.Entry]
  ) throws {
    let addOns = entries.last { $0.effect == .attached }?.addOns ?? old?.quote.addOns ?? []
    try demand(new.quote.addOns == addOns, "a booking has the add-ons asked for", "\(new.id)")
    guard let old else { return }
    try demand(
      old.seatNumbers == new.seatNumbers && old.quote.seatLines == new.quote.seatLines,
      "seats and price of a booking stay", "\(new.id)")
  }

  private static func leads(_ effect: SaleEffect, from state: BookingState?) -> Bool {
    switch effect {
    case .held, .exchanged: state == nil
    case .confirmed: state == .held || state == .expired
    case .released, .extended, .attached: state == .held
    case .cancelled: state == .confirmed
    }
  }

  /// Never neither, never both; and no hold is longer for it.
  private func isSuperseded(
    _ old: BookingRecord, from state: BookingState?, _ commit: Commit
  ) throws {
    let new = old.supersededBy.flatMap { commit.after.bookings[$0] }
    let entry = commit.writes.entries.first { $0.bookingID == new?.id }
    try demand(
      entry?.effect == .exchanged && new?.supersedes == old.id
        && new?.partnerID == old.partnerID && new?.customerRef == old.customerRef,
      "an exchange is both", "\(old.id)")
    try demand(
      new?.state == state, "a hold is exchanged for a hold, a sale for a sale", "\(old.id)")
    guard state == .held else { return }
    swapCount += 1
    try demand(
      new?.showID == old.showID && new?.holdUntil == old.holdUntil
        && new?.isExtended == old.isExtended, "an exchanged hold ends as it would have", "\(old.id)"
    )
  }

  // MARK: A new booking

  private func saleIsByTheTerms(_ record: BookingRecord, _ commit: Commit) throws {
    guard let terms = commit.after.shows[record.showID]?.terms else { return }
    try demand(
      terms.isOnSale && commit.now < terms.endsAt, "what is sold is on sale", "\(record.id)")
    let seats = record.seatNumbers.compactMap(terms.layout.seat(number:))
    var moment = Moment(commit.now)
    let priced = try terms.prices.quote(seats: seats, partnerID: record.partnerID, &moment)
    try demand(
      priced.quote.lines == record.quote.seatLines, "a sale is at the present price", "\(record.id)"
    )
    // A late payment takes its seats again whatever else its customer has. Of who has no name, nobody
    // knows what else it has.
    let others = commit.after.bookings(of: record.showID).filter {
      $0.partnerID == record.partnerID && $0.customerRef == record.customerRef
        && $0.state.seatState != nil && (!record.customerRef.isEmpty || $0.id == record.id)
    }
    // Who waits was asked for the cap when it joined, and it may be lower now.
    let isOffer = { (id: BookingID) in
      commit.before.bookings[id] == nil && !commit.writes.entries.contains { $0.bookingID == id }
    }
    guard !isOffer(record.id), !others.contains(where: \.isTakenAgain) else { return }
    let count = others.reduce(0) { $0 + (isOffer($1.id) ? 0 : $1.seatsLeft.count) }
    try demand(
      count <= terms.seatsPerCustomer, "a customer has no more seats than allowed",
      "\(record.customerRef) has \(count) of \(terms.seatsPerCustomer)")
  }

  // MARK: Refunds

  private func refundIsByThePolicy(
    _ entry: SaleWrites.Entry, _ old: BookingRecord?, _ new: BookingRecord, _ commit: Commit
  ) throws {
    let refund = commit.after.refunds[entry.identity.key]
    switch entry.effect {
    case .cancelled:
      guard let refund, let terms = commit.before.shows[new.showID]?.terms else {
        throw Violation("a cancellation gives back", "\(entry.identity.key)")
      }
      let isCancelled = refund.seatNumbers.allSatisfy {
        new.cancelledSeats.contains($0) || new.state == .cancelled
      }
      let wasLeft = old.map { old in refund.seatNumbers.allSatisfy(old.seatsLeft.contains) }
      try demand(
        refund.bookingID == new.id && !refund.seatNumbers.isEmpty && isCancelled
          && wasLeft != false, "a refund is for seats that were given up", "\(refund)")
      try demand(
        refund.amount.minorUnits
          == Self.share(Self.price(refund.seatNumbers, new), terms, at: commit.now),
        "a refund is by the policy", "\(refund)")
    case .exchanged:
      guard let given = new.supersedes.flatMap({ commit.after.bookings[$0] }),
        let terms = commit.before.shows[given.showID]?.terms
      else { return }
      let credit = Self.price(given.seatsLeft, given)
      // What is only held is not paid.
      let difference = entry.state == .held ? 0 : credit - new.quote.total.minorUnits
      try demand(new.exchangeCredit == credit, "an exchange counts what was paid", "\(new.id)")
      try demand(
        refund?.amount.minorUnits
          == (difference > 0 ? Self.share(difference, terms, at: commit.now) : nil),
        "a refund is by the policy", "\(String(describing: refund))")
    default: try demand(refund == nil, "only who gives up is given back")
    }
  }

  private static func price(_ seats: [Int32], _ record: BookingRecord) -> Int64 {
    record.quote.lines.filter { seats.contains(record.seatNumbers[$0.position]) }
      .reduce(0) { $0 + $1.minorUnits }
  }

  /// Halves round up.
  private static func share(_ price: Int64, _ terms: ShowTerms, at now: Int64) -> Int64 {
    now < terms.refunds.endsAt
      ? (2 * price * Int64(terms.refunds.basisPoints) + 10_000) / 20_000 : 0
  }
}

extension Quote {
  /// The lines of the seats themselves.
  fileprivate var seatLines: [QuoteLine] { lines.filter { $0.addOn == nil } }
}
