// Where the database is and what every session asks of it. Parses nothing itself: libpq does.

internal import CPostgres

/// The settings of connections to one database.
package struct PostgresConfiguration: Sendable {
  /// Any libpq connection string or URI; several hosts and `target_session_attrs` included. Host
  /// names are resolved on the loop while connecting: prefer addresses (`hostaddr`), a Unix socket
  /// or a resolver that answers at once.
  package var connectionString: String
  /// Shown in `pg_stat_activity`; overrides the connection string's.
  package var applicationName = "usher"
  /// Time for all of TCP, TLS and authentication, over all hosts.
  package var connectTimeout: Duration = .seconds(5)
  /// `statement_timeout` of the session, nil for none (migrations, seeding).
  package var statementTimeout: Duration? = .seconds(5)
  /// `lock_timeout` of the session, nil for none.
  package var lockTimeout: Duration? = .seconds(3)

  package init(_ connectionString: String) { self.connectionString = connectionString }
}

extension PostgresConfiguration {
  /// The keyword/value pairs for `PQconnectStartParams` with `expand_dbname`: later pairs win over
  /// the connection string. The string's own `options` are kept and win over ours.
  func parameters(replication: Bool = false) throws(PostgresError) -> [(String, String)] {
    let given = try givenOptions()
    var pairs = [
      ("dbname", connectionString), ("application_name", applicationName),
      ("client_encoding", "UTF8"), ("options", "\(sessionOptions) \(given)"),
      // Without an answer for this long a TCP peer is gone; statements end after 5 s.
      ("tcp_user_timeout", "15000"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
    ]
    if replication { pairs.append(("replication", "database")) }
    return pairs
  }

  private var sessionOptions: String {
    let statement = statementTimeout?.wholeMillisecondsUp ?? 0
    let lock = lockTimeout?.wholeMillisecondsUp ?? 0
    return "-c statement_timeout=\(statement) -c lock_timeout=\(lock) -c TimeZone=UTC"
      + " -c client_min_messages=warning"
  }

  /// The `options` of the connection string, after checking that libpq understands the string.
  private func givenOptions() throws(PostgresError) -> String {
    guard let list = PQconninfoParse(connectionString, nil) else {
      throw PostgresError(.invalidConfiguration, "connection string not understood")
    }
    defer { PQconninfoFree(list) }
    var item = list
    while let keyword = item.pointee.keyword {
      if String(cString: keyword) == "options", let value = item.pointee.val {
        return String(cString: value)
      }
      item += 1
    }
    return ""
  }
}

extension Duration {
  /// Milliseconds rounded up and at least 1: zero would switch a PostgreSQL time-out off.
  var wholeMillisecondsUp: Int64 {
    let (seconds, attoseconds) = components
    let whole = seconds.multipliedReportingOverflow(by: 1000)
    guard !whole.overflow, whole.partialValue < Int64(Int32.max) else { return Int64(Int32.max) }
    return max(1, whole.partialValue + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
