// `usherd migrate`: brings the schema up to date, or tells what is missing.

import ArgumentParser
import BookingStore
import Foundation
import Postgres
import Reactor

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring the database schema up to date.")

  @OptionGroup var flags: SettingFlags
  @Flag(help: "Only tell what is applied and what is pending.")
  var status = false
  @Flag(
    help: """
      Make the database a sandbox, in which partners move the clock and break calls: once, for ever, and \
      only before it has shows.
      """)
  var sandbox = false

  func validate() throws {
    guard !(status && sandbox) else { throw ValidationError("--status changes nothing.") }
  }

  func run() async throws {
    let settings = try Failure.asConfiguration { try Settings(flags: flags) }
    guard !settings.database.isEmpty else { throw Failure.configuration("no database") }
    let loop = try EventLoop(name: "migrate")
    do {
      let configuration = PostgresConfiguration(settings.database)
      let connection = try await DatabaseCheck.connect(configuration, on: loop)
      let migrator = try Migrations.migrator()
      let state = try await migrator.status(on: connection)
      for migration in state.applied { Runner.announce("applied \(migration.label)") }
      if status {
        for migration in state.pending { Runner.announce("pending \(migration.label)") }
      } else {
        for migration in try await migrator.up(configuration, on: loop) {
          Runner.announce("applied \(migration.label) now")
        }
      }
      if sandbox {
        try await Self.makeSandbox(connection)
        Runner.announce("sandbox")
      }
      await connection.close()
    } catch {
      throw Failure.start("\(error)")
    }
  }

  /// Makes the database a sandbox, unless something may be sold in it in earnest.
  static func makeSandbox(_ connection: PostgresConnection) async throws {
    guard try await SandboxStore(connection).make() else {
      throw StartError(
        description: "the database has shows already: only one without can become a sandbox")
    }
  }
}
