// One query on its way: what was sent, what has come back so far, and what its waiter shall hear.
// Pure bookkeeping; the pipeline sends and reads.

internal import Reactor

typealias QueryOutcome = Result<PostgresResult, PostgresError>

/// A query between its sending and its answer.
struct PipelinedQuery {
  /// Why the waiter wants it stopped.
  enum StopCause {
    case cancelled
    case deadline
  }

  enum Form {
    /// Extended protocol in pipeline mode, one implicit transaction.
    case pipelined
    /// Simple protocol outside pipeline mode, alone on the connection.
    case script
  }

  let ticket: UInt64
  let form: Form
  let statement: PostgresStatement
  let parameters: [PostgresValue]
  let deadline: LoopInstant?
  let continuation: CheckedContinuation<QueryOutcome, Never>

  /// When it was handed to libpq.
  var sentAt = LoopInstant.now
  /// The server-side statement it uses, nil when it runs unprepared.
  var prepared: PreparedStatement?
  /// The next answer is that of its own PREPARE.
  var awaitsPrepare = false
  var outcome: QueryOutcome?
  /// When it became the first in line, so that the server works on nothing else.
  var startedAt: LoopInstant?
  var stopCause: StopCause?
  var stoppedAt: LoopInstant?
  /// How often it was sent again.
  var resendCount = 0
  /// Whether this query brought its statement's PREPARE along.
  var isPreparer = false

  /// A query that nobody can stop needs no ticket.
  init(
    _ statement: PostgresStatement, _ parameters: [PostgresValue] = [], form: Form = .pipelined,
    ticket: UInt64 = 0, deadline: LoopInstant? = nil,
    continuation: CheckedContinuation<QueryOutcome, Never>
  ) {
    self.ticket = ticket
    self.form = form
    self.statement = statement
    self.parameters = parameters
    self.deadline = deadline
    self.continuation = continuation
  }

  /// The same query to be sent once more, as if nothing had come back.
  var resent: PipelinedQuery {
    var again = PipelinedQuery(
      statement, parameters, form: form, ticket: ticket, deadline: deadline,
      continuation: continuation)
    again.resendCount = resendCount + 1
    return again
  }

  /// Takes one answer of the server; a failure stands against any later success.
  mutating func take(_ result: PostgresResult) {
    if awaitsPrepare {
      awaitsPrepare = false
      prepared?.state = .ready
    } else if outcome?.error == nil {
      outcome = .success(result)
    }
  }

  mutating func take(_ error: PostgresError) {
    if awaitsPrepare {
      awaitsPrepare = false
      prepared?.state = .refused(error)
    }
    // An error after success is one of the commit (deferred constraint, serialization): it wins.
    if outcome?.error == nil { outcome = .failure(error) }
  }

  mutating func takeAborted() {
    awaitsPrepare = false
    if outcome == nil {
      outcome = .failure(PostgresError(.protocolViolation, "query skipped without an error"))
    }
  }

  /// Failed for its statement's sake before it ran: the plan went stale, the statement is unknown
  /// to the server, or the query that was to prepare it could not.
  var isVictimOfStatement: Bool {
    !isPreparer && prepared != nil && outcome?.error?.isStaleStatement == true
  }

  /// What the waiter hears once the server is done with the query.
  var finalOutcome: QueryOutcome {
    guard let outcome else {
      return .failure(PostgresError(.protocolViolation, "query ended without an answer"))
    }
    guard let error = outcome.error else { return outcome }
    if isVictimOfStatement, case .refused(let reason)? = prepared?.state {
      return .failure(reason)
    }
    guard error.kind == .queryCancelled, let stopCause else { return outcome }
    return .failure(stopCause.error)
  }

  /// What the waiter hears when the connection is lost now. `isProof`: the server said goodbye in
  /// place of the first query's next answer, so it never came to the queries behind it, and has
  /// not committed the first unless that was waiting for its commit only.
  func outcomeOfLoss(_ cause: PostgresError, isFirst: Bool, isProof: Bool) -> QueryOutcome {
    guard case .connectionLost = cause.kind else { return .failure(cause) }
    // Failed already, only the sync was missing: the outcome is known.
    if outcome?.error != nil { return finalOutcome }
    let isUnexecuted = isProof && !(isFirst && outcome != nil)
    var error = cause
    error.kind = .connectionLost(maybeExecuted: !isUnexecuted)
    return .failure(error)
  }
}

extension PipelinedQuery.StopCause {
  var error: PostgresError {
    switch self {
    case .cancelled: PostgresError(.cancelled, "cancelled by its caller")
    case .deadline: PostgresError(.deadlineExceeded, "deadline exceeded")
    }
  }
}

extension Result {
  var error: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}

extension PostgresError {
  /// "Cached plan must not change result type" and "prepared statement does not exist": raised
  /// before the statement runs, gone after preparing anew.
  var isStaleStatement: Bool {
    sqlState?.code == "0A000" || sqlState?.code == "26000"
  }
}
