// The table of the waiting list as values, and what the statements of the list do with it.

import Booking

extension Tables {
  static let waitGrace: Int64 = 60_000_000
  /// An hour in the database; so short that somebody here reaches it.
  static let waitLimit: Int64 = 150_000_000

  /// Everybody who ever came to a show, in order.
  func waits(of showID: Int64) -> [WaitRow] {
    waits.values.filter { $0.entry.request.showID == showID }
      .sorted { $0.entry.arrival < $1.entry.arrival }
  }

  /// As read_queues().
  func queue(_ showID: Int64) -> WaitingQueue {
    let rows = waits(of: showID)
    return WaitingQueue(
      rows.map(\.entry).filter { $0.state == .waiting }, lastArrival: rows.last?.entry.arrival ?? 0)
  }

  /// As write_waits().
  mutating func applyWaits(_ writes: SaleWrites, at now: Int64) throws(StatementFailure) {
    for wait in writes.waits {
      let version = writes.shows[wait.show].queueVersion + 1
      let hasEnded = wait.entry.state != .waiting
      if wait.isNew {
        let isTaken = waits(of: wait.entry.request.showID).contains {
          $0.entry.arrival == wait.entry.arrival
        }
        guard waits[wait.entry.key] == nil, !isTaken else { throw .unique }
        waits[wait.entry.key] = WaitRow(
          entry: wait.entry, createdAt: now, seenAt: now, endedVersion: hasEnded ? version : nil)
      } else {
        guard waits[wait.entry.key]?.entry.state == .waiting else { throw .corrupted }
        waits[wait.entry.key]?.entry.state = wait.entry.state
        waits[wait.entry.key]?.endedVersion = version
      }
    }
  }

  /// As find_due_waits.sql: who waits no longer, in which state.
  func dueWaits(at now: Int64) -> [(showID: Int64, end: WaitEnd)] {
    shows.keys.sorted().flatMap { showID in
      waits(of: showID).compactMap { row in
        dueState(row, at: now).map { (showID, WaitEnd(row.entry.key, $0)) }
      }
    }
  }

  private func dueState(_ row: WaitRow, at now: Int64) -> WaitState? {
    guard row.entry.state == .waiting, let terms = shows[row.entry.request.showID]?.terms else {
      return nil
    }
    if row.createdAt <= now - Self.waitLimit { return .timedOut }
    if !terms.isOnSale || terms.endsAt <= now { return .closed }
    return row.seenAt <= now - Self.waitGrace ? .lost : nil
  }
}
