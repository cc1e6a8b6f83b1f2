// `usherd verify`: checks that shows, seats, bookings, request ids and waiting lists in a database
// tell the same story, and prints every contradiction.

import ArgumentParser
import Booking
import BookingStore
import Foundation
import Postgres
import Reactor

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a database's sales for contradictions.",
    discussion: """
      Looks at one snapshot of the database and changes nothing; nodes may sell meanwhile.
      Exit code 0: sound. 65: contradictions were found, and printed. 69: the database cannot be \
      read. 78: the settings are wrong.
      """)

  @Option(help: ArgumentHelp("JSON file with settings.", valueName: "file"))
  var config: String?
  @Option(help: ArgumentHelp("libpq connection string of the database.", valueName: "string"))
  var database: String?
  @Flag(help: "Print one JSON object a line instead of a table.")
  var json = false

  func run() async throws {
    let settings = try Failure.asConfiguration { try Settings(flags: flags()) }
    guard !settings.database.isEmpty else { throw Failure.configuration("no database") }
    let faults: [SaleFault]
    do {
      faults = try await Self.faults(settings.database)
    } catch {
      throw Failure.start("\(error)")
    }
    for line in json ? faults.map(Self.json) : Self.table(faults) { Runner.announce(line) }
    if !faults.isEmpty { throw ExitCode(65) }
  }

  private func flags() throws -> SettingFlags {
    var flags = try SettingFlags.parse([])
    flags.config = config
    flags.database = database
    return flags
  }

  private static func faults(_ database: String) async throws -> [SaleFault] {
    let loop = try EventLoop(name: "verify")
    var configuration = PostgresConfiguration(database)
    // Reading everything takes as long as it takes.
    configuration.statementTimeout = nil
    let connection = try await DatabaseCheck.connect(configuration, on: loop)
    do {
      try await Migrations.migrator().check(on: connection)
      let faults = try await SaleVerifier(connection).faults()
      await connection.close()
      return faults
    } catch {
      await connection.close()
      throw error
    }
  }

  // MARK: Printing

  private static func table(_ faults: [SaleFault]) -> [String] {
    guard !faults.isEmpty else { return ["sound"] }
    let rows = [["FAULT", "LANE", "SHOW", "SEAT", "BOOKING"]] + faults.map(cells)
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
        .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }
  }

  private static func cells(_ fault: SaleFault) -> [String] {
    [
      fault.check, "\(fault.lane)", "\(fault.showID)", fault.seatNumber.map { "\($0)" } ?? "-",
      fault.bookingID.map { "\($0)" } ?? "-",
    ]
  }

  /// The names of checks and the digits of ids need no escaping.
  private static func json(_ fault: SaleFault) -> String {
    let seat = fault.seatNumber.map { "\($0)" } ?? "null"
    let booking = fault.bookingID.map { "\"\($0)\"" } ?? "null"
    return #"{"fault":"\#(fault.check)","lane":\#(fault.lane),"show":\#(fault.showID),"#
      + #""seat":\#(seat),"booking":\#(booking)}"#
  }
}
