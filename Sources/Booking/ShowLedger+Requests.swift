// The rules of the sale: which requests a show's ledger grants, and what it says to the others.

/// What a ledger says to a request.
package enum SaleDecision: Sendable, Hashable {
  /// Granted: the booking as it will be once the batch is committed.
  case done(BookingRecord, SaleEffect)
  /// Refused.
  case refused(SaleRefusal)
  /// Refused unless the same request was granted before, which the request log knows.
  case refusedUnlessLogged(SaleRefusal)
  /// The same id made a hold before; the request log has the answer.
  case logged
  /// Several, all of which were granted.
  case together([SaleDecision])
  /// Several, none of which was granted, because of this one.
  case refusedTogether(item: Int, SaleRefusal)
  /// Holds that were over have ended, or parties wait no longer, if there were any.
  case swept(any: Bool)
  /// The party has its place in the line.
  case inLine
  /// Seats were withdrawn or given back, with this version of the show.
  case seatsChanged(version: Int64)
}

extension ShowLedger {
  /// Decides a request for this show.
  package func decide(_ request: SaleRequest, _ moment: inout Moment) -> SaleDecision {
    let hasEnded = endHolds(&moment)
    let decision = decide(request, hasEnded: hasEnded, &moment)
    switch decision {
    case .done, .swept, .seatsChanged: serveQueue(&moment)
    // Who is not the first in line waits for the first, or for the first of its partner's.
    case .inLine where queue.parties.count == 1 || !terms.allocations.isEmpty: serveQueue(&moment)
    default: break
    }
    return decision
  }

  /// Ends the holds that are over and gives their seats to the line; false when none was.
  @discardableResult
  package func endHolds(_ moment: inout Moment) -> Bool {
    let hasEnded = settle(&moment)
    // What is set aside may have changed, and who waited for it has no hope any more.
    if hasEnded || !terms.allocations.isEmpty { serveQueue(&moment) }
    return hasEnded
  }

  private func decide(
    _ request: SaleRequest, hasEnded: Bool, _ moment: inout Moment
  ) -> SaleDecision {
    switch request {
    case .hold(let request): return hold(request, &moment)
    case .change(let request): return change(request, &moment)
    case .sweep: return .swept(any: hasEnded)
    case .join(let request): return join(request, &moment)
    case .endWaits(_, _, let ends): return .swept(any: end(ends))
    case .block(let request): return block(request, &moment)
    case .exchange, .together: preconditionFailure("decided on several ledgers")
    }
  }

  // MARK: Hold

  /// Decides a request to hold seats. Of the free seats that are for those who wait, so many are open
  /// for it.
  package func hold(
    _ request: HoldRequest, _ moment: inout Moment, openSeats: Int = 0
  ) -> SaleDecision {
    if holders.contains(request.identity.key) { return .logged }
    let decision = tryHold(request, openSeats, &moment)
    // A request from before this ledger was read may have been granted then.
    if case .refused(let refusal) = decision, !knowsAllHolders {
      return .refusedUnlessLogged(refusal)
    }
    return decision
  }

  private func tryHold(
    _ request: HoldRequest, _ openSeats: Int, _ moment: inout Moment
  ) -> SaleDecision {
    settle(&moment)
    guard isOnSale(&moment) else { return .refused(.salesClosed) }
    let partnerID = request.identity.partnerID
    let isOpen = queue.isEmpty || request.selection.count <= openSeats
    guard isOpen || ownsPassage(partnerID) else { return .refused(.reservedForWaiting) }
    let seats: [LayoutSeat]
    switch request.selection {
    case .named(let numbers):
      let indices = numbers.compactMap(terms.layout.index(number:))
      guard indices.count == numbers.count else { return .refused(.staleShow) }
      if exceedsCap(request, indices.count, &moment) { return .refused(.holdLimitExceeded) }
      if let refusal = lost(of: indices, &moment) { return .refused(refusal) }
      let offered = offered(indices.count, to: partnerID, pastLine: !isOpen, &moment)
      let stranded = objections(toTaking: indices, among: offered)
      guard stranded.isEmpty else {
        return .refused(.strandsSeats(stranded.map { terms.layout.seats[$0].number }))
      }
      if let refusal = setAside(indices, from: partnerID, &moment) { return .refused(refusal) }
      guard isOpen || mayPassLine(indices, soldBy: partnerID, &moment) else {
        return .refused(.reservedForWaiting)
      }
      seats = indices.map { terms.layout.seats[$0] }
    case .best(let wish):
      if exceedsCap(request, wish.count, &moment) { return .refused(.holdLimitExceeded) }
      let offered = offered(wish.count, to: partnerID, pastLine: !isOpen, &moment)
      guard let indices = choose(wish, among: offered) else {
        return .refused(isOpen ? .noAdjacentSeats : .reservedForWaiting)
      }
      seats = indices.map { terms.layout.seats[$0] }
    }
    guard
      let priced = try? terms.prices.quote(
        seats: seats, partnerID: partnerID, &moment)
    else { return .refused(.staleShow) }
    let record = BookingRecord(
      id: request.bookingID, showID: terms.showID, partnerID: partnerID,
      customerRef: request.customerRef, requestID: request.identity.requestID, state: .held,
      seatNumbers: priced.seats.map(\.number), quote: priced.quote,
      holdUntil: BookingRecord.notYet, createdAt: BookingRecord.notYet, version: version + 1)
    insert(record)
    return .done(record, .held)
  }

  /// Refuses a hold of named seats that others have, if that much is clear without a batch and
  /// while none has changed the ledger; nil when it must be decided. Changes nothing.
  package func refusalAtOnce(of request: HoldRequest, _ moment: inout Moment) -> SaleRefusal? {
    guard !isTouched, !queue.isTouched, nextEnd > moment.now, knowsAllHolders,
      !holders.contains(request.identity.key), isOnSale(&moment), queue.isEmpty,
      case .named(let numbers) = request.selection
    else { return nil }
    guard !exceedsCap(request, numbers.count, &moment) else { return nil }
    let indices = numbers.compactMap(terms.layout.index(number:))
    return indices.count == numbers.count ? lost(of: indices, &moment) : nil
  }

  func isOnSale(_ moment: inout Moment) -> Bool {
    terms.isOnSale && !moment.isOver(terms.endsAt)
  }

  private func exceedsCap(
    _ request: HoldRequest, _ count: Int, _ moment: inout Moment
  ) -> Bool {
    exceedsCap(request.identity.partnerID, request.customerRef, count, &moment)
  }

  func exceedsCap(
    _ partnerID: Int64, _ customerRef: String, _ count: Int, _ moment: inout Moment
  ) -> Bool {
    // Nobody knows what else a customer without a name has: its cap counts for this call alone.
    guard !customerRef.isEmpty else { return count > terms.seatsPerCustomer }
    let others = bookings(partnerID: partnerID, customerRef: customerRef)
    let has = others.reduce(0) { $0 + $1.seatsLeft.count }
    guard has + count > terms.seatsPerCustomer else { return false }
    // The refusal is wrong once one of them is over.
    for record in others { noteLive(record, &moment) }
    return true
  }

  /// Which of the seats are not free; nil when all are.
  func lost(of indices: [Int], _ moment: inout Moment) -> SaleRefusal? {
    var lost: [SeatStatus] = []
    for index in indices where !free.contains(index) {
      if case .booking(let id) = owners[index], let record = booking(id) {
        noteLive(record, &moment)
      }
      if lost.isEmpty { lost.reserveCapacity(indices.count) }
      lost.append(SeatStatus(number: terms.layout.seats[index].number, state: state(at: index)))
    }
    return lost.isEmpty ? nil : .seatsUnavailable(lost, version: version(showing: lost))
  }

  /// The refusal rests on this hold: it is wrong once that is over.
  func noteLive(_ record: BookingRecord, _ moment: inout Moment) {
    if record.state == .held, record.holdUntil != BookingRecord.notYet {
      _ = moment.isOver(record.graceUntil)
    }
  }

  // MARK: Change

  /// Decides a request to change a booking, which is live or was brought in.
  package func change(_ request: ChangeRequest, _ moment: inout Moment) -> SaleDecision {
    settle(&moment)
    guard let record = booking(request.bookingID) else { return .refused(.bookingNotFound) }
    guard record.partnerID == request.identity.partnerID else {
      return .refused(.foreignBooking)
    }
    switch (request.change, record.state) {
    case (.confirm, .held):
      noteLive(record, &moment)
      return confirm(record, request)
    case (.confirm, .expired) where canTakeAgain(record, &moment):
      return confirm(record, request)
    case (.release, .held):
      noteLive(record, &moment)
      return .done(update(record) { $0.state = .released }, .released)
    case (.cancel, .confirmed):
      return cancel(record, request.seats, &moment)
    case (.extend, .held):
      noteLive(record, &moment)
      return extend(record)
    case (.attach, .held):
      noteLive(record, &moment)
      return attach(record, request.addOns)
    default:
      return .refusedUnlessLogged(.wrongState(record))
    }
  }

  private func confirm(_ record: BookingRecord, _ request: ChangeRequest) -> SaleDecision {
    let changed = update(record) {
      $0.state = .confirmed
      $0.paymentReference = request.paymentReference
      $0.isTakenAgain = record.state == .expired
    }
    return .done(changed, .confirmed)
  }

  /// A payment that came late takes the seats again when all of them are still free.
  private func canTakeAgain(_ record: BookingRecord, _ moment: inout Moment) -> Bool {
    let indices = record.seatNumbers.compactMap(terms.layout.index(number:))
    return indices.count == record.seatNumbers.count && isOnSale(&moment) && queue.isEmpty
      && indices.allSatisfy(free.contains)
      && setAside(indices, from: record.partnerID, &moment) == nil
  }

  private func extend(_ record: BookingRecord) -> SaleDecision {
    guard !record.isExtended else { return .refusedUnlessLogged(.extendedBefore(record)) }
    let changed = update(record) {
      $0.isExtended = true
      // An offer that this batch makes anew, on a ledger that is behind, has no end to move.
      if $0.holdUntil != BookingRecord.notYet {
        $0.holdUntil += Int64(terms.holdMinutes) * 60_000_000
      }
    }
    return .done(changed, .extended)
  }

  /// Brings in a booking that has no seats any more.
  package func bringIn(_ record: BookingRecord) {
    guard live[record.id] == nil else { return }
    ended[record.id] = record
  }
}
