// What makes a database a sandbox, and what partners have set in it. Knows nothing of calls.

package import Booking
package import Logging
import Postgres
package import Reactor

/// Reads and changes a sandbox.
package struct SandboxStore: Sendable {
  private let database: any Database

  /// Reads and writes a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// Whether the database is a sandbox.
  package func isSandbox(timeout: Duration? = nil) async throws(StoreError) -> Bool {
    try await truth(Statements.isSandbox, timeout)
  }

  /// Makes the database a sandbox; false when it has shows and is none.
  package func make(timeout: Duration? = nil) async throws(StoreError) -> Bool {
    try await truth(Statements.makeSandbox, timeout)
  }

  private func truth(
    _ statement: PostgresStatement, _ timeout: Duration?
  ) async throws(StoreError) -> Bool {
    let result = try await database.ask(statement, [], timeout: timeout)
    return try reading { () throws(PostgresError) in try result.onlyRow().decode(0) }
  }

  // MARK: Faults

  /// Sets a partner's switches in place of those before.
  package func setFaults(
    _ faults: [FaultSwitch], of partnerID: Int64, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) {
    _ = try await database.ask(
      Statements.setFaults,
      actor.values + [
        .int8(partnerID), .array(faults.map(\.method)), .array(faults.map(\.kind.rawValue)),
        .array(faults.map(\.code)),
        .array(faults.map { Int32(clamping: $0.delay.wholeMilliseconds) }),
        .array(faults.map(\.messageCount)), .array(faults.map { $0.timesLeft ?? 0 }),
        .array(faults.map { $0.timeLeft?.wholeMilliseconds ?? 0 }),
      ], timeout: timeout)
  }

  /// A partner's switches that are not over, in their order.
  package func faults(
    of partnerID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> [FaultSwitch] {
    let result = try await database.ask(
      Statements.readFaults, [.int8(partnerID)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try FaultSwitch(row) }
    }
  }

  /// The switch that a partner's call meets, counted. `isStream`: the server may send several messages.
  package func meetFault(
    ofPartner partnerID: Int64, method: String, isStream: Bool, timeout: Duration? = nil
  ) async throws(StoreError) -> FaultSwitch? {
    let result = try await database.ask(
      Statements.meetFault, [.int8(partnerID), .text(method), .bool(isStream)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.firstRow.map { (row) throws(PostgresError) in try FaultSwitch(row) }
    }
  }

  // MARK: The clock

  /// A partner's clock.
  package func clock(
    of partnerID: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> SandboxClock {
    let result = try await database.ask(
      Statements.readClock, [.int8(partnerID)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      return SandboxClock(
        ahead: .microseconds(try row.decode(0, as: Int64.self)),
        now: try row.decode(1, as: PostgresTimestamp.self).unixMicroseconds)
    }
  }

  /// Lets time pass in a partner's theatres.
  package func advance(
    by span: Duration, _ identity: RequestIdentity, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> ClockOutcome {
    let result = try await database.act(
      Statements.advanceClock,
      [
        .int8(actor.keyID), .text(actor.name), .int8(identity.partnerID),
        .uuid(PostgresUUID(identity.requestID)), .bytea(identity.hash),
        .int8(span.wholeMicroseconds), .int4(Int32(StoreLimits.movedShows)),
      ], timeout: timeout)
    return try reading { () throws(PostgresError) in try ClockOutcome(try result.onlyRow()) }
  }

  /// Ends what is over and has those who wait served, as otherwise happens a little later.
  package func sweep(_ lanes: Lanes, on loop: EventLoop, logger: Logger) async throws(StoreError) {
    let sweeper = HoldSweeper(database, lanes, on: loop, logger: logger)
    // A full sweep means that more are waiting; that they become fewer is not for a caller to wait for.
    for _ in 0...StoreLimits.movedShows / StoreLimits.sweptShows {
      guard try await sweeper.sweep() >= StoreLimits.sweptShows else { return }
    }
  }
}
