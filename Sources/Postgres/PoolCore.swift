// The rules of a pool: who gets which connection, when to open one, how long to wait after a
// failure. Confined to its loop; knows nothing of tasks but their continuations.

internal import DequeModule
internal import Reactor

/// A pool's state. Connections are idle (in `idle`), lent (counted) or being opened (counted).
final class PoolCore {
  typealias Outcome = Result<PostgresConnection, PostgresError>

  private struct Idle {
    let connection: PostgresConnection
    let since: LoopInstant
  }

  private struct Waiter {
    let ticket: UInt64
    let continuation: CheckedContinuation<Outcome, Never>
    let timer: LoopTimer
  }

  private let settings: PostgresPool.Settings
  private let loop: EventLoop
  private let onHealth: @Sendable (PostgresPool.Health) -> Void
  /// Most recently used last, so that the rest can be trimmed.
  private var idle: [Idle] = []
  private var lentCount = 0
  private var openingCount = 0
  private var waiters = Deque<Waiter>()
  private var nextTicket: UInt64 = 1
  /// Attempts failed in a row.
  private var failureCount = 0
  private var retry: LoopTimer?
  private var trim: LoopTimer?
  private var isClosed = false
  private(set) var health = PostgresPool.Health.starting

  init(
    _ settings: PostgresPool.Settings, _ loop: EventLoop,
    _ onHealth: @escaping @Sendable (PostgresPool.Health) -> Void
  ) {
    self.settings = settings
    self.loop = loop
    self.onHealth = onHealth
  }

  var occupancy: PostgresPool.Occupancy {
    PostgresPool.Occupancy(
      idleCount: idle.count, lentCount: lentCount, openingCount: openingCount,
      waitingCount: waiters.count, health: health)
  }

  private var liveCount: Int { idle.count + lentCount }

  // MARK: Lending

  func takeIdle() -> PostgresConnection? {
    guard let last = idle.popLast() else { return nil }
    lentCount += 1
    return last.connection
  }

  func makeTicket() -> UInt64 {
    defer { nextTicket += 1 }
    return nextTicket
  }

  /// Puts a caller in line; its continuation is resumed once.
  func enqueue(
    _ ticket: UInt64, timeout: Duration?, _ continuation: CheckedContinuation<Outcome, Never>
  ) {
    if let refusal {
      continuation.resume(returning: .failure(refusal))
      return
    }
    let isCallers = timeout.map { $0 < settings.waitTimeout } ?? false
    let limit = isCallers ? timeout ?? settings.waitTimeout : settings.waitTimeout
    let timer = loop.schedule(after: limit) { [weak self] in
      guard let self else { return }
      self.abandon(
        ticket, isCallers ? PipelinedQuery.StopCause.deadline.error : self.timeoutError)
    }
    waiters.append(Waiter(ticket: ticket, continuation: continuation, timer: timer))
    fill()
  }

  private var refusal: PostgresError? {
    if isClosed { return PostgresError(.closed, "pool closed") }
    guard waiters.count < settings.waiterLimit else {
      return PostgresError(.queueFull, "too many callers wait for a connection")
    }
    return nil
  }

  private var timeoutError: PostgresError {
    if case .down(let error) = health { return error }
    return PostgresError(.poolTimeout, "no connection became free in time")
  }

  /// A caller leaves the line with an error, unless it has been served.
  func abandon(_ ticket: UInt64, _ error: PostgresError) {
    guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
    let waiter = waiters.remove(at: index)
    waiter.timer.cancel()
    waiter.continuation.resume(returning: .failure(error))
  }

  func giveBack(_ connection: PostgresConnection) {
    lentCount -= 1
    let pipeline = connection.pipeline.value
    if isClosed || !pipeline.isReusable {
      pipeline.close()
      fill()
    } else {
      offer(connection)
    }
  }

  private func offer(_ connection: PostgresConnection) {
    guard let waiter = waiters.popFirst() else {
      idle.append(Idle(connection: connection, since: loop.now))
      return scheduleTrim()
    }
    lentCount += 1
    waiter.timer.cancel()
    waiter.continuation.resume(returning: .success(connection))
  }

  // MARK: Opening

  /// Opens what is missing: the minimum, and one per waiter up to the maximum. After a failure one
  /// attempt at a time, so that a server that comes back is not met by a storm.
  func fill() {
    guard !isClosed, retry == nil else { return }
    let wanted = max(settings.minimumConnections, lentCount + waiters.count)
    let target = min(settings.maximumConnections, wanted)
    let atOnce = failureCount > 0 ? 1 : Self.opensAtOnce
    // An attempt may fail before `open` returns and schedule the next one.
    while liveCount + openingCount < target, openingCount < atOnce, retry == nil { open() }
  }

  /// Backend start-up is the server's work; more at a time only makes each slower.
  private static let opensAtOnce = 4

  private func open() {
    openingCount += 1
    PostgresConnection.open(settings.connection, on: loop) { outcome in
      self.openingCount -= 1
      switch outcome {
      case .success(let connection): self.opened(connection)
      case .failure(let error): self.failed(error)
      }
    }
  }

  private func opened(_ connection: PostgresConnection) {
    failureCount = 0
    guard !isClosed else { return connection.pipeline.value.close() }
    connection.pipeline.value.onClosed = { [weak self, weak connection] _ in
      guard let connection else { return }
      self?.idleClosed(connection)
    }
    setHealth(.up)
    offer(connection)
    fill()
  }

  private func failed(_ error: PostgresError) {
    failureCount += 1
    if liveCount == 0 { setHealth(.down(error)) }
    guard !isClosed, retry == nil else { return }
    retry = loop.schedule(after: backoff) { [weak self] in
      self?.retry = nil
      self?.fill()
    }
  }

  private var backoff: Duration {
    ReconnectBackoff.delay(
      afterFailures: failureCount, jitter: .random(in: ReconnectBackoff.jitter))
  }

  /// A lent connection that breaks is found out when it comes back.
  private func idleClosed(_ connection: PostgresConnection) {
    guard let index = idle.firstIndex(where: { $0.connection === connection }) else { return }
    idle.remove(at: index)
    fill()
  }

  /// Tells of transitions only: a server that starts gives another reason at each attempt.
  private func setHealth(_ new: PostgresPool.Health) {
    let isTransition = health.isDown != new.isDown || health == .starting
    health = new
    if isTransition { onHealth(new) }
  }

  // MARK: Shrinking and closing

  private func scheduleTrim() {
    guard trim == nil, liveCount > settings.minimumConnections else { return }
    trim = loop.schedule(after: settings.idleLifetime) { [weak self] in
      self?.trim = nil
      self?.trimIdle()
    }
  }

  private func trimIdle() {
    let now = loop.now
    while liveCount > settings.minimumConnections, let first = idle.first,
      now - first.since >= settings.idleLifetime
    {
      idle.removeFirst()
      first.connection.pipeline.value.close()
    }
    if !idle.isEmpty { scheduleTrim() }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    retry?.cancel()
    trim?.cancel()
    let (connections, waiting) = (idle, waiters)
    idle.removeAll()
    waiters.removeAll()
    for idle in connections { idle.connection.pipeline.value.close() }
    for waiter in waiting {
      waiter.timer.cancel()
      waiter.continuation.resume(returning: .failure(PostgresError(.closed, "pool closed")))
    }
  }
}
