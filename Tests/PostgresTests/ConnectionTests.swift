// One connection against a real server: order, prepared statements, errors, transactions.

import Postgres
import Reactor
import Support
import Testing

/// A connection to a database of the test's own, on a loop.
func withConnection(
  _ adjust: @Sendable (inout PostgresConfiguration) -> Void = { _ in },
  _ body: @escaping @Sendable (PostgresConnection) async throws -> Void
) async throws {
  try await TestCluster.shared.withDatabase { string in
    var configuration = PostgresConfiguration(string)
    adjust(&configuration)
    let loop = TestLoops.next()
    try await loop.run { [configuration] () async throws in
      let connection = try await PostgresConnection.connect(configuration, on: loop)
      do {
        try await body(connection)
      } catch {
        await connection.close()
        throw error
      }
      await connection.close()
    }
  }
}

/// The error that an operation throws, nil when it throws none.
func failure<Value>(
  _ body: () async throws(PostgresError) -> Value
) async -> PostgresError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}

@Suite(.timeLimit(.minutes(2)))
struct ConnectionTests {
  @Test func answersComeBackInTheOrderOfSending() async throws {
    try await withConnection { connection in
      try await connection.executeScript(
        "CREATE TABLE seen (n int8, at int8 DEFAULT txid_current())")
      let loop = connection.loop
      let answers = try await withThrowingTaskGroup(of: (Int64, Int64).self) { group in
        for number in Int64(0)..<200 {
          group.addTask(executorPreference: loop) {
            let result = try await connection.query(
              "INSERT INTO seen (n) VALUES ($1) RETURNING n, at", [.int8(number)])
            let row = try result.onlyRow()
            return (try row.decode(0), try row.decode(1))
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.map(\.0).sorted() == Array(0..<200))
      // Each query had a transaction of its own, and the server took them one after the other.
      #expect(Set(answers.map(\.1)).count == 200)
      let order = try await connection.query("SELECT n FROM seen ORDER BY at")
      let numbers = try order.rows.map { try $0.decode(0, as: Int64.self) }
      #expect(numbers == Array(0..<200))
    }
  }

  @Test func statementsArePreparedOnce() async throws {
    try await withConnection { connection in
      let statement = PostgresStatement(name: "double", sql: "SELECT $1::int4 * 2")
      for number in Int32(0)..<5 {
        let row = try await connection.query(statement, [.int4(number)]).onlyRow()
        #expect(try row.decode(0, as: Int32.self) == number * 2)
      }
      let count = try await connection.query(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%* 2%'")
      // The counting statement names itself in its own text: two.
      #expect(try count.onlyRow().decode(0, as: Int64.self) == 2)
    }
  }

  @Test func sameTextWithOtherTypesIsAnotherStatement() async throws {
    try await withConnection { connection in
      let statement: PostgresStatement = "SELECT pg_typeof($1)::text"
      let first = try await connection.query(statement, [.int4(1)]).onlyRow()
      let second = try await connection.query(statement, [.text("x")]).onlyRow()
      #expect(try first.decode(0, as: String.self) == "integer")
      #expect(try second.decode(0, as: String.self) == "text")
    }
  }

  @Test func statementsBeyondTheCacheStillRun() async throws {
    try await withConnection { connection in
      for number in 0..<600 {
        let row = try await connection.query(PostgresStatement(sql: "SELECT \(number)")).onlyRow()
        #expect(try row.decode(0, as: Int32.self) == Int32(number))
      }
      let count = try await connection.query("SELECT count(*) FROM pg_prepared_statements")
      #expect(try count.onlyRow().decode(0, as: Int64.self) == 512)
    }
  }

  @Test func refusedPreparationTellsEveryoneWhy() async throws {
    try await withConnection { connection in
      let statement: PostgresStatement = "SELECT * FROM missing_table"
      async let first = failure { () async throws(PostgresError) in
        try await connection.query(statement)
      }
      async let second = failure { () async throws(PostgresError) in
        try await connection.query(statement)
      }
      let errors = await [first, second]
      #expect(errors.map { $0?.sqlState?.code } == ["42P01", "42P01"])
      try await connection.executeScript("CREATE TABLE missing_table ()")
      _ = try await connection.query(statement)
    }
  }

  @Test func planThatWentStaleIsPreparedAnew() async throws {
    try await withConnection { connection in
      try await connection.executeScript("CREATE TABLE t (a int4); INSERT INTO t VALUES (1)")
      #expect(try await connection.query("SELECT * FROM t").columnCount == 1)
      try await connection.executeScript("ALTER TABLE t ADD COLUMN b int4 DEFAULT 2")
      #expect(try await connection.query("SELECT * FROM t").columnCount == 2)
      try await connection.executeScript("DEALLOCATE ALL")
      #expect(try await connection.query("SELECT * FROM t").columnCount == 2)
    }
  }

  @Test func errorInTheMiddleHurtsNoNeighbour() async throws {
    try await withConnection { connection in
      try await connection.executeScript("CREATE TABLE t (n int4 PRIMARY KEY)")
      let insert: PostgresStatement = "INSERT INTO t VALUES ($1)"
      async let first = connection.query(insert, [.int4(1)])
      async let twice = failure { () async throws(PostgresError) in
        try await connection.query(insert, [.int4(1)])
      }
      async let third = connection.query(insert, [.int4(3)])
      #expect(try await first.affectedRows == 1)
      #expect(await twice?.kind == .uniqueViolation)
      #expect(await twice?.constraint == "t_pkey")
      #expect(try await third.affectedRows == 1)
      let rows = try await connection.query("SELECT n FROM t ORDER BY n").rows
      #expect(try rows.map { try $0.decode(0, as: Int32.self) } == [1, 3])
    }
  }

  @Test func errorOfTheCommitIsTheQuerysError() async throws {
    try await withConnection { connection in
      try await connection.executeScript(
        "CREATE TABLE t (n int4 UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1)")
      async let twice = failure { () async throws(PostgresError) in
        try await connection.query("INSERT INTO t VALUES (1)")
      }
      async let after = connection.query("SELECT count(*) FROM t")
      #expect(await twice?.kind == .uniqueViolation)
      #expect(try await after.onlyRow().decode(0, as: Int64.self) == 1)
    }
  }

  @Test func sessionHasItsSettings() async throws {
    try await withConnection({ $0.applicationName = "probe" }) { connection in
      let expected = [
        "statement_timeout": "5s", "lock_timeout": "3s", "client_encoding": "UTF8",
        "TimeZone": "UTC", "application_name": "probe",
      ]
      for (name, value) in expected {
        let row = try await connection.query("SELECT current_setting($1)", [.text(name)]).onlyRow()
        #expect(try row.decode(0, as: String.self) == value, "\(name)")
      }
      let settings = try await ServerSettings.read(on: connection)
      #expect(settings.isDurable && settings.walLevel == "logical" && !settings.isReadOnly)
    }
  }

  @Test func optionsOfTheConnectionStringWin() async throws {
    try await withConnection({
      $0.connectionString += " options='-c statement_timeout=777'"
    }) { connection in
      let row = try await connection.query("SHOW statement_timeout").onlyRow()
      #expect(try row.decode(0, as: String.self) == "777ms")
    }
  }

  @Test func limitsRefuseBeforeSending() async throws {
    try await withConnection { connection in
      let large = [UInt8](repeating: 1, count: 65 << 20)
      let error = await failure { () async throws(PostgresError) in
        try await connection.query("SELECT $1", [.bytea(large)])
      }
      #expect(error?.kind == .parametersTooLarge)
      let outcomes = await withTaskGroup(of: PostgresError.Kind?.self) { group in
        for _ in 0..<300 {
          group.addTask(executorPreference: connection.loop) {
            await failure { () async throws(PostgresError) in
              try await connection.query("SELECT 1")
            }?.kind
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.filter { $0 == .queueFull }.count == 300 - 256)
      #expect(outcomes.filter { $0 == nil }.count == 256)
    }
  }

  @Test func largeParametersAndResultsPassTheSocket() async throws {
    try await withConnection { connection in
      let bytes = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      async let first = connection.query("SELECT $1::bytea", [.bytea(bytes)])
      async let second = connection.query("SELECT $1::bytea", [.bytea(bytes)])
      for result in try await [first, second] {
        #expect(try result.onlyRow().decode(0, as: [UInt8].self) == bytes)
      }
    }
  }

  // MARK: Scripts and transactions

  @Test func scriptIsAloneAndItsErrorRollsItBack() async throws {
    try await withConnection { connection in
      let slow = Mailbox<PostgresError?>()
      connection.loop.spawn {
        slow.put(
          await failure { () async throws(PostgresError) in
            try await connection.query("SELECT pg_sleep(0.1)")
          })
      }
      let busy = await failure { () async throws(PostgresError) in
        try await connection.executeScript("SELECT 1")
      }
      #expect(busy?.kind == .busy)
      #expect(await slow.wait(for: 1) == [nil])
      let error = await failure { () async throws(PostgresError) in
        try await connection.executeScript("CREATE TABLE t (n int4); SELECT 1 / 0")
      }
      #expect(error?.sqlState?.code == "22012")
      let row = try await connection.query("SELECT to_regclass('t') IS NULL").onlyRow()
      #expect(try row.decode(0, as: Bool.self))
    }
  }

  @Test func scriptWithCopyEndsTheConnectionNotTheProgram() async throws {
    try await withConnection { connection in
      try await connection.executeScript("CREATE TABLE t (n int4)")
      let error = await failure { () async throws(PostgresError) in
        try await connection.executeScript("COPY t FROM STDIN")
      }
      #expect(error?.kind == .protocolViolation)
      let after = await failure { () async throws(PostgresError) in
        try await connection.query("SELECT 1")
      }
      #expect(after != nil)
    }
  }

  @Test func transactionCommitsOrRollsBack() async throws {
    try await withConnection { connection in
      try await connection.executeScript("CREATE TABLE t (n int4)")
      try await connection.transaction { connection throws(PostgresError) in
        _ = try await connection.query("INSERT INTO t VALUES (1)")
      }
      let error = await failure { () async throws(PostgresError) in
        try await connection.transaction { connection throws(PostgresError) in
          _ = try await connection.query("INSERT INTO t VALUES (2)")
          _ = try await connection.query("SELECT 1 / 0")
        }
      }
      #expect(error?.sqlState?.code == "22012")
      let hidden = await failure { () async throws(PostgresError) in
        try await connection.transaction { connection throws(PostgresError) in
          _ = try await connection.query("INSERT INTO t VALUES (3)")
          // Swallowed by the body: COMMIT must still not pretend to have worked.
          _ = await failure { () async throws(PostgresError) in
            try await connection.query("SELECT 1 / 0")
          }
        }
      }
      #expect(hidden != nil)
      let rows = try await connection.query("SELECT n FROM t").rows
      #expect(try rows.map { try $0.decode(0, as: Int32.self) } == [1])
    }
  }
}
