// Ends holds whose time is over, so that their seats show as free. Tidiness, never correctness:
// every sale judges holds by the database's clock itself. Also ends the waiting of parties that
// waited for too long or are gone, by the same clock, and goes on with raises of shows whose callers may
// be gone.

import Booking
package import Logging
import Postgres
package import Reactor

/// A party whose waiting is over.
private struct DueWait {
  let show: SaleStatements.ShowKey
  let end: WaitEnd

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let state = WaitState(rawValue: try row.decode(4)) else {
      throw PostgresError(.decoding, "a party of the waiting list cannot be read")
    }
    show = SaleStatements.ShowKey(lane: try row.decode(0), showID: try row.decode(1))
    let requestID = UniqueID(try row.decode(3, as: PostgresUUID.self))
    end = WaitEnd(RequestKey(partnerID: try row.decode(2), requestID: requestID), state)
  }
}

/// Sweeps expired holds and waits at a steady pace on one loop.
package final class HoldSweeper: Sendable {
  private let database: any Database
  private let lanes: Lanes
  private let rhythm: SweepRhythm
  private let troubled: LoopBound<TroubledShows>

  /// A sweeper that is not running yet.
  package init(_ database: any Database, _ lanes: Lanes, on loop: EventLoop, logger: Logger) {
    self.database = database
    self.lanes = lanes
    rhythm = SweepRhythm("holds", every: StoreLimits.sweepInterval, on: loop, logger: logger)
    troubled = LoopBound(TroubledShows(logger: logger), loop: loop)
  }

  /// Starts sweeping.
  package func start() {
    // A full sweep means that more are waiting.
    rhythm.start { () async throws(StoreError) in
      try await self.sweep() >= StoreLimits.sweptShows
    }
  }

  /// Ends sweeping; a sweep under way is finished.
  package func stop() { rhythm.stop() }

  /// Sweeps once and returns how much there was to end at most: shows with holds, parties, or shows to
  /// raise. A show that cannot be swept is logged and left out for a while.
  package func sweep() async throws(StoreError) -> Int {
    try await max(sweepHolds(), sweepParties(), sweepAllocations(), sweepRaises())
  }

  /// One transaction's worth of shows at a time, so that holds are swept in between.
  private func sweepRaises() async throws(StoreError) -> Int {
    let result = try await database.ask(
      Statements.raiseAbandonedShows,
      [.int4(StoreLimits.raiseSeconds), .int4(Int32(StoreLimits.raisedShows))], timeout: nil)
    let hasRaised = try reading { () throws(PostgresError) in
      try result.onlyRow().decode(0, as: Bool.self)
    }
    return hasRaised ? StoreLimits.raisedShows : 0
  }

  /// Has those who wait served from what was set aside for others and has returned. Where nobody waits, no
  /// lane hears of it.
  private func sweepAllocations() async throws(StoreError) -> Int {
    // Of what is due that of shows in trouble comes first, and more for each of them.
    let count = StoreLimits.sweptShows * (1 + troubled.value.count)
    let result = try await database.ask(
      Statements.sweepAllocations, [.int4(Int32(clamping: count))], timeout: nil)
    let due = try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in
        (
          lane: try row.decode(0, as: Int16.self), showID: try row.decode(1, as: Int64.self),
          ids: try row.decode(2, as: [Int64].self), isWaitedFor: try row.decode(3, as: Bool.self)
        )
      }
    }
    let left = try await troubled.value.leavingOut(of: due.filter(\.isWaitedFor), \.showID) {
      (show) async throws(StoreError) in
      // No hold that is over is found, so it is decided on the terms that the database has now.
      _ = try await self.lanes[show.lane].serve(.sweep(lane: show.lane, showID: show.showID))
      _ = try await self.database.ask(Statements.markSwept, [.array(show.ids)], timeout: nil)
    }
    return due.count - left.count
  }

  private func sweepParties() async throws(StoreError) -> Int {
    let result = try await database.ask(
      Statements.findDueWaits,
      [.int4(Int32(StoreLimits.sweptParties)), .array(troubled.value.current())],
      timeout: nil)
    let due = try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try DueWait(row) }
    }
    let shows = Array(Dictionary(grouping: due, by: \.show))
    let left = try await troubled.value.leavingOut(of: shows, \.key.showID) {
      (show, waits) async throws(StoreError) in
      _ = try await self.lanes[show.lane].serve(
        .endWaits(lane: show.lane, showID: show.showID, waits.map(\.end)))
    }
    return left.reduce(due.count) { $0 - $1.value.count }
  }

  private func sweepHolds() async throws(StoreError) -> Int {
    let result = try await database.ask(
      Statements.findDueShows,
      [.int4(Int32(StoreLimits.sweptShows)), .array(troubled.value.current())],
      timeout: nil)
    let shows = try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in
        (lane: try row.decode(0, as: Int16.self), showID: try row.decode(1, as: Int64.self))
      }
    }
    let left = try await troubled.value.leavingOut(of: shows, \.showID) {
      (show) async throws(StoreError) in
      _ = try await self.lanes[show.lane].serve(.sweep(lane: show.lane, showID: show.showID))
    }
    return shows.count - left.count
  }
}
