// One server session in pipeline mode: sends queries as they come, matches answers to waiters in
// order, one implicit transaction each. Confined to its loop. Knows neither pool nor SQL.

internal import DequeModule
internal import Reactor

/// The queries in flight on one connection.
///
/// Every query is followed by its own sync, so an error rolls back that query alone. A waiter is
/// resumed at its sync, when the commit is known, not at its result. Before libpq 17 each sync is a
/// `send` of its own; gathering the queries of a loop pass under one sync would also gather them
/// in one transaction.
final class Pipeline {
  enum State {
    /// Takes queries. May go to closed.
    case open
    /// Over, for this reason. Final.
    case closed(PostgresError)
  }

  let session: LibpqSession
  let loop: EventLoop
  /// The longest the server may take for the first query before it gives up by itself.
  let statementTimeout: Duration?
  private(set) var state = State.open
  var inFlight = Deque<PipelinedQuery>()
  private var statements = StatementCache()
  private var registration: Registration?
  private var nextTicket: UInt64 = 1
  /// An explicit transaction is open: no query may be sent again behind its owner's back.
  var isInTransaction = false
  /// The session reported something after which it should not be reused.
  private(set) var isWorn = false
  /// Called once when the session ends, whoever ended it.
  var onClosed: ((PostgresError) -> Void)?

  var stopping = StopState()
  var alarm: LoopTimer?
  var alarmAt: LoopInstant?

  init(
    _ session: LibpqSession, statementTimeout: Duration?, on loop: EventLoop
  ) throws(PostgresError) {
    self.session = session
    self.loop = loop
    self.statementTimeout = statementTimeout
    guard session.enterPipelineMode() else { throw session.connectError }
    do {
      // The cycle through the closure ends in `close`, which every owner calls.
      registration = try loop.register(session.socket, .read) { self.ready($0) }
    } catch {
      throw PostgresError(.system, error.description)
    }
  }

  var isOpen: Bool {
    if case .open = state { true } else { false }
  }

  /// Nothing in flight, no transaction open: the next user finds a clean session.
  var isReusable: Bool { isOpen && !isWorn && inFlight.isEmpty && session.isIdle }

  /// Since when the server works on the first query, if one more may be put behind what is in flight.
  func busySince(_ now: LoopInstant) -> LoopInstant? {
    isOpen && !isWorn ? inFlight.first?.startedAt ?? now : nil
  }

  func makeTicket() -> UInt64 {
    defer { nextTicket += 1 }
    return nextTicket
  }

  // MARK: Sending

  /// Sends a query; its continuation is resumed once, when the outcome is known.
  func submit(_ query: PipelinedQuery) {
    if let refusal = refusal(of: query) {
      query.continuation.resume(returning: .failure(refusal))
      return
    }
    var query = query
    let sent = query.form == .script ? sendScript(query) : send(&query)
    if inFlight.isEmpty { query.startedAt = loop.now }
    inFlight.append(query)
    guard sent, flush() else { return lose(Self.lost(session.errorText)) }
    arm(for: query)
  }

  private func refusal(of query: PipelinedQuery) -> PostgresError? {
    if case .closed(let error) = state {
      guard case .connectionLost = error.kind else { return error }
      return PostgresError(.connectionLost(maybeExecuted: false), error.detail)
    }
    let isAlone = query.form == .script
    if isAlone && !inFlight.isEmpty || inFlight.first?.form == .script {
      return PostgresError(.busy, "connection is in exclusive use")
    }
    if inFlight.count >= Limits.queriesInFlight {
      return PostgresError(.queueFull, "too many queries in flight")
    }
    let byteCount = query.parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
    if byteCount > Limits.parameterBytes || query.parameters.count > Limits.parameterCount {
      return PostgresError(.parametersTooLarge, "query parameters over the limit")
    }
    return nil
  }

  private func send(_ query: inout PipelinedQuery) -> Bool {
    let (statement, parameters) = (query.statement, query.parameters)
    switch statements.lookUp(statement, parameters) {
    case .unprepared:
      return session.sendUnprepared(sql: statement.sql, parameters) && session.sendSync()
    case .prepared(let record):
      query.prepared = record
      return session.sendExecute(prepared: record.serverName, parameters) && session.sendSync()
    case .new(let record):
      query.prepared = record
      query.awaitsPrepare = true
      query.isPreparer = true
      let types = parameters.map(\.type)
      return session.sendPrepare(name: record.serverName, sql: statement.sql, types: types)
        && session.sendExecute(prepared: record.serverName, parameters) && session.sendSync()
    }
  }

  private func sendScript(_ query: PipelinedQuery) -> Bool {
    session.exitPipelineMode() && session.sendScript(query.statement.sql)
  }

  /// Writes what the socket takes and waits for room for the rest. False when it is broken.
  private func flush() -> Bool {
    switch session.flush() {
    case .done: registration?.update(.read)
    case .pending: registration?.update([.read, .write])
    case .failed: return false
    }
    return true
  }

  // MARK: Receiving

  private func ready(_ interest: Interest) {
    guard isOpen else { return }
    let isAlive = session.consumeInput()
    // Even of a broken connection, what had arrived before counts: answers, or a reason.
    drain()
    guard isOpen else { return }
    // Reading may make room to write: libpq stops sending while the server waits for us.
    guard isAlive, !session.isBroken, flush() else { return lose(Self.lost(session.errorText)) }
  }

  private func drain() {
    var endsInARow = 0
    while isOpen, !inFlight.isEmpty, !session.isBusy {
      let answer = session.nextAnswer()
      if case .end = answer { endsInARow += 1 } else { endsInARow = 0 }
      // Two in a row mean that libpq waits for nothing while we do.
      guard endsInARow < 3 else {
        if !session.isBroken { lose(PostgresError(.protocolViolation, "answers ended early")) }
        return
      }
      take(answer)
    }
    // One more NULL brings libpq to rest, and only then does it tell the transaction's state.
    if isOpen, inFlight.isEmpty, !session.isBusy { _ = session.nextAnswer() }
  }

  private func take(_ answer: LibpqSession.Answer) {
    switch answer {
    case .success(let result): inFlight[0].take(result)
    case .failure(let error, let isFatal): take(error, isFatal: isFatal)
    case .aborted: inFlight[0].takeAborted()
    case .sync: finishFirst()
    case .end: if inFlight[0].form == .script { finishScript() }
    case .copyBoth, .unexpected:
      lose(PostgresError(.protocolViolation, "unexpected kind of answer"))
    }
  }

  private func take(_ error: PostgresError, isFatal: Bool) {
    // The server says goodbye: what it had not answered by now, it has not committed. Otherwise a
    // libpq error without a code means that the connection is gone, with all outcomes open.
    if isFatal { return lose(error.asLoss, isProof: true) }
    if case .connectionLost = error.kind { return lose(error) }
    inFlight[0].take(error)
  }

  private func finishScript() {
    guard session.enterPipelineMode() else {
      return lose(PostgresError(.protocolViolation, "script left the session busy"))
    }
    finishFirst()
  }

  private func finishFirst() {
    let query = inFlight.removeFirst()
    stopping.queryEnded()
    if !inFlight.isEmpty { firstStarted() }
    let outcome = query.finalOutcome
    if let error = outcome.error {
      if error.endsSession { isWorn = true }
      forgetStatement(of: query, after: error)
      if mayResend(query, after: error) { return submit(query.resent) }
    }
    query.continuation.resume(returning: outcome)
  }

  private func firstStarted() {
    inFlight[0].startedAt = loop.now
    arm(for: inFlight[0])
    // Its answer may have come with that of the query before.
    if inFlight[0].stopCause != nil { requestStopSoon() }
  }

  // MARK: Sending again

  private func forgetStatement(of query: PipelinedQuery, after error: PostgresError) {
    guard let record = query.prepared else { return }
    if case .refused = record.state { return statements.remove(record) }
    if error.isStaleStatement { statements.remove(record) }
  }

  /// A query that failed only because its plan was stale, because another query's PREPARE of its
  /// statement failed, or because a cancel request meant for another query hit it, had no effect
  /// and is sent once more.
  private func mayResend(_ query: PipelinedQuery, after error: PostgresError) -> Bool {
    guard query.form == .pipelined, !isInTransaction, query.stopCause == nil else { return false }
    if query.isVictimOfStatement { return query.resendCount == 0 }
    return error.kind == .queryCancelled && query.resendCount < Limits.resends && isStray(query)
  }

  // MARK: The end

  static func lost(_ text: String) -> PostgresError {
    PostgresError(.connectionLost(maybeExecuted: true), "connection lost", serverMessage: text)
  }

  /// Ends the session. `isProof`: the server ended it in place of answering the first query.
  func lose(_ cause: PostgresError, isProof: Bool = false) {
    guard isOpen else { return }
    state = .closed(cause)
    registration?.cancel()
    registration = nil
    alarm?.cancel()
    stopping.end()
    session.finish()
    let waiting = inFlight
    inFlight.removeAll()
    for (index, query) in waiting.enumerated() {
      query.continuation.resume(
        returning: query.outcomeOfLoss(cause, isFirst: index == 0, isProof: isProof))
    }
    let observer = onClosed
    onClosed = nil
    observer?(cause)
  }

  /// Ends the session on its owner's wish.
  func close() {
    guard inFlight.isEmpty else { return lose(Self.lost("closed by its owner")) }
    lose(PostgresError(.closed, "connection closed"))
  }
}

extension PostgresError {
  /// The same error as the end of a connection.
  fileprivate var asLoss: PostgresError {
    var error = self
    error.kind = .connectionLost(maybeExecuted: true)
    error.detail = "connection ended by the server"
    return error
  }
}
