// One connection as its users see it: async queries with typed errors, deadlines and cancellation.
// Sendable; its state lives on its loop. Knows nothing of pools.

package import Reactor

/// A connection to PostgreSQL on one loop.
///
/// Queries may be sent from any number of tasks at once; they run in the order of sending. Calls
/// from outside the loop hop onto it. A connection that nobody holds any more closes itself.
package final class PostgresConnection: Sendable {
  package let loop: EventLoop
  /// The server's process id of the session, for `pg_terminate_backend` and logs.
  package let backendProcess: Int32
  let pipeline: LoopBound<Pipeline>

  private init(_ pipeline: Pipeline, on loop: EventLoop) {
    self.loop = loop
    self.backendProcess = pipeline.session.backendProcess
    self.pipeline = LoopBound(pipeline, loop: loop)
  }

  deinit {
    let pipeline = pipeline
    loop.execute { pipeline.value.close() }
  }

  // MARK: Opening and closing

  /// Connects. Throws `.connectFailed`, `.connectTimeout`, `.invalidConfiguration`.
  package static func connect(
    _ configuration: PostgresConfiguration, on loop: EventLoop
  ) async throws(PostgresError) -> PostgresConnection {
    guard loop.isInside else {
      return try await loop.run { () async throws(PostgresError) in
        try await connect(configuration, on: loop)
      }
    }
    let outcome: Result<PostgresConnection, PostgresError> = await withCheckedContinuation {
      continuation in
      open(configuration, on: loop) { continuation.resume(returning: $0) }
    }
    return try outcome.get()
  }

  /// Connects, with a callback on the loop. Loop only.
  static func open(
    _ configuration: PostgresConfiguration, on loop: EventLoop,
    completion: @escaping (Result<PostgresConnection, PostgresError>) -> Void
  ) {
    ConnectAttempt.start(configuration, on: loop) { outcome in
      do throws(PostgresError) {
        let pipeline = try Pipeline(
          try outcome.get(), statementTimeout: configuration.statementTimeout, on: loop)
        completion(.success(PostgresConnection(pipeline, on: loop)))
      } catch {
        completion(.failure(error))
      }
    }
  }

  /// Closes the connection; queries in flight fail with `.connectionLost`.
  package func close() async {
    await loop.run { [pipeline] in pipeline.value.close() }
  }

  // MARK: Queries

  /// Runs one statement in its own transaction and returns when the commit is known.
  ///
  /// - `timeout`: the caller's remaining time. When it passes, the server is asked to stop; the
  ///   outcome is `.deadlineExceeded` when it did, or the result when that came first.
  /// - Cancelling the task does the same with `.cancelled`.
  /// - `.connectionLost(maybeExecuted:)` tells whether the statement may have been committed.
  package func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue] = [], timeout: Duration? = nil
  ) async throws(PostgresError) -> PostgresResult {
    try await run(.pipelined, statement, parameters, timeout)
  }

  /// Runs SQL of any number of statements, without parameters, in the simple protocol: one
  /// implicit transaction unless the script has its own. Alone on the connection, else `.busy`.
  package func executeScript(
    _ sql: String, timeout: Duration? = nil
  ) async throws(PostgresError) {
    _ = try await run(.script, PostgresStatement(sql: sql), [], timeout)
  }

  /// Runs the body between BEGIN and COMMIT; any error rolls back. The connection must be the
  /// caller's alone meanwhile. A lost connection during COMMIT reports `maybeExecuted: true`.
  package func transaction<Value: Sendable>(
    _ body: (PostgresConnection) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await begin()
    let value: Value
    do {
      value = try await body(self)
    } catch {
      await rollBack()
      throw error.withoutCommit
    }
    do {
      try await end("COMMIT")
    } catch {
      await rollBack()
      throw error
    }
    return value
  }

  /// Whether a transaction block is open and has not failed. Only with nothing in flight.
  func isInTransaction() async -> Bool {
    await loop.run { [pipeline] in pipeline.value.session.isInTransaction }
  }

  private func begin() async throws(PostgresError) {
    await loop.run { [pipeline] in pipeline.value.isInTransaction = true }
    do {
      _ = try await query("BEGIN")
    } catch {
      await rollBack()
      throw error
    }
  }

  private func end(_ command: PostgresStatement) async throws(PostgresError) {
    let result = try await query(command)
    await loop.run { [pipeline] in pipeline.value.isInTransaction = false }
    // COMMIT of a failed transaction succeeds by rolling back.
    guard result.commandTag == command.sql else {
      throw PostgresError(.server, "transaction had failed and was rolled back")
    }
  }

  /// Leaves the transaction even when the task is cancelled; a session that cannot is closed.
  private func rollBack() async {
    await loop.run { [pipeline] in
      let outcome = await withCheckedContinuation { continuation in
        pipeline.value.submit(PipelinedQuery("ROLLBACK", continuation: continuation))
      }
      pipeline.value.isInTransaction = false
      if outcome.error != nil { pipeline.value.close() }
    }
  }

  private func run(
    _ form: PipelinedQuery.Form, _ statement: PostgresStatement, _ parameters: [PostgresValue],
    _ timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    guard loop.isInside else {
      return try await loop.run { () async throws(PostgresError) in
        try await self.run(form, statement, parameters, timeout)
      }
    }
    if Task.isCancelled { throw PipelinedQuery.StopCause.cancelled.error }
    if let timeout, timeout <= .zero { throw PipelinedQuery.StopCause.deadline.error }
    let ticket = pipeline.value.makeTicket()
    let deadline = timeout.map { loop.now + $0 }
    let outcome: QueryOutcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        pipeline.value.submit(
          PipelinedQuery(
            statement, parameters, form: form, ticket: ticket, deadline: deadline,
            continuation: continuation))
      }
    } onCancel: { [loop, pipeline] in
      loop.execute { pipeline.value.stop(ticket, .cancelled) }
    }
    return try outcome.get()
  }
}

extension PostgresError {
  /// The error of a transaction whose COMMIT was never sent: whatever its statements did is undone.
  fileprivate var withoutCommit: PostgresError {
    guard case .connectionLost = kind else { return self }
    var error = self
    error.kind = .connectionLost(maybeExecuted: false)
    return error
  }
}
