// Connections of one loop to one database: lent out one at a time, replaced when they break, back
// within a second of the server. The rules are in PoolCore; this is the async face.

package import Reactor

/// A bounded set of connections on one loop.
///
/// A lent connection is its holder's alone: nobody else's query delays it, and nobody's cancel
/// request can hit it. Who finds none waits in line, bounded in number and time. Only statements that say
/// so (`PostgresStatement.mayFollow`) stand behind one another: the server has the next one there when it
/// is done with the first, and need not sleep between them.
package final class PostgresPool: Sendable {
  package struct Settings: Sendable {
    package var connection: PostgresConfiguration
    /// Kept open while the database is there.
    package var minimumConnections = 1
    /// Each is a process of the server: the sum over all loops and nodes must stay below its
    /// `max_connections`.
    package var maximumConnections = 8
    /// Callers in line; beyond, `.queueFull` at once. A second's worth of short queries.
    package var waiterLimit = 1_000
    /// Longest time in line, as long as a lock may be waited for.
    package var waitTimeout: Duration = .seconds(3)
    /// How long a statement may have run for another to be sent after it.
    package var followedFor = Limits.followedFor
    /// Connections above the minimum are closed after this long without use.
    package var idleLifetime: Duration = .seconds(60)

    package init(_ connection: PostgresConfiguration) { self.connection = connection }
  }

  /// Whether the database can be reached, as far as the pool knows.
  package enum Health: Sendable, Equatable {
    /// No attempt has ended yet.
    case starting
    /// At least one connection was made and none has failed to be made since.
    case up
    /// No connection is left and the last attempt failed, for this reason.
    case down(PostgresError)

    /// Whether the last attempt failed.
    package var isDown: Bool {
      if case .down = self { true } else { false }
    }
  }

  /// What the connections are doing, for whoever watches over the pool.
  package struct Occupancy: Sendable {
    package let idleCount: Int
    package let lentCount: Int
    package let openingCount: Int
    /// Callers in line.
    package let waitingCount: Int
    package let health: Health
  }

  package let loop: EventLoop
  private let core: LoopBound<PoolCore>

  /// Opens nothing yet. `onHealth` is called on the loop when the database is first found up or
  /// down, and whenever that changes.
  package init(
    _ settings: Settings, on loop: EventLoop,
    onHealth: @escaping @Sendable (Health) -> Void = { _ in }
  ) {
    self.loop = loop
    core = LoopBound(PoolCore(settings, loop, onHealth), loop: loop)
  }

  deinit {
    let core = core
    loop.execute { core.value.close() }
  }

  /// Opens the minimum of connections, and keeps trying.
  package func start() async {
    await loop.run { [core] in core.value.fill() }
  }

  /// The present health.
  package func health() async -> Health {
    await loop.run { [core] in core.value.health }
  }

  /// The present occupancy.
  package func occupancy() async -> Occupancy {
    await loop.run { [core] in core.value.occupancy }
  }

  /// Refuses new callers and closes all connections, lent ones when they come back.
  package func close() async {
    await loop.run { [core] in core.value.close() }
  }

  // MARK: Queries

  /// Runs one statement on any connection. `timeout` covers the wait for one, too.
  package func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue] = [], timeout: Duration? = nil
  ) async throws(PostgresError) -> PostgresResult {
    guard loop.isInside else {
      return try await loop.run { () async throws(PostgresError) in
        try await self.query(statement, parameters, timeout: timeout)
      }
    }
    try Self.checkTime(timeout)
    let query = PooledQuery(statement, parameters, deadline: timeout.map { loop.now + $0 })
    let bound = LoopBound(query, loop: loop)
    let outcome: QueryOutcome = await withTaskCancellationHandler {
      await withCheckedContinuation { core.value.run(query, $0) }
    } onCancel: { [loop, core] in
      loop.execute { core.value.cancel(bound.value) }
    }
    core.value.ended(query)
    return try outcome.get()
  }

  private static func checkTime(_ timeout: Duration?) throws(PostgresError) {
    if Task.isCancelled { throw PipelinedQuery.StopCause.cancelled.error }
    if let timeout, timeout <= .zero { throw PipelinedQuery.StopCause.deadline.error }
  }

  /// Lends a connection to the body alone. A connection that comes back inside a transaction or
  /// with queries in flight is closed instead of reused.
  ///
  /// Throws, before the body runs: `.poolTimeout`, `.queueFull`, `.deadlineExceeded`,
  /// `.cancelled`, `.closed`, or why the database cannot be reached.
  package func withConnection<Value: Sendable>(
    timeout: Duration? = nil,
    _ body: (PostgresConnection) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    let connection = try await lease(timeout: timeout)
    do {
      let value = try await body(connection)
      giveBack(connection)
      return value
    } catch {
      giveBack(connection)
      throw error
    }
  }

  /// Lends a connection until ``giveBack(_:)``. Prefer ``withConnection(timeout:_:)``.
  package func lease(timeout: Duration? = nil) async throws(PostgresError) -> PostgresConnection {
    guard loop.isInside else {
      return try await loop.run { () async throws(PostgresError) in
        try await self.lease(timeout: timeout)
      }
    }
    try Self.checkTime(timeout)
    if let connection = core.value.takeIdle() { return connection }
    let ticket = core.value.makeTicket()
    let outcome: PoolCore.Outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        core.value.enqueue(ticket, timeout: timeout, .lease(continuation))
      }
    } onCancel: { [loop, core] in
      loop.execute { core.value.abandon(ticket, PipelinedQuery.StopCause.cancelled.error) }
    }
    return try outcome.get()
  }

  /// Takes a lent connection back. Any thread.
  package func giveBack(_ connection: PostgresConnection) {
    guard loop.isInside else {
      loop.execute { [core] in core.value.giveBack(connection) }
      return
    }
    core.value.giveBack(connection)
  }
}
