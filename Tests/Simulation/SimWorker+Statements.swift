// The statements of a batch in the order in which SaleDesk sends them.

import Booking

@testable import BookingStore

extension SimWorker {
  func run(_ dice: inout Dice, _ node: SimNode) throws -> [NodeAnswer] {
    guard var turn else { return [] }
    defer { if self.turn != nil { self.turn = turn } }
    switch turn.stage {
    case .find, .findLocked:
      findShows(&turn)
      if turn.stage == .findLocked {
        turn.stage = .requestsLocked
      } else {
        if turn.batch.needsLog { findRequests(turn.batch.requestKeys, &turn) }
        turn.stage = .parties
      }
    case .parties, .partiesLocked:
      findParties(&turn)
      turn.stage = turn.stage == .parties ? .versions : .locked
    case .versions:
      readVersions(&turn)
      turn.stage = .sales
    case .sales:
      try readSales(&turn, &dice)
      try decide(&turn, node)
    case .write:
      settle(&turn, at: try write(turn.batch.writes, turn.batch.moment, &dice, node), node)
      turn.stage = .lookUp
    case .check:
      try check(turn)
      turn.stage = afterCheck(turn)
    case .lookUp:
      findRequests(turn.batch.keysToLookUp, &turn)
      return finish(turn, at: database.now + node.skew, node)
    case .requestsLocked:
      findRequests(turn.batch.requestKeys, &turn)
      turn.stage = .partiesLocked
    case .locked:
      try serveLocked(&turn, &dice, node)
      return finish(turn, at: database.now, node)
    }
    return []
  }

  // MARK: Reading

  private func findShows(_ turn: inout Turn) {
    turn.batch.findShows(shelf)
    turn.batch.bringIn(
      turn.batch.unknownBookings.compactMap { database.tables.bookings[$0] })
  }

  private func findRequests(_ keys: [RequestKey], _ turn: inout Turn) {
    for key in keys {
      guard let found = database.tables.request(key) else { continue }
      let version = database.tables.log[key]?.blockVersion
      turn.batch.logged[key] = LoggedRequest(
        hash: found.hash,
        deed: found.record.map { .booking($0) } ?? version.map { .seats(version: $0) } ?? .fence)
    }
  }

  private func findParties(_ turn: inout Turn) {
    for key in turn.batch.joinKeys {
      turn.batch.knownParties[key] = database.tables.waits[key]?.entry
    }
  }

  private func readVersions(_ turn: inout Turn) {
    turn.used.formUnion(turn.batch.showIDs)
    turn.foreign = turn.batch.foreignShowIDs
    turn.read = turn.batch.showKeys.filter { shelf.ledger($0.showID) == nil }
      .compactMap { database.readShow($0.showID) }
  }

  private func readSales(_ turn: inout Turn, _ dice: inout Dice) throws {
    for read in turn.read {
      let terms = read.terms
      guard let show = database.tables.shows[terms.showID] else { continue }
      var live = database.tables.bookings(of: terms.showID).filter { $0.state.seatState != nil }
      if database.fault == .forgetsABooking, dice.chance(10) { live = live.dropLast() }
      let blocked = show.seats.indices.filter { show.seats[$0].state == .blocked }
      shelf.put(
        try ShowLedger(
          terms, version: read.version, blocked: blocked.map(Int32.init), live: live,
          chooser: shelf.chooser(
            LayoutKey(auditoriumID: terms.showID, version: 1), terms.layout),
          queue: read.queueVersion > 0 ? queue(terms.showID) : WaitingQueue(),
          queueVersion: read.queueVersion),
        isProven: turn.stage == .locked)
    }
  }

  private func queue(_ showID: Int64) -> WaitingQueue {
    let queue = database.tables.queue(showID)
    guard database.fault == .servesOutOfOrder, queue.parties.count > 1 else { return queue }
    var parties = queue.parties
    parties.swapAt(0, 1)
    return WaitingQueue(parties, lastArrival: queue.lastArrival)
  }

  // MARK: Deciding

  private func decide(_ turn: inout Turn, _ node: SimNode) throws {
    if turn.batch.contradictsBookings(shelf) { throw StatementFailure.serialization }
    turn.batch.decide(shelf, refusals, Moment(database.now + node.skew))
    if turn.batch.contradictsSweep { throw StatementFailure.serialization }
    let mustCheck =
      turn.batch.refusalsToCheck(shelf, isFeedLive: isFeedLive && !mustForget) != nil
      && database.fault != .trustsOldLedgers
    turn.stage = mustCheck ? .check : afterCheck(turn)
  }

  private func afterCheck(_ turn: Turn) -> Stage {
    turn.batch.writes.isEmpty ? .lookUp : .write
  }

  private func check(_ turn: Turn) throws {
    let checked = turn.batch.refusalsToCheck(shelf, isFeedLive: false) ?? []
    try database.check(checked, turn.batch.moment)
    for show in checked { shelf.prove(show.key.showID) }
  }

  private func write(
    _ writes: SaleWrites, _ moment: Moment?, _ dice: inout Dice, _ node: SimNode
  ) throws -> Int64 {
    let isLost = dice.chance(node.lossPercentage)
    if isLost, dice.chance(50) { throw StatementFailure.lost }
    let time = try database.write(writes, moment)
    if isLost { throw StatementFailure.lost }
    return time
  }

  /// From the lock to the commit nobody else can do anything to the shows: one step.
  private func serveLocked(
    _ turn: inout Turn, _ dice: inout Dice, _ node: SimNode
  ) throws {
    for showID in turn.batch.showIDs { shelf.drop(showID) }
    readVersions(&turn)
    try readSales(&turn, &dice)
    turn.batch.bringIn(
      turn.batch.endedBookings(shelf).compactMap { database.tables.bookings[$0] })
    turn.batch.decide(shelf, refusals, Moment(database.now))
    if !turn.batch.writes.isEmpty {
      do {
        settle(&turn, at: try write(turn.batch.writes, nil, &dice, node), node)
      } catch StatementFailure.corrupted {
        throw Violation("what is read under the locks stays", "\(turn.batch.writes)")
      }
    }
    findRequests(turn.batch.keysToLookUp, &turn)
  }

  private func settle(_ turn: inout Turn, at time: Int64, _ node: SimNode) {
    turn.batch.settle(shelf, at: time)
    let changes = turn.batch.writes.shows.filter(\.changesSeats).map(\.change)
    node.committed(changes, foreign: turn.foreign)
  }

  // MARK: The end

  private func finish(
    _ turn: Turn, at now: Int64, _ node: SimNode
  ) -> [NodeAnswer] {
    var outcomes = turn.batch.outcomes(at: now)
    for (call, outcome) in zip(turn.calls, outcomes) {
      if case .refused(let refusal) = outcome, let identity = call.request.identity {
        refusals.note(refusal, identity)
      }
      if case .refused(let refusal) = outcome { node.tell(refusal, to: call.request) }
    }
    endTurn(turn)
    for index in outcomes.indices { invent(&outcomes[index], turn.calls[index].request) }
    return Array(zip(turn.calls, outcomes.map(Optional.some)))
  }

  /// What a faulty node answers instead.
  private func invent(_ outcome: inout SaleOutcome, _ request: SaleRequest) {
    guard case .hold(let hold) = request else { return }
    switch (database.fault, outcome) {
    case (.inventsAGrant, .refused):
      guard let other = database.tables.bookings(of: hold.showID).last else { return }
      outcome = .done(other)
    case (.inventsALoss, .done(let record)):
      outcome = .refused(
        .seatsUnavailable(
          record.seatNumbers.map { SeatStatus(number: $0, state: .held) },
          version: record.version - 1))
    default: break
    }
  }
}
