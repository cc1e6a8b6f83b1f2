// The characters that texts may have, and those that the database's checks take: what we let through must
// not fail there, in the middle of what others have asked for.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct PrintableTextTests {
  /// Every character that PostgreSQL has in a class, U+0000 excepted, which it has in no text.
  private func scalars(_ house: House, _ kind: String) async throws -> [Unicode.Scalar] {
    let numbers: [Int32] = try await house.connection.query(
      PostgresStatement(
        sql: """
          select array_agg(n) from generate_series(1, 1114111) n
           where n not between 55296 and 57343 and chr(n) ~ '[[:\(kind):]]'
          """)
    ).onlyRow().decode(0)
    return numbers.compactMap { Unicode.Scalar(UInt32($0)) }
  }

  @Test func whatTheDatabaseCallsControlIsNotPrintable() async throws {
    try await House.run { house in
      let controls = try await scalars(house, "cntrl")
      #expect(controls.contains("\u{85}") && controls.contains("\n"))
      let passed = controls.filter { "a\($0)".isPrintable || SeatLayout.isTier("a\($0)") }
      #expect(passed == [])
      #expect("Zoë’s 映画館 🎬".isPrintable)
      #expect(["\0", "a\u{2028}b", "a\u{2029}"].filter(\.isPrintable) == [])
    }
  }

  @Test func whatTheDatabaseCallsSpaceIsInNoLabel() async throws {
    try await House.run { house in
      let spaces = try await scalars(house, "space")
      #expect(spaces.contains(" ") && spaces.contains("\u{3000}"))
      #expect(spaces.filter { SeatLayout.isLabel("a\($0)") } == [])
    }
  }
}
