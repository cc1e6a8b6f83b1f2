// What a server promises about data that it has acknowledged. Judges nothing: whoever is about to
// serve decides whether it is enough.

/// Settings of a server that decide whether a sale survives a power cut.
package struct ServerSettings: Sendable, Equatable {
  package let fsync: Bool
  package let fullPageWrites: Bool
  /// `off`, `local`, `remote_write`, `on` or `remote_apply`, as new sessions get it.
  package let synchronousCommit: String
  /// `logical` is needed for the feed.
  package let walLevel: String
  package let isReadOnly: Bool
  package let serverVersion: Int

  /// Whether an acknowledged commit survives a crash of the machine.
  package var isDurable: Bool { fsync && fullPageWrites && synchronousCommit != "off" }

  /// Reads the settings of a connection's server.
  package static func read(
    on connection: PostgresConnection
  ) async throws(PostgresError) -> ServerSettings {
    let result = try await connection.query(
      """
      SELECT current_setting('fsync')::bool, current_setting('full_page_writes')::bool,
             current_setting('synchronous_commit'), current_setting('wal_level'),
             current_setting('transaction_read_only')::bool,
             current_setting('server_version_num')::int4
      """)
    let row = try result.onlyRow()
    return ServerSettings(
      fsync: try row.decode(0), fullPageWrites: try row.decode(1),
      synchronousCommit: try row.decode(2), walLevel: try row.decode(3),
      isReadOnly: try row.decode(4), serverVersion: try row.decode(5))
  }
}
