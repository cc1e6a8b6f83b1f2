// Deadlines, cancellation and lost connections: the waiter always learns the truth.

import Glibc
import Postgres
import Reactor
import Support
import Testing

@Suite(.timeLimit(.minutes(2)))
struct StoppingTests {
  @Test func timeoutStopsTheServersWork() async throws {
    try await withConnection { connection in
      try await connection.executeScript("CREATE TABLE t (n int4)")
      let error = await failure { () async throws(PostgresError) in
        try await connection.query(
          "INSERT INTO t SELECT 1 FROM pg_sleep(3600)", timeout: .milliseconds(100))
      }
      #expect(error?.kind == .deadlineExceeded)
      #expect(error?.maybeExecuted == false)
      let row = try await connection.query("SELECT count(*) FROM t").onlyRow()
      #expect(try row.decode(0, as: Int64.self) == 0)
    }
  }

  @Test func passedDeadlineSendsNothing() async throws {
    try await withConnection { connection in
      for timeout in [Duration.zero, .seconds(-1)] {
        let error = await failure { () async throws(PostgresError) in
          try await connection.query("CREATE TABLE never ()", timeout: timeout)
        }
        #expect(error?.kind == .deadlineExceeded)
      }
      let row = try await connection.query("SELECT to_regclass('never') IS NULL").onlyRow()
      #expect(try row.decode(0, as: Bool.self))
    }
  }

  @Test func longestTimeoutsDoNotOverflow() async throws {
    try await withConnection { connection in
      let row = try await connection.query(
        "SELECT 1", timeout: .seconds(Int64.max)
      ).onlyRow()
      #expect(try row.decode(0, as: Int32.self) == 1)
    }
  }

  @Test func cancelledTaskStopsTheServersWork() async throws {
    try await withTwoConnections { connection, observer in
      let outcome = Mailbox<PostgresError?>()
      let task = connection.loop.spawn {
        outcome.put(
          await failure { () async throws(PostgresError) in
            try await connection.query("SELECT pg_sleep(4)")
          })
      }
      try await observer.waitUntilActive(connection)
      task.cancel()
      #expect(await outcome.wait(for: 1).first??.kind == .cancelled)
      // The session lives and is clean.
      #expect(try await connection.query("SELECT 1").rowCount == 1)
    }
  }

  @Test func cancelBeforeTheServerHasReadTheQueryStillStopsIt() async throws {
    try await withConnection { connection in
      for _ in 0..<20 {
        let outcome = Mailbox<PostgresError?>()
        let task = connection.loop.spawn {
          outcome.put(
            await failure { () async throws(PostgresError) in
              try await connection.query("SELECT pg_sleep(4)")
            })
        }
        task.cancel()
        #expect(await outcome.wait(for: 1).first??.kind == .cancelled)
      }
    }
  }

  @Test func cancelledTaskOfAQueuedQueryWaitsItsTurnAndHurtsNobody() async throws {
    try await withConnection { connection in
      let outcome = Mailbox<PostgresError?>()
      async let before = connection.query("SELECT pg_sleep(0.2)")
      let task = connection.loop.spawn {
        outcome.put(
          await failure { () async throws(PostgresError) in
            try await connection.query("SELECT pg_sleep(4)")
          })
      }
      async let after = connection.query("SELECT 7")
      task.cancel()
      _ = try await before
      #expect(await outcome.wait(for: 1).first??.kind == .cancelled)
      #expect(try await after.onlyRow().decode(0, as: Int32.self) == 7)
    }
  }

  /// Short queries cancelled at random moments between innocent ones: whatever the timing, each
  /// innocent one succeeds exactly once.
  @Test func strayCancelRequestsAreInvisible() async throws {
    try await withConnection { connection in
      try await connection.executeScript("CREATE TABLE t (n int4)")
      for round in Int32(0)..<150 {
        let outcome = Mailbox<PostgresError?>()
        let task = connection.loop.spawn {
          outcome.put(
            await failure { () async throws(PostgresError) in
              try await connection.query("SELECT pg_sleep(0.0005)")
            })
        }
        async let first = connection.query("INSERT INTO t VALUES ($1)", [.int4(round)])
        async let second = connection.query(
          "INSERT INTO t SELECT $1 FROM pg_sleep(0.0005)", [.int4(round)])
        task.cancel()
        _ = try await (first, second)
        let error = await outcome.wait(for: 1).first ?? nil
        #expect(error == nil || error?.kind == .cancelled)
      }
      let row = try await connection.query("SELECT count(*), count(DISTINCT n) FROM t").onlyRow()
      #expect(try row.decode(0, as: Int64.self) == 300)
      #expect(try row.decode(1, as: Int64.self) == 150)
    }
  }

  @Test func serversOwnTimeoutIsToldApart() async throws {
    try await withConnection({ $0.statementTimeout = .milliseconds(100) }) { connection in
      let error = await failure { () async throws(PostgresError) in
        try await connection.query("SELECT pg_sleep(4)")
      }
      #expect(error?.kind == .queryCancelled)
    }
  }

  @Test func cancelledTransactionRollsBackAndFreesTheSession() async throws {
    try await withTwoConnections { connection, observer in
      try await connection.executeScript("CREATE TABLE t (n int4)")
      let outcome = Mailbox<PostgresError?>()
      let task = connection.loop.spawn {
        outcome.put(
          await failure { () async throws(PostgresError) in
            try await connection.transaction { connection throws(PostgresError) in
              _ = try await connection.query("INSERT INTO t VALUES (1)")
              _ = try await connection.query("SELECT pg_sleep(4)")
            }
          })
      }
      try await observer.waitUntilActive(connection, "pg_sleep")
      task.cancel()
      #expect(await outcome.wait(for: 1).first??.kind == .cancelled)
      let row = try await connection.query("SELECT count(*) FROM t").onlyRow()
      #expect(try row.decode(0, as: Int64.self) == 0)
    }
  }

  // MARK: Lost connections

  @Test func terminatedBackendProvesThatNothingHappened() async throws {
    try await withTwoConnections { connection, observer in
      try await connection.executeScript("CREATE TABLE t (n int4)")
      async let running = failure { () async throws(PostgresError) in
        try await connection.query("INSERT INTO t SELECT 1 FROM pg_sleep(4)")
      }
      async let queued = failure { () async throws(PostgresError) in
        try await connection.query("INSERT INTO t VALUES (2)")
      }
      try await observer.waitUntilActive(connection)
      _ = try await observer.query(
        "SELECT pg_terminate_backend($1)", [.int4(connection.backendProcess)])
      let errors = await [running, queued]
      for error in errors {
        #expect(error?.kind == .connectionLost(maybeExecuted: false))
        #expect(error?.sqlState?.code == "57P01")
      }
      let after = await failure { () async throws(PostgresError) in
        try await connection.query("SELECT 1")
      }
      #expect(after?.kind == .connectionLost(maybeExecuted: false))
      let row = try await observer.query("SELECT count(*) FROM t").onlyRow()
      #expect(try row.decode(0, as: Int64.self) == 0)
    }
  }

  @Test func frozenServerIsGivenUp() async throws {
    try await withTwoConnections { connection, observer in
      _ = try await connection.query("SELECT 1")
      kill(connection.backendProcess, SIGSTOP)
      defer { kill(connection.backendProcess, SIGCONT) }
      let error = await failure { () async throws(PostgresError) in
        try await connection.query("SELECT 1", timeout: .milliseconds(100))
      }
      #expect(error?.kind == .connectionLost(maybeExecuted: true))
      #expect(try await observer.query("SELECT 1").rowCount == 1)
    }
  }

  @Test func lossBeforeCommitProvesThatNothingHappened() async throws {
    try await withTwoConnections { connection, observer in
      let error = await failure { () async throws(PostgresError) in
        try await connection.transaction { connection throws(PostgresError) in
          _ = try await connection.query("SELECT 1")
          kill(connection.backendProcess, SIGTERM)
          while true { _ = try await connection.query("SELECT 1") }
        }
      }
      #expect(error?.kind == .connectionLost(maybeExecuted: false))
      _ = try await observer.query("SELECT 1")
    }
  }

  @Test func closedConnectionFailsItsWaiters() async throws {
    try await withTwoConnections { connection, observer in
      async let running = failure { () async throws(PostgresError) in
        try await connection.query("SELECT pg_sleep(4)")
      }
      try await observer.waitUntilActive(connection)
      await connection.close()
      #expect(await running?.kind == .connectionLost(maybeExecuted: true))
    }
  }
}

extension PostgresConnection {
  /// Waits until the server runs something on another session.
  func waitUntilActive(
    _ other: PostgresConnection, _ text: String = ""
  ) async throws(PostgresError) {
    while true {
      let result = try await query(
        """
        SELECT 1 FROM pg_stat_activity
        WHERE pid = $1 AND state = 'active' AND position($2 in query) > 0
        """, [.int4(other.backendProcess), .text(text)])
      if result.rowCount == 1 { return }
    }
  }
}
