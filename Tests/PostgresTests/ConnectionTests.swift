// One connection against a real server: order, prepared statements, transactions, errors.

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

@Suite(.timeLimit(.minutes(2)))
struct ConnectionTests {
  @Test func connectsAndSelects() async throws {
    try await withConnection { connection in
      let result = try await connection.query("SELECT $1::int8 + 1 AS n", [.int8(41)])
      #expect(try result.onlyRow().decode("n", as: Int64.self) == 42)
    }
  }
}
