// Schedules: rows that become shows, and the shows that rows have made.

import Booking
import Postgres

extension HouseStore {
  /// Puts rows with distinct references into the programme of a theatre that there is; a result for each,
  /// in their order. Who makes a show that another upload is making finds it. What changed is noted with it.
  package func upload(
    _ rows: [ScheduleWish], toTheatre theatreID: Int64, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> [ScheduleResult] {
    guard !rows.isEmpty else { return [] }
    let result = try await database.act(
      Statements.uploadSchedule, actor.values + [.int8(theatreID)] + rows.values,
      timeout: timeout)
    let results = try reading { () throws(PostgresError) in
      var results: [ScheduleResult] = []
      for row in result.rows { results.append(try ScheduleResult(row)) }
      return results
    }
    guard results.count == rows.count else { throw StoreError(.fault) }
    return results
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

  /// Cancels those of some shows of a theatre that nobody has seats of or waits for, and notes it; returns
  /// these.
  package func withdrawShows(
    _ showIDs: [Int64], ofTheatre theatreID: Int64, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Set<Int64> {
    let result = try await database.ask(
      Statements.withdrawSchedule, actor.values + [.int8(theatreID), .array(showIDs)],
      timeout: timeout)
    return try reading { () throws(PostgresError) in
      var withdrawn: Set<Int64> = []
      for row in result.rows { withdrawn.insert(try row.decode(0)) }
      return withdrawn
    }
  }

  /// What it means for the catalogue that some shows have changed, which may have been of `movieIDs` before.
  package func changes(
    ofShows showIDs: [Int64], before movieIDs: Set<Int64> = [], timeout: Duration? = nil
  ) async throws(StoreError) -> Set<CatalogueChange> {
    let result = try await database.ask(
      Statements.getShowScopes, [.array(showIDs)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      var changes: Set<CatalogueChange> = []
      for row in result.rows {
        let (city, theatre): (Int64, Int64) = (try row.decode(0), try row.decode(1))
        for movie in movieIDs.union([try row.decode(2)]) {
          changes.insert(
            CatalogueChange(.shows, cityID: city, theatreID: theatre, movieID: movie))
        }
      }
      return changes
    }
  }
}
