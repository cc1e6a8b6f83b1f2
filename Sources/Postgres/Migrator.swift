// Brings a database's schema up to date: one process at a time, one transaction per migration, and
// refuses where files and database contradict each other.

package import Reactor

/// Applies numbered migrations and remembers them in `schema_migrations`.
package struct Migrator: Sendable {
  /// In order of their numbers.
  package let migrations: [Migration]

  /// Throws `.gapInFiles` unless the numbers are 1, 2, 3, …
  package init(_ migrations: [Migration]) throws(MigrationError) {
    self.migrations = migrations.sorted { $0.number < $1.number }
    for (index, migration) in self.migrations.enumerated() where migration.number != index + 1 {
      throw MigrationError(.gapInFiles, migration.label)
    }
  }

  // MARK: Asking

  /// What is applied and what is pending. Changes nothing. Throws the refusals.
  package func status(on connection: PostgresConnection) async throws(MigrationError)
    -> MigrationStatus
  {
    let records = try await asked { () async throws(PostgresError) in
      try await recorded(on: connection)
    }
    return try await compare(records, on: connection)
  }

  /// For a server about to serve: throws unless exactly these migrations are applied.
  package func check(on connection: PostgresConnection) async throws(MigrationError) {
    let status = try await status(on: connection)
    guard let missing = status.pending.first else { return }
    throw MigrationError(.databaseIsOlder, missing.label)
  }

  private struct Record: Sendable {
    let number: Int
    let name: String
    let checksum: [UInt8]
  }

  private func recorded(
    on connection: PostgresConnection
  ) async throws(PostgresError) -> [Record] {
    let table = try await connection.query(
      "SELECT to_regclass('public.schema_migrations') IS NOT NULL")
    guard try table.onlyRow().decode(0, as: Bool.self) else { return [] }
    let result = try await connection.query(
      "SELECT number, name, checksum FROM public.schema_migrations ORDER BY number")
    var records: [Record] = []
    for row in result.rows {
      records.append(
        Record(
          number: try row.decode(0), name: try row.decode(1), checksum: try row.decode(2)))
    }
    return records
  }

  private func compare(
    _ records: [Record], on connection: PostgresConnection
  ) async throws(MigrationError) -> MigrationStatus {
    for (index, record) in records.enumerated() {
      let label = "\(record.number)_\(record.name)"
      guard record.number <= migrations.count else {
        throw MigrationError(.databaseIsNewer, label)
      }
      guard record.number == index + 1 else {
        throw MigrationError(.gapInDatabase, migrations[index].label)
      }
    }
    let applied = Array(migrations.prefix(records.count))
    let expected = try await asked { () async throws(PostgresError) in
      try await checksums(of: applied, on: connection)
    }
    for (index, migration) in applied.enumerated()
    where expected[index] != records[index].checksum || migration.name != records[index].name {
      throw MigrationError(.edited, migration.label)
    }
    return MigrationStatus(applied: applied, pending: Array(migrations.dropFirst(records.count)))
  }

  /// SHA-256 of each migration's text, computed by the server: no hash of our own to maintain.
  private func checksums(
    of migrations: [Migration], on connection: PostgresConnection
  ) async throws(PostgresError) -> [[UInt8]] {
    let result = try await connection.query(
      "SELECT sha256(convert_to(t, 'UTF8')) FROM unnest($1::text[]) WITH ORDINALITY u(t, n) ORDER BY n",
      [.array(migrations.map(\.sql))])
    var checksums: [[UInt8]] = []
    for row in result.rows { checksums.append(try row.decode(0)) }
    guard checksums.count == migrations.count else {
      throw PostgresError(.decoding, "a checksum is missing")
    }
    return checksums
  }

  private func asked<Value: Sendable>(
    _ body: () async throws(PostgresError) -> Value
  ) async throws(MigrationError) -> Value {
    do {
      return try await body()
    } catch {
      throw MigrationError(.database, "", cause: error)
    }
  }

  // MARK: Applying

  /// Applies what is pending and returns it. Opens a connection of its own, without a statement
  /// time-out: building an index takes what it takes. Waits up to `lockWait` for another process
  /// that migrates.
  package func up(
    _ configuration: PostgresConfiguration, on loop: EventLoop,
    lockWait: Duration = .seconds(60)
  ) async throws(MigrationError) -> [Migration] {
    var configuration = configuration
    configuration.statementTimeout = nil
    let connection: PostgresConnection
    do {
      connection = try await PostgresConnection.connect(configuration, on: loop)
    } catch {
      throw MigrationError(.database, "", cause: error)
    }
    do {
      try await lock(connection, lockWait, then: configuration.lockTimeout)
      let applied = try await applyPending(on: connection)
      await connection.close()
      return applied
    } catch {
      // Closing the session releases the lock.
      await connection.close()
      throw error
    }
  }

  /// An arbitrary number that all versions of this program share.
  private static let advisoryLock: Int64 = 0x7573_6865_725f_6d69

  private func lock(
    _ connection: PostgresConnection, _ wait: Duration, then lockTimeout: Duration?
  ) async throws(MigrationError) {
    do {
      try await setLockTimeout(wait, on: connection)
      _ = try await connection.query("SELECT pg_advisory_lock($1)", [.int8(Self.advisoryLock)])
      // The migrations themselves must not stand in front of the sales for long.
      try await setLockTimeout(lockTimeout, on: connection)
      _ = try await connection.query(
        """
        CREATE TABLE IF NOT EXISTS public.schema_migrations (
          number int PRIMARY KEY,
          name text NOT NULL,
          checksum bytea NOT NULL CHECK (octet_length(checksum) = 32),
          applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """)
    } catch {
      if error.kind == .lockTimeout { throw MigrationError(.locked, "") }
      throw MigrationError(.database, "", cause: error)
    }
  }

  private func setLockTimeout(
    _ timeout: Duration?, on connection: PostgresConnection
  ) async throws(PostgresError) {
    _ = try await connection.query(
      "SELECT set_config('lock_timeout', $1, false)",
      [.text("\(timeout?.wholeMillisecondsUp ?? 0)ms")])
  }

  private func applyPending(
    on connection: PostgresConnection
  ) async throws(MigrationError) -> [Migration] {
    let pending = try await status(on: connection).pending
    for migration in pending { try await apply(migration, on: connection) }
    return pending
  }

  private func apply(
    _ migration: Migration, on connection: PostgresConnection
  ) async throws(MigrationError) {
    do {
      if migration.isOutsideTransaction {
        for script in migration.scripts { try await connection.executeScript(script) }
        try await record(migration, on: connection)
      } else {
        try await connection.transaction { connection throws(PostgresError) in
          try await connection.executeScript(migration.sql)
          guard await connection.isInTransaction() else {
            throw PostgresError(.invalidStatement, Self.endedTransaction)
          }
          try await record(migration, on: connection)
        }
      }
    } catch {
      let hasEnded = error.detail == Self.endedTransaction
      throw MigrationError(hasEnded ? .endedTransaction : .failed, migration.label, cause: error)
    }
  }

  private static let endedTransaction = "the migration ended its transaction"

  private func record(
    _ migration: Migration, on connection: PostgresConnection
  ) async throws(PostgresError) {
    _ = try await connection.query(
      """
      INSERT INTO public.schema_migrations (number, name, checksum)
      VALUES ($1, $2, sha256(convert_to($3, 'UTF8')))
      """,
      [.int4(Int32(migration.number)), .text(migration.name), .text(migration.sql)])
  }
}
