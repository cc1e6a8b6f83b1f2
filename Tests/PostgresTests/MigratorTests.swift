// Migrations: applied once and in order, each whole or not at all, and refused where files and
// database contradict each other.

import Postgres
import Reactor
import Support
import Testing

@Suite(.timeLimit(.minutes(2)))
struct MigratorTests {
  private static func migrations(_ texts: [String]) throws -> [Migration] {
    try texts.enumerated().map { index, sql in
      try Migration(fileName: "000\(index + 1)_step.sql", sql: sql)
    }
  }

  private func withEmptyDatabase(
    _ body: @escaping @Sendable (PostgresConfiguration, PostgresConnection) async throws -> Void
  ) async throws {
    try await TestCluster.shared.withDatabase { string in
      let configuration = PostgresConfiguration(string)
      let connection = try await PostgresConnection.connect(configuration, on: TestLoops.next())
      do {
        try await body(configuration, connection)
      } catch {
        await connection.close()
        throw error
      }
      await connection.close()
    }
  }

  private func refusal<Value>(
    _ body: () async throws(MigrationError) -> Value
  ) async -> MigrationError? {
    do {
      _ = try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test func appliesWhatIsPendingOnce() async throws {
    try await withEmptyDatabase { configuration, connection in
      let all = try Self.migrations([
        "CREATE TABLE a (n int4); INSERT INTO a VALUES (1);",
        "-- usher:no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n)",
        "ALTER TABLE a ADD COLUMN m int4 DEFAULT 2",
      ])
      let first = try Migrator(Array(all.prefix(2)))
      #expect(try await first.status(on: connection).pending == Array(all.prefix(2)))
      #expect(
        await self.refusal { () async throws(MigrationError) in
          try await first.check(on: connection)
        }?.kind == .databaseIsOlder)
      #expect(try await first.up(configuration, on: connection.loop) == Array(all.prefix(2)))
      try await first.check(on: connection)
      let second = try Migrator(all)
      #expect(try await second.up(configuration, on: connection.loop) == [all[2]])
      #expect(try await second.up(configuration, on: connection.loop) == [])
      #expect(try await second.status(on: connection).applied == all)
      #expect(try await connection.query("SELECT n, m FROM a").rowCount == 1)
    }
  }

  /// What a run that was cut off has left of an index is dropped by the next.
  @Test func anIndexThatWasLeftHalfMadeIsMadeAnew() async throws {
    try await withEmptyDatabase { configuration, connection in
      let all = try Self.migrations([
        "CREATE TABLE a (n int4); INSERT INTO a VALUES (1), (1)",
        """
        -- usher:no-transaction
        -- One row each.
        DROP INDEX CONCURRENTLY IF EXISTS a_n;
        CREATE UNIQUE INDEX CONCURRENTLY a_n
        ON a (n);
        """,
      ])
      let migrator = try Migrator(all)
      let error = await self.refusal { () async throws(MigrationError) in
        try await migrator.up(configuration, on: connection.loop)
      }
      #expect(error?.kind == .failed && error?.subject == "0002_step")
      let left: PostgresStatement =
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('a_n')"
      #expect(try await connection.query(left).onlyRow().decode(0, as: Bool.self) == false)
      try await connection.executeScript("DELETE FROM a WHERE ctid = '(0,1)'")
      #expect(try await migrator.up(configuration, on: connection.loop) == [all[1]])
      #expect(try await connection.query(left).onlyRow().decode(0, as: Bool.self))
    }
  }

  @Test func failedMigrationLeavesNothing() async throws {
    try await withEmptyDatabase { configuration, connection in
      let migrator = try Migrator(
        Self.migrations(["CREATE TABLE a (n int4)", "CREATE TABLE b (n int4); SELECT 1 / 0"]))
      let error = await self.refusal { () async throws(MigrationError) in
        try await migrator.up(configuration, on: connection.loop)
      }
      #expect(error?.kind == .failed && error?.subject == "0002_step")
      #expect(error?.description == "0002_step: failed: division by zero")
      let row = try await connection.query("SELECT to_regclass('b') IS NULL").onlyRow()
      #expect(try row.decode(0, as: Bool.self))
      #expect(try await migrator.status(on: connection).applied.count == 1)
    }
  }

  @Test func migrationMustNotEndItsTransaction() async throws {
    try await withEmptyDatabase { configuration, connection in
      let migrator = try Migrator(Self.migrations(["CREATE TABLE a (n int4); COMMIT"]))
      let error = await self.refusal { () async throws(MigrationError) in
        try await migrator.up(configuration, on: connection.loop)
      }
      #expect(error?.kind == .endedTransaction)
    }
  }

  @Test func contradictionsAreRefused() async throws {
    try await withEmptyDatabase { configuration, connection in
      let loop = connection.loop
      let texts = ["CREATE TABLE a ()", "CREATE TABLE b ()", "CREATE TABLE c ()"]
      let migrator = try Migrator(Self.migrations(texts))
      _ = try await migrator.up(configuration, on: loop)

      let edited = try Migrator(Self.migrations([texts[0], texts[1] + " -- edited", texts[2]]))
      let changed = await self.refusal { () async throws(MigrationError) in
        try await edited.up(configuration, on: loop)
      }
      #expect(changed?.kind == .edited && changed?.subject == "0002_step")

      let older = try Migrator(Self.migrations(Array(texts.prefix(2))))
      let newer = await self.refusal { () async throws(MigrationError) in
        try await older.check(on: connection)
      }
      #expect(newer?.kind == .databaseIsNewer)

      _ = try await connection.query("DELETE FROM schema_migrations WHERE number = 2")
      let gap = await self.refusal { () async throws(MigrationError) in
        try await migrator.up(configuration, on: loop)
      }
      #expect(gap?.kind == .gapInDatabase && gap?.subject == "0002_step")
    }
  }

  @Test(arguments: [
    "1_a.sql", "0001a.sql", "0001_a.txt", "0000_a.sql", "", "abcd_a.sql", "00001_a.sql", "0001",
  ])
  func malformedNamesAreRefused(_ name: String) {
    #expect(throws: MigrationError(.malformedName, name)) {
      try Migration(fileName: name, sql: "")
    }
  }

  @Test func gapsInFilesAreRefused() throws {
    let first = try Migration(fileName: "SQL/0001_a.sql", sql: "")
    let second = try Migration(fileName: "0002_b_c.sql", sql: "")
    let third = try Migration(fileName: "0003_d.sql", sql: "")
    #expect(second.name == "b_c" && second.label == "0002_b_c")
    #expect(try Migrator([third, first, second]).migrations == [first, second, third])
    for wrong in [[first, third], [second], [first, first, second]] {
      #expect(throws: MigrationError.self) { try Migrator(wrong) }
    }
  }

  @Test func twoProcessesMigrateOneAfterTheOther() async throws {
    try await withEmptyDatabase { configuration, connection in
      let migrator = try Migrator(
        Self.migrations(["CREATE TABLE a (); SELECT pg_sleep(0.2)", "CREATE TABLE b ()"]))
      async let first = migrator.up(configuration, on: TestLoops.next())
      async let second = migrator.up(configuration, on: TestLoops.next())
      let counts = try await [first.count, second.count]
      #expect(counts.sorted() == [0, 2])

      try await connection.executeScript("SELECT pg_advisory_lock(\(0x7573_6865_725f_6d69))")
      let locked = await self.refusal { () async throws(MigrationError) in
        try await migrator.up(
          configuration, on: connection.loop, lockWait: .milliseconds(50))
      }
      #expect(locked?.kind == .locked)
    }
  }
}
