// The one error of this floor: what went wrong, told so that a caller can decide (retry, refuse,
// wait for the database). Its description never holds SQL, parameters or row contents.

/// A failure of the database, of the way to it, or of a value that was read from it.
package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened, as far as a caller may act on it.
  package enum Kind: Sendable, Equatable {
    /// 40001: the transaction lost against a concurrent one. Nothing happened; run it again.
    case serializationFailure
    /// 40P01: chosen as a deadlock's victim. Nothing happened; run it again.
    case deadlockDetected
    /// 23505, with ``PostgresError/constraint``.
    case uniqueViolation
    /// 23P01, with ``PostgresError/constraint``.
    case exclusionViolation
    /// 23514, with ``PostgresError/constraint``.
    case checkViolation
    /// 23503, with ``PostgresError/constraint``.
    case foreignKeyViolation
    /// 23502.
    case notNullViolation
    /// 55P03: `lock_timeout` passed or NOWAIT could not get the lock.
    case lockTimeout
    /// 57014 that this side did not ask for: `statement_timeout`, or an administrator.
    case queryCancelled
    /// 25006: a standby, or a database that was set read-only.
    case readOnly
    /// 57P01, 57P02, 57P03, 57P05: the server stops, crashed, starts or dropped an idle session.
    case serverUnavailable
    /// 53100.
    case diskFull
    /// 53300.
    case tooManyConnections
    /// Class 53 otherwise: memory or another configured limit of the server.
    case insufficientResources
    /// Class 28 and 3D000: user, password or database name refused.
    case accessRefused
    /// Class 42: the statement does not fit the schema. A bug, or a schema of another version.
    case invalidStatement
    /// Class 22: a value does not fit its type.
    case invalidValue
    /// P0001: RAISE in a function of ours, with the ``PostgresError/serverMessage`` it chose.
    case raised
    /// Any other code of the server.
    case server
    /// The caller's task was cancelled; the statement had no effect.
    case cancelled
    /// The caller's time ran out; the statement had no effect.
    case deadlineExceeded
    /// The connection ended while the query was on its way. `maybeExecuted` is false only when the
    /// server proved otherwise or nothing was sent.
    case connectionLost(maybeExecuted: Bool)
    /// No connection could be made.
    case connectFailed
    /// No connection could be made in the configured time.
    case connectTimeout
    /// The connection string or a setting is not understood.
    case invalidConfiguration
    /// Too many queries or waiters already; refused before anything was sent.
    case queueFull
    /// No connection of the pool became free in time; nothing was sent.
    case poolTimeout
    /// The connection or pool was closed by its owner; nothing was sent.
    case closed
    /// The connection runs a script, or was asked for one while queries are in flight.
    case busy
    /// Parameters over a limit of this floor; nothing was sent.
    case parametersTooLarge
    /// A value of a result is not what the caller or its type says.
    case decoding
    /// The server answered what the protocol does not allow here.
    case protocolViolation
    /// The private cluster could not be found, made, started or stopped.
    case cluster
    /// A call of the operating system failed.
    case system
  }

  package var kind: Kind
  /// The server's code, when the server spoke.
  package var sqlState: SQLState?
  /// The violated constraint's name, when the server named one.
  package var constraint: String?
  /// Our own words on the failure: bland, safe to log.
  package var detail: String
  /// The server's primary message. May quote values: for developers at a terminal (migrations,
  /// start-up), never for callers or logs of requests.
  package var serverMessage: String?

  package init(
    _ kind: Kind, _ detail: String, sqlState: SQLState? = nil, constraint: String? = nil,
    serverMessage: String? = nil
  ) {
    self.kind = kind
    self.detail = detail
    self.sqlState = sqlState
    self.constraint = constraint
    self.serverMessage = serverMessage
  }

  /// Kind, code and constraint; no SQL, no parameters, no server text.
  package var description: String {
    var text = "postgres: \(detail)"
    if let sqlState { text += " [\(sqlState)]" }
    if let constraint { text += " (\(constraint))" }
    return text
  }
}

extension PostgresError {
  /// False only when it is certain that the statement had no effect.
  package var maybeExecuted: Bool {
    switch kind {
    case .connectionLost(let maybeExecuted): maybeExecuted
    // The answer was there and unreadable: the statement itself was committed.
    case .decoding, .protocolViolation: true
    default: false
    }
  }

  /// The same statement may simply be sent again: the transaction was the victim of another one.
  package var isRetryable: Bool {
    kind == .serializationFailure || kind == .deadlockDetected
  }

  /// The database is away, full or not writable: nothing wrong with the request itself.
  package var isUnavailable: Bool {
    switch kind {
    case .connectionLost, .connectFailed, .connectTimeout, .serverUnavailable, .readOnly,
      .diskFull, .tooManyConnections, .insufficientResources, .poolTimeout, .queueFull, .closed,
      .accessRefused:
      true
    default: sqlState?.errorClass == "08"
    }
  }

  /// The session that reported this should not be used again: it ends, or it is on a standby.
  var endsSession: Bool {
    switch kind {
    case .serverUnavailable, .readOnly, .connectionLost, .protocolViolation: true
    default: sqlState?.errorClass == "08"
    }
  }
}

extension PostgresError.Kind {
  /// The kind a server's code stands for.
  package init(sqlState: SQLState) {
    self = Self.exact[sqlState.code] ?? Self.byClass[sqlState.errorClass] ?? .server
  }

  private static let exact: [String: Self] = [
    "40001": .serializationFailure, "40P01": .deadlockDetected,
    "23505": .uniqueViolation, "23P01": .exclusionViolation, "23514": .checkViolation,
    "23503": .foreignKeyViolation, "23502": .notNullViolation,
    "55P03": .lockTimeout, "57014": .queryCancelled, "25006": .readOnly,
    "57P01": .serverUnavailable, "57P02": .serverUnavailable, "57P03": .serverUnavailable,
    "57P05": .serverUnavailable,
    "53100": .diskFull, "53300": .tooManyConnections, "3D000": .accessRefused, "P0001": .raised,
  ]

  private static let byClass: [String: Self] = [
    "53": .insufficientResources, "28": .accessRefused, "42": .invalidStatement,
    "22": .invalidValue,
  ]
}

extension PostgresError {
  /// An error as the server reported it.
  static func server(
    code: String, message: String?, constraint: String?
  ) -> PostgresError {
    guard let state = SQLState(code) else {
      return PostgresError(.protocolViolation, "error without a code", serverMessage: message)
    }
    let kind = Kind(sqlState: state)
    return PostgresError(
      kind, "\(kind.words)", sqlState: state, constraint: constraint, serverMessage: message)
  }
}

extension PostgresError.Kind {
  /// What a log line calls a server error of this kind.
  fileprivate var words: String {
    switch self {
    case .serializationFailure: "serialization failure"
    case .deadlockDetected: "deadlock detected"
    case .uniqueViolation: "unique violation"
    case .exclusionViolation: "exclusion violation"
    case .checkViolation: "check violation"
    case .foreignKeyViolation: "foreign key violation"
    case .notNullViolation: "not-null violation"
    case .lockTimeout: "lock timeout"
    case .queryCancelled: "statement cancelled by the server"
    case .readOnly: "database is read-only"
    case .serverUnavailable: "server is shutting down or starting"
    case .diskFull: "disk full"
    case .tooManyConnections: "too many connections"
    case .insufficientResources: "insufficient resources"
    case .accessRefused: "access refused"
    case .invalidStatement: "statement does not fit the schema"
    case .invalidValue: "value does not fit its type"
    case .raised: "raised by a function"
    default: "server error"
    }
  }
}
