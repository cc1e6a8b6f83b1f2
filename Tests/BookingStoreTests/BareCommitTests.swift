// The benchmark's bare commit is one of ours: what pgbench sends has the arguments of write_sales(),
// and leaves nothing that the checker objects to.

import Foundation
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct BareCommitTests {
  @Test func itHoldsTwoSeats() async throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let script = try String(
      contentsOf: tests.appending(path: "Benchmarks/selling/bare_commit.sql"), encoding: .utf8)
    let lines = script.split(separator: "\n")
    let statement = lines.filter { !$0.hasPrefix("--") && !$0.hasPrefix("\\") }
    try await House.run { house in
      let variables = [
        "lane": "\(house.details.show.lane)", "show": "\(house.details.show.id)", "version": "1",
        "first": "0", "second": "1", "n": "7",
      ]
      var sql = statement.joined(separator: "\n")
      for (name, value) in variables {
        sql = sql.replacing(try Regex(":\(name)\\b"), with: value)
      }
      try await house.run(sql)
      #expect(try await house.faults() == [])
      #expect(try await house.seats(.held) == ["A1", "A2"])
    }
  }
}
