// The pool: who gets a connection, who is refused, what becomes of broken ones.

import Glibc
import Postgres
import Reactor
import Support
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PoolTests {
  private func withPool(
    _ adjust: @Sendable (inout PostgresPool.Settings) -> Void = { _ in },
    onHealth: @escaping @Sendable (PostgresPool.Health) -> Void = { _ in },
    _ body: @escaping @Sendable (PostgresPool) async throws -> Void
  ) async throws {
    try await TestCluster.shared.withDatabase { string in
      var settings = PostgresPool.Settings(PostgresConfiguration(string))
      adjust(&settings)
      let pool = PostgresPool(settings, on: TestLoops.next(), onHealth: onHealth)
      try await pool.loop.run { () async throws in
        do {
          try await body(pool)
        } catch {
          await pool.close()
          throw error
        }
        await pool.close()
      }
    }
  }

  @Test func lendsOneConnectionToOneHolder() async throws {
    let holders = HolderCount()
    try await withPool({ $0.maximumConnections = 3 }) { pool in
      let backends = try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<50 {
          group.addTask(executorPreference: pool.loop) {
            try await pool.withConnection { connection throws(PostgresError) in
              holders.enter()
              _ = try await connection.query("SELECT pg_sleep(0.002)")
              holders.leave()
              return connection.backendProcess
            }
          }
        }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect((1...3).contains(backends.count))
      var held: [PostgresConnection] = []
      for _ in 0..<3 { held.append(try await pool.lease()) }
      #expect(Set(held.map(\.backendProcess)).count == 3)
      for connection in held { pool.giveBack(connection) }
    }
    #expect((1...3).contains(holders.most))
  }

  @Test func waitersAreServedInOrderAndBounded() async throws {
    try await withPool({
      $0.maximumConnections = 1
      $0.waiterLimit = 3
    }) { pool in
      let held = try await pool.lease()
      let order = Mailbox<Int>()
      let refused = Mailbox<PostgresError?>()
      for number in 0..<4 {
        pool.loop.spawn {
          let error = await failure { () async throws(PostgresError) in
            try await pool.withConnection { _ throws(PostgresError) in order.put(number) }
          }
          refused.put(error)
        }
      }
      #expect(await refused.wait(for: 1).first??.kind == .queueFull)
      pool.giveBack(held)
      #expect(await order.wait(for: 3) == [0, 1, 2])
    }
  }

  @Test func waitingEndsInTime() async throws {
    try await withPool({
      $0.maximumConnections = 1
      $0.waitTimeout = .milliseconds(1500)
    }) { pool in
      let held = try await pool.lease()
      let pooled = await failure { () async throws(PostgresError) in
        try await pool.query("SELECT 1")
      }
      #expect(pooled?.kind == .poolTimeout)
      let callers = await failure { () async throws(PostgresError) in
        try await pool.query("SELECT 1", timeout: .milliseconds(10))
      }
      #expect(callers?.kind == .deadlineExceeded)
      let cancelled = Mailbox<PostgresError?>()
      let task = pool.loop.spawn {
        cancelled.put(
          await failure { () async throws(PostgresError) in try await pool.query("SELECT 1") })
      }
      task.cancel()
      #expect(await cancelled.wait(for: 1).first??.kind == .cancelled)
      pool.giveBack(held)
      #expect(try await pool.query("SELECT 1").rowCount == 1)
    }
  }

  @Test func uncleanConnectionsAreNotReused() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      let first = try await pool.withConnection { connection throws(PostgresError) in
        _ = try await connection.query("BEGIN")
        return connection.backendProcess
      }
      let second = try await pool.withConnection { connection throws(PostgresError) in
        connection.backendProcess
      }
      #expect(first != second)
      let third = try await pool.withConnection { connection throws(PostgresError) in
        connection.backendProcess
      }
      #expect(second == third)
    }
  }

  @Test func killedIdleConnectionIsReplaced() async throws {
    try await withPool({
      $0.minimumConnections = 2
      $0.maximumConnections = 2
    }) { pool in
      let (first, second) = (try await pool.lease(), try await pool.lease())
      let old = [first.backendProcess, second.backendProcess]
      pool.giveBack(second)
      _ = try await first.query("SELECT pg_terminate_backend($1)", [.int4(second.backendProcess)])
      // Whether or not the end of the idle one has been noticed yet, nobody is handed a corpse twice.
      let third = try await pool.withConnection { connection throws(PostgresError) in
        (try? await connection.query("SELECT 1")) == nil ? nil : connection.backendProcess
      }
      let fourth = try await pool.withConnection { connection throws(PostgresError) in
        _ = try await connection.query("SELECT 1")
        return connection.backendProcess
      }
      #expect(third == nil || !old.contains(third ?? 0))
      #expect(!old.contains(fourth))
      pool.giveBack(first)
    }
  }

  @Test func surplusConnectionsAreClosedWhenIdle() async throws {
    try await withPool({
      $0.minimumConnections = 1
      $0.maximumConnections = 4
      $0.idleLifetime = .milliseconds(50)
    }) { pool in
      var held: [PostgresConnection] = []
      for _ in 0..<4 { held.append(try await pool.lease()) }
      for connection in held { pool.giveBack(connection) }
      var count: Int64 = 4
      while count > 1 {
        count = try await pool.query(
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        ).onlyRow().decode(0)
      }
      #expect(count == 1)
    }
  }

  // MARK: Statements that follow one another

  private static let nap = PostgresStatement(
    sql: "SELECT pg_backend_pid() FROM pg_sleep($1)", mayFollow: true)

  /// Starts statements at once, each sleeping so many seconds; tells the backends, or the errors, by number.
  @discardableResult
  private func start(
    _ naps: [Double], _ pool: PostgresPool, _ ends: Mailbox<(Int, Result<Int32, PostgresError>)>
  ) -> [Task<Void, Never>] {
    naps.enumerated().map { number, seconds in
      pool.loop.spawn {
        do throws(PostgresError) {
          let result = try await pool.query(Self.nap, [.float8(seconds)])
          ends.put((number, .success(try result.onlyRow().decode(0))))
        } catch {
          ends.put((number, .failure(error)))
        }
      }
    }
  }

  private func error(of outcome: Result<Int32, PostgresError>) -> PostgresError? {
    if case .failure(let error) = outcome { error } else { nil }
  }

  /// A pool of one connection, whose statements may be followed for so long. It is there already.
  private func withOneConnection(
    followedFor: Duration = .seconds(60),
    _ body: @escaping @Sendable (PostgresPool) async throws -> Void
  ) async throws {
    try await withPool({
      $0.maximumConnections = 1
      $0.followedFor = followedFor
    }) { pool in
      _ = try await pool.query("SELECT 1")
      try await body(pool)
      #expect(await pool.occupancy().lentCount == 0)
    }
  }

  @Test func statementsThatMayFollowShareAConnectionInOrder() async throws {
    try await withOneConnection { pool in
      let ends = Mailbox<(Int, Result<Int32, PostgresError>)>()
      start([0.3, 0, 0, 0, 0, 0], pool, ends)
      #expect(await pool.occupancy().waitingCount == 2, "four are sent")
      let all = await ends.wait(for: 6)
      #expect(all.map(\.0) == Array(0..<6))
      #expect(Set(all.compactMap { try? $0.1.get() }).count == 1)
    }
  }

  @Test func whoWantsAConnectionAloneWaitsForAllThatAreOnIt() async throws {
    try await withOneConnection { pool in
      let ends = Mailbox<(Int, Result<Int32, PostgresError>)>()
      start([0.3, 0], pool, ends)
      let others = Mailbox<Int>()
      pool.loop.spawn {
        _ = try? await pool.query("SELECT 1")
        others.put(ends.values.count)
      }
      pool.loop.spawn {
        let connection = try? await pool.lease()
        others.put(others.values.count)
        connection.map(pool.giveBack)
      }
      start([0], pool, ends)
      #expect(await pool.occupancy().waitingCount == 3, "nobody goes past those in line")
      #expect(await others.wait(for: 2) == [2, 1])
      #expect(await ends.wait(for: 3).count == 3)
    }
  }

  @Test func nobodyFollowsWhatDoesNotSayThatItMayBeFollowed() async throws {
    try await withOneConnection { pool in
      let isOver = Mailbox<Bool>()
      pool.loop.spawn {
        _ = try? await pool.query("SELECT pg_sleep(0.3)")
        isOver.put(true)
      }
      let ends = Mailbox<(Int, Result<Int32, PostgresError>)>()
      start([0], pool, ends)
      #expect(await pool.occupancy().waitingCount == 1)
      #expect(await ends.wait(for: 1).count == 1)
      #expect(isOver.values == [true])
    }
  }

  @Test func nobodyFollowsWhatHasRunForLong() async throws {
    try await withOneConnection(followedFor: .milliseconds(1)) { pool in
      let ends = Mailbox<(Int, Result<Int32, PostgresError>)>()
      let long = start([60], pool, ends)
      try await Task.sleep(for: .milliseconds(5))
      start([0], pool, ends)
      #expect(await pool.occupancy().waitingCount == 1)
      long[0].cancel()
      let all = await ends.wait(for: 2)
      #expect(all.map { error(of: $0.1)?.kind } == [.cancelled, nil])
    }
  }

  @Test func whoIsCancelledLeavesThoseAroundAlone() async throws {
    try await withOneConnection { pool in
      let ends = Mailbox<(Int, Result<Int32, PostgresError>)>()
      let tasks = start([0.2, 60, 0, 0, 60], pool, ends)
      tasks[1].cancel()
      tasks[4].cancel()
      for (number, outcome) in await ends.wait(for: 5) {
        let isCancelled = error(of: outcome)?.kind == .cancelled
        #expect(isCancelled == [1, 4].contains(number))
      }
      let after = try await pool.query("SELECT 1")
      #expect(after.rowCount == 1)
    }
  }

  @Test func whatFollowsOnALostConnectionHearsOfIt() async throws {
    try await withOneConnection { pool in
      let backend: Int32 = try await pool.query("SELECT pg_backend_pid()").onlyRow().decode(0)
      let ends = Mailbox<(Int, Result<Int32, PostgresError>)>()
      start([60, 0, 0], pool, ends)
      kill(backend, SIGTERM)
      for (_, outcome) in await ends.wait(for: 3) {
        guard case .connectionLost = error(of: outcome)?.kind else {
          Issue.record("\(outcome)")
          continue
        }
      }
      let next: Int32 = try await pool.query(Self.nap, [.float8(0)]).onlyRow().decode(0)
      #expect(next != backend)
    }
  }

  @Test func closedPoolLetsEndWhatIsSentAndTakesNoFollowers() async throws {
    try await withOneConnection { pool in
      let ends = Mailbox<(Int, Result<Int32, PostgresError>)>()
      start([0.2, 0], pool, ends)
      await pool.close()
      let late = await failure { () async throws(PostgresError) in
        try await pool.query(Self.nap, [.float8(0)])
      }
      #expect(late?.kind == .closed)
      #expect(await ends.wait(for: 2).compactMap { try? $0.1.get() }.count == 2)
    }
  }

  @Test func closedPoolRefuses() async throws {
    try await withPool { pool in
      let held = try await pool.lease()
      await pool.close()
      let error = await failure { () async throws(PostgresError) in
        try await pool.query("SELECT 1")
      }
      #expect(error?.kind == .closed)
      pool.giveBack(held)
      let late = await failure { () async throws(PostgresError) in try await held.query("SELECT 1")
      }
      #expect(late?.kind == .closed)
    }
  }

  @Test func absentDatabaseIsToldAndFoundWhenItComes() async throws {
    let folder = try TestFolder.make()
    defer { TestFolder.remove(folder) }
    let loop = TestLoops.next()
    let cluster = try TestCluster.make(in: folder, on: loop)
    let changes = Mailbox<PostgresPool.Health>()
    var settings = PostgresPool.Settings(
      PostgresConfiguration(cluster.connectionString(database: "postgres")))
    settings.waitTimeout = .seconds(1)
    let pool = PostgresPool(settings, on: loop) { changes.put($0) }
    await pool.start()
    let error = await failure { () async throws(PostgresError) in try await pool.query("SELECT 1") }
    #expect(error?.kind == .connectFailed)
    #expect(error?.isUnavailable == true)
    try await cluster.start()
    _ = await changes.wait(for: 2)
    #expect(changes.values.map(\.isDown) == [true, false])

    // An immediate stop under load: queries fail with a loss, and once the server is back, all is
    // well again without help.
    async let running = failure { () async throws(PostgresError) in
      try await pool.query("SELECT pg_sleep(4)")
    }
    try await pool.withConnection { connection throws(PostgresError) in
      try await connection.waitForSleeper()
    }
    try await cluster.restart(.immediate)
    #expect(await running?.kind == .connectionLost(maybeExecuted: true))
    while (try? await pool.query("SELECT 1")) == nil {}
    await pool.close()
    await cluster.stop()
  }
}

struct ReconnectBackoffTests {
  @Test(arguments: [(1, 25), (2, 50), (3, 100), (4, 200), (5, 400), (6, 400), (1_000_000, 400)])
  func doublesUpToItsLimit(failures: Int, expected: Int) {
    let middle = ReconnectBackoff.delay(afterFailures: failures, jitter: 1)
    #expect(middle == .milliseconds(expected))
  }

  /// A server that comes right after an attempt is found by the next: half a second leaves the
  /// other half to connect.
  @Test func longestWaitLeavesTimeToConnectWithinASecond() {
    for failures in 1...100 {
      let wait = ReconnectBackoff.delay(
        afterFailures: failures, jitter: ReconnectBackoff.jitter.upperBound)
      #expect(wait <= .milliseconds(500))
    }
  }
}

private final class HolderCount: Sendable {
  private let state = Mutex([0, 0])
  var most: Int { state.withLock { $0[1] } }
  func enter() {
    state.withLock { state in
      state[0] += 1
      state[1] = max(state[1], state[0])
    }
  }
  func leave() { state.withLock { $0[0] -= 1 } }
}

extension PostgresConnection {
  /// Waits until some session runs pg_sleep.
  fileprivate func waitForSleeper() async throws(PostgresError) {
    while try await query(
      "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    ).rowCount == 0 {}
  }
}
