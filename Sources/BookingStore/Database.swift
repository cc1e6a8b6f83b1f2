// What the store needs of the database: one statement, one answer. A connection is one, a pool is
// another; statements come from the SQL folder.

package import Postgres

/// Something that runs one statement in a transaction of its own.
package protocol Database: Sendable {
  /// As `PostgresConnection.query`.
  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult
}

extension PostgresConnection: Database {}

extension PostgresPool: Database {}

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
