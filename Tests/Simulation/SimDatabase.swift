// The one database of a simulation: tables, a clock, and the stream of changes in commit order.

import Booking

@testable import BookingStore

/// Every call is a statement of its own and happens at once; what happens between two statements of
/// a node is the simulation's choice.
final class SimDatabase {
  /// What logical decoding tells.
  enum Message: Hashable {
    case seats(SeatChange)
    case queue(QueueChange)
  }

  private(set) var tables: Tables
  /// Microseconds since 1970.
  var now: Int64
  /// Messages in commit order.
  private(set) var stream: [Message] = []
  let judge: Judge
  let fault: Fault?

  init(_ tables: Tables, at now: Int64, fault: Fault?) {
    self.tables = tables
    self.now = now
    self.fault = fault
    judge = Judge(tables)
  }

  // MARK: Sales

  /// As read_shows(): a show that is read in order to sell has seats afterwards.
  func readShow(_ showID: Int64) -> Tables.Show? {
    if fault != .makesNoSeats { tables.shows[showID]?.hasSeats = true }
    return tables.shows[showID]
  }

  /// As write_sales(), with write_waits() in the same transaction.
  func write(_ writes: SaleWrites, _ moment: Moment?) throws -> Int64 {
    var next = tables
    try next.apply(writes, moment, at: now, fault)
    try judge.committed(writes, before: tables, after: next, at: now)
    tables = next
    for show in writes.shows where show.changesSeats { stream.append(message(show.change)) }
    for show in writes.shows where show.changesQueue {
      stream.append(
        .queue(
          QueueChange(
            lane: show.change.lane, showID: show.change.showID, version: show.queueVersion + 1)))
    }
    return now
  }

  private func message(_ change: SeatChange) -> Message {
    let seats = fault == .garblesMessages ? Array(change.seats.dropFirst()) : change.seats
    return .seats(
      SeatChange(lane: change.lane, showID: change.showID, version: change.version, seats: seats))
  }

  /// As check_sales().
  func check(
    _ shows: [SaleStatements.CheckedShow], _ moment: Moment
  ) throws(StatementFailure) {
    let isSo = shows.allSatisfy { checked in
      let row = tables.shows[checked.key.showID]
      return row?.version == checked.version && row?.queueVersion == checked.queueVersion
        && row?.terms.prices.version == checked.pricingVersion
    }
    guard isSo, moment.validFrom <= now, now < moment.validUntil else { throw .serialization }
  }

  /// The theatre changes the terms of a show, which raises the version of its prices.
  func change(_ showID: Int64, to terms: ShowTerms) {
    tables.shows[showID]?.terms = terms
    judge.termsChanged(terms, at: now)
  }

  func snapshot(_ showID: Int64) -> SeatSnapshot? {
    tables.shows[showID].map { show in
      SeatSnapshot(
        lane: show.terms.lane, showID: showID, version: show.version,
        seats: show.states.enumerated().map { SeatStatus(number: Int32($0), state: $1) })
    }
  }

  /// As find_due_shows.sql.
  var dueShows: [ShowTerms] {
    tables.shows.keys.sorted().compactMap { tables.shows[$0]?.terms }.filter { terms in
      tables.bookings.values.contains {
        $0.showID == terms.showID && $0.state == .held && $0.graceUntil <= now
      }
    }
  }

  // MARK: Requests

  /// As BookingLookup.fence: what the request did, or that it never will do anything.
  func fence(_ identity: RequestIdentity) -> RequestFate {
    if tables.log[identity.key] == nil {
      tables.log[identity.key] = Tables.LogRow(hash: identity.hash, effect: nil)
    }
    return fate(identity.key) ?? .fenced
  }

  /// As BookingLookup.fate.
  func fate(_ key: RequestKey) -> RequestFate? {
    if tables.log[key]?.blockVersion != nil { return .ranWithoutBooking }
    return tables.request(key).map { $0.record.map { .ran($0.told(at: now)) } ?? .fenced }
  }

  // MARK: The waiting list

  /// As touch_waits().
  func touch(_ keys: some Sequence<RequestKey>) {
    for key in keys where tables.waits[key]?.entry.state == .waiting {
      tables.waits[key]?.seenAt = now
    }
  }

  /// As find_due_waits.sql: who waits no longer, by show.
  func dueWaits() -> [(terms: ShowTerms, ends: [WaitEnd])] {
    let due = tables.dueWaits(at: now)
    for wait in due { judge.mayEnd(wait.end) }
    return Town.showIDs.compactMap { showID in
      let ends = due.filter { $0.showID == showID }.map(\.end)
      return ends.isEmpty ? nil : tables.shows[showID].map { ($0.terms, ends) }
    }
  }
}
