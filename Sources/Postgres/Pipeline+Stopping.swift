// Deadlines and cancellation of queries in flight: when to ask the server to stop, when to ask
// again, and when to give the connection up. The waiter always learns the true outcome.

internal import DequeModule
internal import Reactor

/// Where a session is with asking its server to stop.
struct StopState {
  /// A cancel request is under way.
  var isRequesting = false
  /// The last time a request was under way: a query that ran then may be hit by it.
  var lastActivity: LoopInstant?
  /// Waits to ask again.
  var retry: LoopTimer?
  /// Requests for the present first query so far.
  var attempts = 0

  /// A new query is first in line.
  mutating func queryEnded() {
    retry?.cancel()
    retry = nil
    attempts = 0
  }

  mutating func end() { queryEnded() }

  /// The server ignores a request that finds it idle, before it has read the query: ask again,
  /// soon at first.
  var pause: Duration { .milliseconds(min(10 << min(attempts, 6), 500)) }
}

extension Pipeline {
  /// The waiter of a query has lost interest.
  func stop(_ ticket: UInt64, _ cause: PipelinedQuery.StopCause) {
    guard let index = inFlight.firstIndex(where: { $0.ticket == ticket }) else { return }
    stop(at: index, cause)
  }

  private func stop(at index: Int, _ cause: PipelinedQuery.StopCause) {
    guard inFlight[index].stopCause == nil else { return }
    inFlight[index].stopCause = cause
    inFlight[index].stoppedAt = loop.now
    // A request stops whatever the server runs: only the first in line may be stopped. The others'
    // turn comes in `firstStarted`.
    if index == 0 { requestStop() }
  }

  /// Asks the server to stop what it runs.
  func requestStop() {
    guard !stopping.isRequesting, isOpen, let request = session.makeCancel() else { return }
    stopping.attempts += 1
    stopping.isRequesting = true
    stopping.lastActivity = loop.now
    let bound = LoopBound(self, loop: loop)
    let started = request.send(on: loop) { bound.value.stopRequested() }
    if !started { stopRequested() }
    if let first = inFlight.first { arm(for: first) }
  }

  private func stopRequested() {
    stopping.isRequesting = false
    stopping.lastActivity = loop.now
    guard isOpen, inFlight.first?.stopCause != nil else { return }
    requestStopSoon()
  }

  /// Asks the server to stop if the first query is then still one that shall.
  func requestStopSoon() {
    stopping.retry?.cancel()
    stopping.retry = loop.schedule(after: stopping.pause) { [weak self] in
      guard let self, self.inFlight.first?.stopCause != nil else { return }
      self.requestStop()
    }
  }

  /// Whether a query that nobody stopped was hit by a request meant for its predecessor, rather
  /// than by the server's own time-out.
  func isStray(_ query: PipelinedQuery) -> Bool {
    if let startedAt = query.startedAt, let statementTimeout,
      loop.now - startedAt > statementTimeout * 0.9
    {
      return false
    }
    return stopping.isRequesting || stopping.lastActivity.map { $0 >= query.sentAt } ?? false
  }

  // MARK: The alarm

  /// One timer serves all queries of the connection; it is moved only to earlier instants and
  /// looks at everything when it fires.
  func arm(for query: PipelinedQuery) {
    guard let instant = nextInstant(of: query) else { return }
    if let alarmAt, alarmAt <= instant { return }
    alarm?.cancel()
    alarmAt = instant
    alarm = loop.schedule(at: instant) { [weak self] in self?.alarmFired() }
  }

  private func nextInstant(of query: PipelinedQuery) -> LoopInstant? {
    let deadline = query.stopCause == nil ? query.deadline : nil
    return [deadline, silenceLimit(of: query)].compactMap { $0 }.min()
  }

  /// When the server must have answered the query if it is alive at all.
  private func silenceLimit(of query: PipelinedQuery) -> LoopInstant? {
    guard let startedAt = query.startedAt else { return nil }
    if let stoppedAt = query.stoppedAt {
      return max(startedAt, stoppedAt) + Limits.silenceAfterCancel
    }
    return statementTimeout.map { startedAt + $0 + Limits.silenceAfterCancel }
  }

  private func alarmFired() {
    alarm = nil
    alarmAt = nil
    let now = loop.now
    if let first = inFlight.first, let limit = silenceLimit(of: first), limit <= now {
      return lose(Self.lost("the server does not answer"))
    }
    for index in inFlight.indices {
      if let deadline = inFlight[index].deadline, deadline <= now { stop(at: index, .deadline) }
    }
    for query in inFlight { arm(for: query) }
  }
}
