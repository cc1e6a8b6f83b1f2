// Schedules: rows that become shows, and the shows that rows have made.

import Booking
import Postgres

/// What an upload did to a theatre's programme, for the audit log.
package struct UploadTally: Sendable, Hashable {
  package var created: Int64 = 0
  package var updated: Int64 = 0
  package var unchanged: Int64 = 0
  package var refused: Int64 = 0
  package var withdrawn: Int64 = 0
  /// Where shows were created or updated, as the rows call it; the first so many.
  package private(set) var auditoriums: Set<String> = []

  package init() {}

  /// Whether there is something to note.
  package var hasChanges: Bool { created + updated + withdrawn > 0 }

  /// Counts what became of a row, which calls its auditorium so.
  package mutating func add(_ outcome: ScheduleResult.Outcome, auditorium name: String) {
    switch outcome {
    case .created: created += 1
    case .updated: updated += 1
    case .unchanged: unchanged += 1
    default: refused += 1
    }
    let isChange = outcome == .created || outcome == .updated
    guard isChange, auditoriums.count < StoreLimits.notedAuditoriums else { return }
    auditoriums.insert(name)
  }
}

extension HouseStore {
  /// Notes what an upload did to a theatre.
  package func note(
    _ tally: UploadTally, ofTheatre theatreID: Int64, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) {
    let counts = [tally.created, tally.updated, tally.unchanged, tally.refused, tally.withdrawn]
    _ = try await database.ask(
      Statements.noteUpload,
      actor.values + [.int8(theatreID)] + counts.map { .int8($0) }
        + [.array(tally.auditoriums.sorted())], timeout: timeout)
  }

  /// Puts rows with distinct references into the programme of a theatre that there is; a result for each,
  /// in their order. Who makes a show that another upload is making finds it.
  package func upload(
    _ rows: [ScheduleWish], toTheatre theatreID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> [ScheduleResult] {
    guard !rows.isEmpty else { return [] }
    let result = try await database.act(
      Statements.uploadShows, [.int8(theatreID)] + rows.values, timeout: timeout)
    let results = try reading { () throws(PostgresError) in
      var results: [ScheduleResult] = []
      for row in result.rows { results.append(try ScheduleResult(row)) }
      return results
    }
    guard results.count == rows.count else { throw StoreError(.fault) }
    return results
  }

  /// Seats of the largest newest layout among a theatre's auditoriums; 0 without any.
  package func seatsOfLargestHall(
    ofTheatre theatreID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> Int {
    let result = try await database.ask(
      Statements.getLargestHall, [.int8(theatreID)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      Int(try result.onlyRow().decode(0, as: Int64.self))
    }
  }

  /// Shows of a theatre that came by a schedule and start in a span (microseconds since 1970), by start,
  /// behind one of them; at most so many.
  package func uploadedShows(
    ofTheatre theatreID: Int64, in span: Range<Int64>, after last: UploadedShowRecord?, limit: Int,
    timeout: Duration? = nil
  ) async throws(StoreError) -> [UploadedShowRecord] {
    let result = try await database.ask(
      Statements.listUploadedShows,
      [
        .int8(theatreID), .timestamp(PostgresTimestamp(unixMicroseconds: span.lowerBound)),
        .timestamp(PostgresTimestamp(unixMicroseconds: span.upperBound)),
        .timestamp(PostgresTimestamp(unixMicroseconds: last?.startsAt ?? span.lowerBound)),
        .int8(last?.showID ?? 0), .int8(Int64(limit)),
      ], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try UploadedShowRecord(row) }
    }
  }

  /// Cancels those of some shows that nobody has seats of or waits for; returns these.
  package func withdrawShows(
    _ showIDs: [Int64], timeout: Duration? = nil
  ) async throws(StoreError) -> Set<Int64> {
    let result = try await database.ask(
      Statements.withdrawShows, [.array(showIDs)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      var withdrawn: Set<Int64> = []
      for row in result.rows { withdrawn.insert(try row.decode(0)) }
      return withdrawn
    }
  }
}
