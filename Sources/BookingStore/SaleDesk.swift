// Where a lane worker's batches are decided and written. Confined to the worker's loop, one batch at
// a time.
//
// A batch is decided in memory, on ledgers that are exact at a version of their show, and written by
// one statement that refuses when a version, the terms or the time are others by then. Then another
// node was faster, or a request id was used before: the same batch is read and decided again with
// the shows locked, where nobody can be faster.

import Booking
import Postgres
import Reactor

final class SaleDesk {
  private let database: any Database
  private let shows: ShowDirectory
  private let loop: EventLoop
  private let shelf = LedgerShelf()
  private var refusals = RefusalMemory()
  private var clock = DatabaseClock()
  /// Whether the node learns of others' changes: then what a ledger says is no older than the feed.
  private var isFeedLive = false
  /// Versions that shows and their lines have been told to have.
  private var newest = ToldVersions()
  private var newestQueues = ToldVersions()
  /// Shows that something was told of while a batch was under way.
  private var toldOf: Set<Int64> = []
  private var isServing = false
  /// Shows of the batch under way: after a failure their ledgers are wrong.
  private var used: Set<Int64> = []
  /// Shows of the batch under way that belong to other workers: of their changes nobody tells.
  private var foreign: [Int64] = []
  /// Called with what was committed of shows that are other workers'.
  var onForeignCommit: @Sendable ([SeatChange]) -> Void = { _ in }
  /// Called with what was committed, show by show.
  private let onCommit: @Sendable ([SeatChange]) -> Void

  init(
    _ database: any Database, _ shows: ShowDirectory, on loop: EventLoop,
    onCommit: @escaping @Sendable ([SeatChange]) -> Void
  ) {
    self.database = database
    self.shows = shows
    self.loop = loop
    self.onCommit = onCommit
  }

  // MARK: The feed

  /// The feed lives from now on, or is gone. Either way changes may have been missed before.
  func setFeedLive(_ isLive: Bool) {
    isFeedLive = isLive
    (newest, newestQueues) = (ToldVersions(), ToldVersions())
    toldOf = []
    if !isServing { shelf.dropAll() }
    mustForget = isServing
  }

  /// Set when the ledgers must go once the batch under way is over.
  private var mustForget = false

  /// A show reached a version.
  func note(_ showID: Int64, version: Int64) {
    newest.note(showID, version)
    dropIfOld(showID)
  }

  /// The line for a show reached a version.
  func note(_ showID: Int64, queueVersion: Int64) {
    newestQueues.note(showID, queueVersion)
    dropIfOld(showID)
  }

  /// A ledger that a batch has in hands goes when the batch is over.
  private func dropIfOld(_ showID: Int64) {
    if isServing {
      toldOf.insert(showID)
      // More, and what was told of the first may be forgotten by then.
      if toldOf.count >= Limits.toldShows { mustForget = true }
    } else if let ledger = shelf.ledger(showID), isOld(ledger) {
      shelf.drop(showID)
    }
  }

  private func isOld(_ ledger: ShowLedger) -> Bool {
    ledger.version < newest[ledger.terms.showID]
      || ledger.queueVersion < newestQueues[ledger.terms.showID]
  }

  private func catchUp() {
    if mustForget { shelf.dropAll() }
    mustForget = false
    for showID in toldOf { dropIfOld(showID) }
    toldOf = []
  }

  // MARK: Without a batch

  /// Refuses a request from memory when it wants seats that others have, as of the latest version
  /// that the feed has told; nil when it must be served. A batch under way is no hindrance as long
  /// as it has not changed the show's ledger.
  func refusalAtOnce(of hold: HoldRequest) -> SaleRefusal? {
    guard isFeedLive, !mustForget,
      let time = clock.estimate(at: loop.now), let ledger = shelf.provenLedger(hold.showID),
      !isOld(ledger), refusals.answer(hold.identity) == nil
    else { return nil }
    var moment = Moment(time)
    guard let refusal = ledger.refusalAtOnce(of: hold, &moment), moment.isClear else { return nil }
    refusals.note(refusal, hold.identity)
    return refusal
  }

  // MARK: One batch

  /// Serves a batch, its outcomes in its order. When it throws, nobody knows for whom: what was
  /// committed nevertheless is found by the request ids.
  func serve(
    _ requests: [SaleRequest], timeout: Duration?
  ) async throws(PostgresError) -> [SaleOutcome] {
    isServing = true
    shelf.beginTurn()
    defer {
      isServing = false
      used = []
      for showID in foreign { shelf.drop(showID) }
      foreign = []
      catchUp()
    }
    do throws(PostgresError) {
      return remember(requests, try await serveUnlocked(requests, timeout))
    } catch {
      forgetUsed()
      guard error.kind == .serializationFailure || error.kind == .uniqueViolation else {
        throw error
      }
    }
    do throws(PostgresError) {
      return remember(requests, try await serveLocked(requests, timeout))
    } catch {
      forgetUsed()
      throw error
    }
  }

  private func remember(_ requests: [SaleRequest], _ outcomes: [SaleOutcome]) -> [SaleOutcome] {
    for (request, outcome) in zip(requests, outcomes) {
      if case .refused(let refusal) = outcome, let identity = request.identity {
        refusals.note(refusal, identity)
      }
    }
    return outcomes
  }

  private func forgetUsed() {
    for showID in used { shelf.drop(showID) }
  }

  private func serveUnlocked(
    _ requests: [SaleRequest], _ timeout: Duration?
  ) async throws(PostgresError) -> [SaleOutcome] {
    var batch = SaleBatch(requests, database, timeout)
    try await findShows(&batch)
    if batch.needsLog { try await findRequests(&batch) }
    try await findParties(&batch)
    try await openLedgers(of: batch)
    if batch.contradictsBookings(shelf) {
      throw PostgresError(.serializationFailure, "a booking is not where it was read")
    }
    batch.decide(shelf, refusals, Moment(try await now(batch)))
    if batch.contradictsSweep {
      throw PostgresError(.serializationFailure, "a hold is over that the ledger has otherwise")
    }
    // Of what the ledgers missed before the feed began, no feed tells.
    if let refused = batch.refusalsToCheck(shelf, isFeedLive: isFeedLive && !mustForget) {
      let time = try await SaleStatements.check(
        refused, batch.moment, on: database, timeout: timeout)
      clock.note(time, at: loop.now)
      for show in refused { shelf.prove(show.key.showID) }
    }
    if !batch.writes.isEmpty {
      let time = try await write(batch, timeout)
      settle(&batch, at: time)
    }
    try await findLogged(&batch)
    return batch.outcomes(at: try await now(batch))
  }

  /// One statement writes a batch; lines and withdrawn seats, which change seldom, take others.
  private func write(
    _ batch: SaleBatch, _ timeout: Duration?
  ) async throws(PostgresError) -> Int64 {
    guard batch.writes.hasRarities else {
      return try await SaleStatements.write(
        batch.writes, batch.moment, on: database, timeout: timeout)
    }
    return try await database.inTransaction {
      (connection) async throws(PostgresError) -> Int64 in
      try await WaitStatements.write(
        batch.writes, batch.moment, on: connection, timeout: timeout)
    }
  }

  private func serveLocked(
    _ requests: [SaleRequest], _ timeout: Duration?
  ) async throws(PostgresError) -> [SaleOutcome] {
    var (batch, time) = try await database.inTransaction {
      (connection) async throws(PostgresError) -> (SaleBatch, Int64) in
      try await self.decideLocked(requests, on: connection, timeout)
    }
    settle(&batch, at: time)
    return batch.outcomes(at: time)
  }

  private func decideLocked(
    _ requests: [SaleRequest], on connection: any Database, _ timeout: Duration?
  ) async throws(PostgresError) -> (SaleBatch, Int64) {
    var batch = SaleBatch(requests, connection, timeout)
    try await findShows(&batch)
    try await findRequests(&batch)
    try await findParties(&batch)
    for showID in batch.showIDs { shelf.drop(showID) }
    try await openLedgers(of: batch, locked: true)
    try await bringIn(batch.endedBookings(shelf), &batch)
    let time = try await connection.query(Statements.databaseTime, [], timeout: timeout)
      .onlyRow().decode(0, as: PostgresTimestamp.self).unixMicroseconds
    batch.decide(shelf, refusals, Moment(time))
    guard !batch.writes.isEmpty else {
      try await findLogged(&batch)
      return (batch, time)
    }
    // Under the locks the time of the decision is the time of the transaction.
    let written = try await WaitStatements.write(
      batch.writes, nil, on: connection, timeout: timeout)
    try await findLogged(&batch)
    return (batch, written)
  }

  /// A batch is committed: its ledgers have the new versions.
  private func settle(_ batch: inout SaleBatch, at time: Int64) {
    clock.note(time, at: loop.now)
    batch.settle(shelf, at: time)
    let changes = batch.writes.shows.filter(\.changesSeats).map(\.change)
    guard !changes.isEmpty else { return }
    let others = changes.filter { foreign.contains($0.showID) }
    if !others.isEmpty { onForeignCommit(others) }
    onCommit(changes)
  }

  private func now(_ batch: SaleBatch) async throws(PostgresError) -> Int64 {
    if let estimate = clock.estimate(at: loop.now) { return estimate }
    let result = try await batch.database.query(
      Statements.databaseTime, [], timeout: batch.timeout)
    let time = try result.onlyRow().decode(0, as: PostgresTimestamp.self).unixMicroseconds
    clock.note(time, at: loop.now)
    return time
  }

  // MARK: Reading

  /// Finds the shows of the bookings that are to be changed, and reads those bookings that no ledger
  /// here has.
  private func findShows(_ batch: inout SaleBatch) async throws(PostgresError) {
    batch.findShows(shelf)
    try await bringIn(batch.unknownBookings, &batch)
  }

  private func bringIn(
    _ ids: [BookingID], _ batch: inout SaleBatch
  ) async throws(PostgresError) {
    guard !ids.isEmpty else { return }
    let records = try await SaleStatements.bookings(
      ids, on: batch.database, timeout: batch.timeout)
    batch.bringIn(records)
  }

  private func findRequests(_ batch: inout SaleBatch) async throws(PostgresError) {
    batch.logged = try await SaleStatements.requests(
      batch.requestKeys, on: batch.database, timeout: batch.timeout)
  }

  private func findParties(_ batch: inout SaleBatch) async throws(PostgresError) {
    let keys = batch.joinKeys
    guard !keys.isEmpty else { return }
    batch.knownParties = try await WaitStatements.parties(
      keys, on: batch.database, timeout: batch.timeout)
  }

  /// After the decision: answers of requests that may have been granted before.
  private func findLogged(_ batch: inout SaleBatch) async throws(PostgresError) {
    let keys = batch.keysToLookUp
    guard !keys.isEmpty else { return }
    let found = try await SaleStatements.requests(
      keys, on: batch.database, timeout: batch.timeout)
    batch.logged.merge(found) { _, new in new }
  }

  private func openLedgers(
    of batch: SaleBatch, locked: Bool = false
  ) async throws(PostgresError) {
    used.formUnion(batch.showIDs)
    foreign = batch.foreignShowIDs
    let missing = batch.showKeys.filter { shelf.ledger($0.showID) == nil }
    guard !missing.isEmpty else { return }
    // Versions first: sales read after are written only if the version is still this.
    let states = try await SaleStatements.shows(
      missing, locked: locked, on: batch.database, timeout: batch.timeout)
    if !locked, states.contains(where: isOlderThanTold) {
      throw PostgresError(.serializationFailure, "a commit that was told of does not show yet")
    }
    let blocked = try await SaleStatements.blocked(
      missing, on: batch.database, timeout: batch.timeout)
    let bookings = try await SaleStatements.bookings(
      of: missing, on: batch.database, timeout: batch.timeout)
    let queues = try await queues(of: states, missing, batch)
    let details = try await details(of: states)
    for state in states {
      guard let details = details[state.showID] else { continue }
      shelf.put(
        try ShowLedger(
          state, details, blocked: blocked[state.showID] ?? [],
          bookings: bookings[state.showID] ?? [],
          queue: queues[state.showID] ?? WaitingQueue(),
          chooser: shelf.chooser(details.layoutKey, details.layout)),
        isProven: locked)
    }
  }

  /// Under the locks nothing is: they outlast the moment between a commit's telling and showing.
  private func isOlderThanTold(_ state: ShowState) -> Bool {
    state.version < newest[state.showID] || state.queueVersion < newestQueues[state.showID]
  }

  /// The lines of those shows that ever had one.
  private func queues(
    of states: [ShowState], _ keys: [SaleStatements.ShowKey], _ batch: SaleBatch
  ) async throws(PostgresError) -> [Int64: WaitingQueue] {
    let showIDs = Set(states.lazy.filter { $0.queueVersion > 0 }.map(\.showID))
    guard !showIDs.isEmpty else { return [:] }
    return try await WaitStatements.queues(
      of: keys.filter { showIDs.contains($0.showID) }, on: batch.database, timeout: batch.timeout)
  }

  /// The catalogue's part of each show, as of the version of its terms.
  private func details(
    of states: [ShowState]
  ) async throws(PostgresError) -> [Int64: ShowDetails] {
    var found: [Int64: ShowDetails] = [:]
    for state in states {
      do throws(StoreError) {
        var details = try await shows.show(id: state.showID)
        if let stale = details, stale.prices.version != state.pricingVersion {
          shows.forget(id: state.showID)
          details = try await shows.show(id: state.showID)
        }
        guard let details, details.prices.version == state.pricingVersion else {
          throw StoreError(PostgresError(.serializationFailure, "terms changed meanwhile"))
        }
        found[state.showID] = details
      } catch {
        throw error.cause ?? PostgresError(.decoding, "a show cannot be read")
      }
    }
    return found
  }
}

extension ShowDetails {
  var layoutKey: LayoutKey {
    LayoutKey(auditoriumID: show.auditoriumID, version: show.layoutVersion)
  }
}

extension ShowLedger {
  /// A ledger from what was read.
  convenience init(
    _ state: ShowState, _ details: ShowDetails, blocked: [Int32], bookings: [BookingRecord],
    queue: WaitingQueue, chooser: BestAvailable
  ) throws(PostgresError) {
    let terms = ShowTerms(
      showID: state.showID, lane: details.show.lane, layout: details.layout,
      prices: details.prices, allocations: details.allocations, holdMinutes: Int(state.holdMinutes),
      seatsPerCustomer: Int(state.seatsPerCustomer), orphanRule: state.orphanRule,
      refunds: state.refunds, isOnSale: state.isOnSale,
      startsAt: details.show.startsAtUnixMicroseconds, endsAt: state.endsAt)
    do throws(BookingError) {
      try self.init(
        terms, version: state.version, blocked: blocked, live: bookings, chooser: chooser,
        queue: queue, queueVersion: state.queueVersion)
    } catch {
      throw PostgresError(.decoding, error.message)
    }
  }
}
