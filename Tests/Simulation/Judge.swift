// What must always be true, judged at every commit from the rows before and after. It remembers
// what no row tells any more: the states of every version, each booking's past, the terms' past.

import Booking

/// A promise that was broken.
struct Violation: Error, CustomStringConvertible {
  let rule: String
  let detail: String

  init(_ rule: String, _ detail: String = "") {
    self.rule = rule
    self.detail = detail
  }

  var description: String { "\(rule): \(detail)" }
}

/// Throws when something is not as promised.
func demand(_ condition: Bool, _ rule: String, _ detail: @autoclosure () -> String = "") throws {
  if !condition { throw Violation(rule, detail()) }
}

/// One commit: the rows before and after, and the batch between.
struct Commit {
  let writes: SaleWrites
  let before: Tables
  let after: Tables
  let now: Int64

  /// What the batch's requests did to a show.
  func entries(of showID: Int64) -> [SaleWrites.Entry] {
    writes.entries.filter { writes.shows[$0.show].change.showID == showID }
  }
}

final class Judge {
  struct Past: Hashable {
    let version: Int64
    let state: BookingState
  }

  /// One version of a show.
  struct Version {
    let states: [SeatState]
    /// Seats that the transaction to it touched: between the versions they may have been anybody's.
    let touched: Set<Int>
  }

  /// By show, versions 1, 2, …
  private(set) var versions: [Int64: [Version]] = [:]
  /// The states that each booking was in, with the version that showed them.
  private(set) var pasts: [BookingID: Set<Past>] = [:]
  /// Since when shows have been on sale without a break; nil while they are not.
  private(set) var onSaleSince: [Int64: Int64] = [:]
  /// The fewest seats that a customer might ever have in a show.
  private(set) var smallestCaps: [Int64: Int] = [:]
  /// What requests were answered first.
  var answers: [RequestKey: BookingRecord] = [:]
  /// What requests were refused with: who repeats one may be told the same again.
  var refusals: [RequestKey: Set<SaleRefusal>] = [:]
  /// The bodies that were ever sent with a request id.
  private(set) var bodies: [RequestKey: Set<[UInt8]>] = [:]
  /// The requests that are done together with one that is never sent alone.
  private var groups: [RequestKey: Set<RequestKey>] = [:]
  /// In which states parties of the waiting list may end.
  var possibleEnds: [RequestKey: Set<WaitState>] = [:]
  private(set) var commitCount = 0
  private(set) var effects: [SaleEffect: Int] = [:]
  /// Holds that were exchanged, and those of them by which an offer was while somebody waited.
  var swapCount = 0
  var offerSwapCount = 0
  /// Sales that had to leave somebody's quota.
  var quotaCount = 0
  /// Shows of which something was ever set aside: who may have which free seat is no longer plain.
  private(set) var allocated: Set<Int64> = []
  /// Requests that withdrew seats or gave them back.
  private(set) var blockCount = 0
  /// What became of parties of the waiting list.
  var ends: [WaitState: Int] = [:]

  init(_ tables: Tables) {
    for (showID, show) in tables.shows {
      versions[showID] = [Version(states: show.states, touched: [])]
      onSaleSince[showID] = show.terms.isOnSale ? .min : nil
      smallestCaps[showID] = show.terms.seatsPerCustomer
      if !show.terms.allocations.isEmpty { allocated.insert(showID) }
    }
  }

  // MARK: What is asked and changed

  func sent(_ wish: Wish) {
    for identity in wish.identities {
      bodies[identity.key, default: []].insert(identity.hash)
    }
  }

  /// Requests that are only ever sent together.
  func sentTogether(_ keys: Set<RequestKey>, exclusive: Set<RequestKey>) {
    for key in exclusive { groups[key] = keys }
  }

  func termsChanged(_ terms: ShowTerms, at now: Int64) {
    if !terms.allocations.isEmpty { allocated.insert(terms.showID) }
    let cap = smallestCaps[terms.showID] ?? terms.seatsPerCustomer
    smallestCaps[terms.showID] = min(cap, terms.seatsPerCustomer)
    if !terms.isOnSale {
      onSaleSince[terms.showID] = nil
    } else if onSaleSince[terms.showID] == nil {
      onSaleSince[terms.showID] = now
    }
  }

  /// The states of a show at a version, if it has been reached.
  func states(_ showID: Int64, at version: Int64) -> [SeatState]? {
    guard let known = versions[showID], version >= 1, version <= known.count else { return nil }
    return known[Int(version) - 1].states
  }

  // MARK: A commit

  func committed(
    _ writes: SaleWrites, before: Tables, after: Tables, at now: Int64
  ) throws {
    commitCount += 1
    let commit = Commit(writes: writes, before: before, after: after, now: now)
    for show in writes.shows {
      guard let old = before.shows[show.change.showID], let new = after.shows[show.change.showID]
      else { throw Violation("a show is gone") }
      if show.changesSeats { try versionFollows(show.change, old, new) }
      try demand(
        show.changesSeats || (old.version == new.version && old.seats == new.seats),
        "seats change with their version", "show \(show.change.showID)")
      try seatsAreBookings(show.change.showID, after)
      try lineIsServed(show, commit)
      try nobodyIsStranded(show.change.showID, commit)
      try allocationsAreKept(show.change.showID, commit)
    }
    for booking in writes.bookings { try bookingFollows(booking.record.id, commit) }
    try requestsRunOnce(commit)
    try seatsAreWithdrawnByTheirTheatre(commit)
  }

  private func versionFollows(
    _ change: SeatChange, _ old: Tables.Show, _ new: Tables.Show
  ) throws {
    let detail = "show \(change.showID) version \(change.version)"
    try demand(new.version == old.version + 1, "versions have no gaps", detail)
    try demand(change.version == new.version, "a message tells its version", detail)
    var told = old.states
    for seat in change.seats { told[Int(seat.number)] = seat.state }
    try demand(told == new.states, "a message is the difference of the rows", detail)
    let numbers = Set(change.seats.map { Int($0.number) })
    try demand(numbers.count == change.seats.count, "a message names a seat once", detail)
    versions[change.showID]?.append(Version(states: new.states, touched: numbers))
  }

  /// Every live booking has its seats, every seat with an owner its booking: no seat has two owners,
  /// no booking is partial.
  func seatsAreBookings(_ showID: Int64, _ tables: Tables) throws {
    guard let show = tables.shows[showID] else { return }
    var expected = show.seats.map {
      Tables.Seat(state: $0.state == .blocked ? .blocked : .available)
    }
    for record in tables.bookings(of: showID) {
      guard let state = record.state.seatState else { continue }
      for number in record.seatsLeft {
        let index = Int(number)
        try demand(
          expected[index] == Tables.Seat(state: .available), "a seat has one owner",
          "show \(showID) seat \(number)")
        expected[index] = Tables.Seat(
          state: state, owner: record.id, holdUntil: state == .held ? record.holdUntil : nil)
      }
    }
    try demand(expected == show.seats, "seats are as bookings say", "show \(showID)")
  }

  /// Each request has one effect, and those that were sent together have theirs together.
  private func requestsRunOnce(_ commit: Commit) throws {
    for entry in commit.writes.entries {
      effects[entry.effect, default: 0] += 1
      let key = entry.identity.key
      try demand(
        commit.after.log[key]?.effect?.bookingID == entry.bookingID
          && commit.before.log[key] == nil,
        "a request has one effect", "\(key)")
      let others = groups[key] ?? []
      try demand(
        others.allSatisfy { commit.after.log[$0]?.effect != nil }, "all together or none",
        "\(key)")
    }
  }

  /// A seat is withdrawn or given back by a request for it and by nothing else.
  private func seatsAreWithdrawnByTheirTheatre(_ commit: Commit) throws {
    for (index, show) in commit.writes.shows.enumerated() {
      let showID = show.change.showID
      guard let old = commit.before.shows[showID], let new = commit.after.shows[showID] else {
        continue
      }
      var expected = old.states.map { $0 == .blocked }
      for block in commit.writes.blocks where block.show == index {
        blockCount += 1
        try demand(
          commit.before.log[block.request.identity.key] == nil, "a request has one effect")
        for number in block.request.seatNumbers {
          try demand(
            expected[Int(number)] != block.request.isBlock,
            "what is withdrawn was not, what is given back was", "show \(showID) seat \(number)")
          expected[Int(number)] = block.request.isBlock
        }
      }
      try demand(
        new.states.map { $0 == .blocked } == expected,
        "seats are withdrawn by who asked for it", "show \(showID)")
    }
  }

  func remember(_ id: BookingID, _ state: BookingState, _ version: Int64) {
    pasts[id, default: []].insert(Past(version: version, state: state))
  }
}
