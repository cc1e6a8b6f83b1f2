// The statements of the waiting list that belong to a sale: lines and parties read to decide, and
// what a batch did to them.

import Booking
import Postgres

/// Reads and writes lines.
enum WaitStatements {
  /// The lines of shows.
  static func queues(
    of keys: [SaleStatements.ShowKey], on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [Int64: WaitingQueue] {
    let result = try await database.query(
      Statements.readQueues, [.array(keys.map(\.lane)), .array(keys.map(\.showID))],
      timeout: timeout)
    let entries = try result.all { row throws(PostgresError) in try WaitEntry(row) }
    return Dictionary(grouping: entries, by: \.request.showID).mapValues { entries in
      WaitingQueue(
        entries.filter { $0.state == .waiting }, lastArrival: entries.last?.arrival ?? 0)
    }
  }

  /// Parties by their requests, those that there are.
  static func parties(
    _ keys: [RequestKey], on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [RequestKey: WaitEntry] {
    let result = try await database.query(
      Statements.readWaits, parameters(keys), timeout: timeout)
    let entries = try result.all { row throws(PostgresError) in try WaitEntry(row) }
    return Dictionary(entries.map { ($0.key, $0) }) { one, _ in one }
  }

  /// Parameters for keys.
  static func parameters(_ keys: [RequestKey]) -> [PostgresValue] {
    [.array(keys.map(\.partnerID)), .array(keys.map { PostgresUUID($0.requestID) })]
  }

  /// As `SaleStatements.write`, with what the batch did to lines and withdrawn seats; in a transaction.
  static func write(
    _ writes: SaleWrites, _ moment: Moment?, on connection: any Database, timeout: Duration?
  ) async throws(PostgresError) -> Int64 {
    let time = try await SaleStatements.write(writes, moment, on: connection, timeout: timeout)
    try await BlockStatements.write(writes, at: time, on: connection, timeout: timeout)
    guard !writes.waits.isEmpty else { return time }
    _ = try await connection.query(
      Statements.writeWaits,
      shows(writes.shows) + joined(writes.waits.filter(\.isNew))
        + ended(writes.waits.filter { !$0.isNew }), timeout: timeout)
    return time
  }

  private static func shows(_ shows: [SaleWrites.Show]) -> [PostgresValue] {
    let messages = shows.filter(\.changesQueue).map { show in
      QueueChange(
        lane: show.change.lane, showID: show.change.showID, version: show.queueVersion + 1
      ).message
    }
    return [
      .array(shows.map(\.change.lane)), .array(shows.map(\.change.showID)),
      .array(shows.map(\.queueVersion)), .byteas(messages),
    ]
  }

  /// In the order of their requests, as all who write them.
  private static func joined(_ waits: [SaleWrites.Wait]) -> [PostgresValue] {
    let waits = waits.sorted { $0.entry.key < $1.entry.key }
    let requests = waits.map(\.entry.request)
    return [
      .array(waits.map { ordinal($0.show) }), .array(waits.map(\.entry.arrival)),
      .array(requests.map(\.identity.partnerID)),
      .array(requests.map { PostgresUUID($0.identity.requestID) }),
      .byteas(requests.map(\.identity.hash)), .array(requests.map(\.customerRef)),
      .array(requests.map { Int16(clamping: $0.count) }), .array(requests.map(\.tier)),
      .array(requests.map { PostgresUUID($0.bookingID.value) }),
      .array(waits.map(\.entry.state.rawValue)),
    ]
  }

  private static func ended(_ waits: [SaleWrites.Wait]) -> [PostgresValue] {
    [.array(waits.map { ordinal($0.show) })] + parameters(waits.map(\.entry.key))
      + [.array(waits.map(\.entry.state.rawValue))]
  }

  private static func ordinal(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: index + 1) }
}

extension WaitEntry {
  /// Reads a row of `waitlist_entry`.
  init(_ row: PostgresRow) throws(PostgresError) {
    guard let bookingID = BookingID(UniqueID(try row.decode(9, as: PostgresUUID.self))),
      let state = WaitState(rawValue: try row.decode(10))
    else {
      throw PostgresError(.decoding, "a party of the waiting list cannot be read")
    }
    let identity = RequestIdentity(
      partnerID: try row.decode(3),
      requestID: UniqueID(try row.decode(4, as: PostgresUUID.self)), hash: try row.decode(5))
    let request = WaitRequest(
      identity: identity, bookingID: bookingID, showID: try row.decode(1),
      customerRef: try row.decode(6), count: Int(try row.decode(7, as: Int16.self)),
      tier: try row.decode(8))
    self.init(request, arrival: try row.decode(2), state: state)
  }
}
