// Where the database is and what every session asks of it. Parses nothing itself: libpq does.

internal import CPostgres

/// The settings of connections to one database.
package struct PostgresConfiguration: Sendable {
  /// Any libpq connection string or URI; several hosts and `target_session_attrs` included. Its
  /// own `options` are kept and win over the settings below.
  package var connectionString: String
  /// Shown in `pg_stat_activity`; overrides the connection string's.
  package var applicationName = "usher"
  /// Time for all of name lookup, TCP, TLS and authentication, over all hosts.
  package var connectTimeout: Duration = .seconds(5)
  /// `statement_timeout` of the session, nil for none (migrations, seeding).
  package var statementTimeout: Duration? = .seconds(5)
  /// `lock_timeout` of the session, nil for none.
  package var lockTimeout: Duration? = .seconds(3)
  /// `idle_in_transaction_session_timeout` of the session, nil for none. Below the lock's: a program
  /// that stands still with locks taken must not make others give up.
  package var idleTransactionTimeout: Duration? = .seconds(2)

  package init(_ connectionString: String) { self.connectionString = connectionString }
}

/// What `PQconnectStartParams` is given.
struct ConnectParameters: Sendable {
  /// Keywords and values; later pairs win over the connection string.
  var pairs: [(String, String)]
  /// Hosts whose names must be looked up first.
  let hosts: DatabaseHosts?
}

extension PostgresConfiguration {
  /// Throws `.invalidConfiguration` when libpq does not understand the connection string.
  func parameters(replication: Bool) throws(PostgresError) -> ConnectParameters {
    let given = try parsed()
    var pairs = [
      ("dbname", connectionString), ("application_name", applicationName),
      ("client_encoding", "UTF8"), ("options", "\(sessionOptions) \(given["options"] ?? "")"),
      // Without an answer for this long a TCP peer is gone; statements end after 5 s.
      ("tcp_user_timeout", "15000"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
    ]
    if replication { pairs.append(("replication", "database")) }
    let hosts = DatabaseHosts(
      host: given["host"], hostaddr: given["hostaddr"], port: given["port"])
    return ConnectParameters(pairs: pairs, hosts: hosts)
  }

  /// Without `jit`: statements are short, and compiling one can take longer than running it a thousand times.
  private var sessionOptions: String {
    let statement = statementTimeout?.wholeMillisecondsUp ?? 0
    let lock = lockTimeout?.wholeMillisecondsUp ?? 0
    let idle = idleTransactionTimeout?.wholeMillisecondsUp ?? 0
    return "-c statement_timeout=\(statement) -c lock_timeout=\(lock) -c TimeZone=UTC"
      + " -c idle_in_transaction_session_timeout=\(idle) -c client_min_messages=warning"
      + " -c jit=off"
  }

  /// The keywords that the connection string sets. The corresponding C function is
  /// `PQconninfoParse`.
  private func parsed() throws(PostgresError) -> [String: String] {
    guard let list = PQconninfoParse(connectionString, nil) else {
      throw PostgresError(.invalidConfiguration, "connection string not understood")
    }
    defer { PQconninfoFree(list) }
    var values: [String: String] = [:]
    var item = list
    while let keyword = item.pointee.keyword {
      if let value = item.pointee.val { values[String(cString: keyword)] = String(cString: value) }
      item += 1
    }
    return values
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
