// What must be true of a database before a node serves from it.

import BookingStore
import Postgres
import Reactor

enum DatabaseCheck {
  /// Throws in words for the operator when the database cannot be reached, has another schema, or
  /// does not keep what it acknowledges. Returns whether it is a sandbox.
  static func run(_ settings: Settings, on loop: EventLoop) async throws -> Bool {
    guard !settings.database.isEmpty else {
      throw StartError(
        description: "no database: set --database, USHER_DATABASE or \"database\" in the file")
    }
    let connection = try await connect(PostgresConfiguration(settings.database), on: loop)
    do {
      try await Migrations.migrator().check(on: connection)
      try judge(try await ServerSettings.read(on: connection), settings)
      let isSandbox = try await SandboxStore(connection).isSandbox()
      await connection.close()
      return isSandbox
    } catch let error as MigrationError where error.kind == .databaseIsOlder {
      await connection.close()
      throw StartError(
        description: "the database schema is older than this usherd (\(error)); "
          + "run `usherd migrate`")
    } catch let error as MigrationError {
      await connection.close()
      throw StartError(description: "cannot use the database schema: \(error)")
    }
  }

  static func connect(
    _ configuration: PostgresConfiguration, on loop: EventLoop
  ) async throws -> PostgresConnection {
    do {
      return try await PostgresConnection.connect(configuration, on: loop)
    } catch {
      throw StartError(description: "cannot reach the database: \(error)")
    }
  }

  private static func judge(_ found: ServerSettings, _ settings: Settings) throws {
    if !found.isDurable, !settings.allowUnsafeDurability {
      throw StartError(
        description: "the database may lose acknowledged sales: fsync, full_page_writes and "
          + "synchronous_commit must be on (or set allow_unsafe_durability)")
    }
    guard found.walLevel == "logical" else {
      throw StartError(
        description: "the database has wal_level = \(found.walLevel); live seat maps need logical")
    }
    guard !found.isReadOnly else {
      throw StartError(
        description: "the database is read-only; name its primary, or several hosts with "
          + "target_session_attrs=read-write")
    }
  }
}
