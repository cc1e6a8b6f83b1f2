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
      await connection.close()
    } catch {
      throw Failure.start("\(error)")
    }
  }
}
