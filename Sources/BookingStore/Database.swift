// What the store needs of the database: statements and their answers. A connection is one, a pool is
// another; statements come from the SQL folder.

package import Postgres
import Reactor

/// Something that runs statements, each in a transaction of its own or several in one.
package protocol Database: Sendable {
  /// As `PostgresConnection.query`.
  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult

  /// As `PostgresConnection.transaction`: all of the body's statements or none.
  func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value
}

extension PostgresConnection: Database {
  package func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await transaction { (connection) async throws(PostgresError) in
      try await body(connection)
    }
  }
}

extension PostgresPool: Database {
  package func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await withConnection { (connection) async throws(PostgresError) in
      try await connection.inTransaction(body)
    }
  }
}

extension Database {
  /// Runs a statement and sorts its errors for this layer.
  func ask(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(StoreError) -> PostgresResult {
    do {
      return try await query(statement, parameters, timeout: timeout)
    } catch {
      throw StoreError(error)
    }
  }

  /// Runs a statement that does something under a request id. One that collides with the same request, or
  /// with another for the same shows, is found or made by running it again.
  func act(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(StoreError) -> PostgresResult {
    let end = timeout.map { LoopInstant.now + $0 }
    var failure = StoreError(.contended)
    for _ in 0..<StoreLimits.soloAttempts {
      do throws(StoreError) {
        let rest = end.map { max(.zero, $0 - .now) }
        return try await ask(statement, parameters, timeout: rest)
      } catch {
        failure = error.cause?.kind == .uniqueViolation ? StoreError(.contended) : error
        guard failure.kind == .contended else { throw failure }
      }
    }
    throw failure
  }
}

/// Runs a body that reads a result, and sorts its errors for this layer.
func reading<Value>(
  _ body: () throws(PostgresError) -> Value
) throws(StoreError) -> Value {
  do {
    return try body()
  } catch {
    throw StoreError(error)
  }
}
