// The rules of a pool: who gets which connection, when to open one, how long to wait after a
// failure. Confined to its loop; knows nothing of tasks but their continuations.

internal import DequeModule
internal import Reactor

/// A statement on its way through a pool: in line, then on a connection. Confined to the pool's loop.
final class PooledQuery {
  let statement: PostgresStatement
  let parameters: [PostgresValue]
  let deadline: LoopInstant?
  /// Its place in line, or, once it has a carrier, in that.
  fileprivate var ticket: UInt64 = 0
  /// The connection that it was sent on.
  fileprivate var carrier: PostgresConnection?

  init(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], deadline: LoopInstant?
  ) {
    self.statement = statement
    self.parameters = parameters
    self.deadline = deadline
  }
}

/// A pool's state. Connections are idle (in `idle`), carry single statements (in `carriers`), are lent
/// (counted) or being opened (counted).
final class PoolCore {
  typealias Outcome = Result<PostgresConnection, PostgresError>

  private struct Idle {
    let connection: PostgresConnection
    let since: LoopInstant
  }

  private struct Carrier {
    let connection: PostgresConnection
    /// Statements sent and not yet told of as ended.
    var count = 1
    /// Whether all of them may follow and be followed.
    let takesMore: Bool
  }

  /// What is waited for.
  enum Request {
    /// A connection of one's own.
    case lease(CheckedContinuation<Outcome, Never>)
    /// The answer to a statement.
    case query(PooledQuery, CheckedContinuation<QueryOutcome, Never>)
  }

  private struct Waiter {
    let ticket: UInt64
    let request: Request
    let timer: LoopTimer
  }

  private let settings: PostgresPool.Settings
  private let loop: EventLoop
  private let onHealth: @Sendable (PostgresPool.Health) -> Void
  /// Most recently used last, so that the rest can be trimmed.
  private var idle: [Idle] = []
  private var carriers: [Carrier] = []
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
      idleCount: idle.count, lentCount: usedCount, openingCount: openingCount,
      waitingCount: waiters.count, health: health)
  }

  private var canOpen: Bool { liveCount < settings.maximumConnections && retry == nil }
  private var usedCount: Int { lentCount + carriers.count }
  private var liveCount: Int { idle.count + usedCount }

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
  func enqueue(_ ticket: UInt64, timeout: Duration?, _ request: Request) {
    if let refusal {
      request.fail(refusal)
      return
    }
    let isCallers = timeout.map { $0 < settings.waitTimeout } ?? false
    let limit = isCallers ? timeout ?? settings.waitTimeout : settings.waitTimeout
    let timer = loop.schedule(after: limit) { [weak self] in
      guard let self else { return }
      self.abandon(
        ticket, isCallers ? PipelinedQuery.StopCause.deadline.error : self.timeoutError)
    }
    waiters.append(Waiter(ticket: ticket, request: request, timer: timer))
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
    waiter.request.fail(error)
    // Whoever stood behind it may want less.
    serve()
  }

  func giveBack(_ connection: PostgresConnection) {
    lentCount -= 1
    settle(connection)
  }

  /// Takes back a connection that nobody uses.
  private func settle(_ connection: PostgresConnection) {
    let pipeline = connection.pipeline.value
    if isClosed || !pipeline.isReusable {
      pipeline.close()
      fill()
    } else {
      offer(connection)
    }
  }

  private func offer(_ connection: PostgresConnection) {
    idle.append(Idle(connection: connection, since: loop.now))
    serve()
    if !idle.isEmpty { scheduleTrim() }
  }

  /// Serves those in line for whom there is something, in order.
  private func serve() {
    while let waiter = waiters.first, let connection = take(for: waiter.request) {
      waiters.removeFirst()
      waiter.timer.cancel()
      switch waiter.request {
      case .lease(let continuation): continuation.resume(returning: .success(connection))
      case .query(let query, let continuation): send(query, on: connection, continuation)
      }
    }
  }

  private func take(for request: Request) -> PostgresConnection? {
    switch request {
    case .lease: takeIdle()
    case .query(let query, _): takeCarrier(for: query.statement)
    }
  }

  // MARK: Single statements

  /// Runs a statement as soon as there is a place for it. Its continuation is resumed once; then it must be
  /// told of as ended.
  func run(_ query: PooledQuery, _ continuation: CheckedContinuation<QueryOutcome, Never>) {
    if waiters.isEmpty, let connection = takeCarrier(for: query.statement) {
      return send(query, on: connection, continuation)
    }
    query.ticket = makeTicket()
    enqueue(
      query.ticket, timeout: query.deadline.map { $0 - loop.now }, .query(query, continuation))
  }

  /// The caller of a statement has lost interest.
  func cancel(_ query: PooledQuery) {
    if let carrier = query.carrier {
      carrier.pipeline.value.stop(query.ticket, .cancelled)
    } else {
      abandon(query.ticket, PipelinedQuery.StopCause.cancelled.error)
    }
  }

  /// A statement was answered or has failed.
  func ended(_ query: PooledQuery) {
    guard let connection = query.carrier,
      let index = carriers.firstIndex(where: { $0.connection === connection })
    else { return }
    carriers[index].count -= 1
    guard carriers[index].count == 0 else { return serve() }
    carriers.remove(at: index)
    settle(connection)
  }

  private func send(
    _ query: PooledQuery, on connection: PostgresConnection,
    _ continuation: CheckedContinuation<QueryOutcome, Never>
  ) {
    let pipeline = connection.pipeline.value
    query.ticket = pipeline.makeTicket()
    query.carrier = connection
    pipeline.submit(
      PipelinedQuery(
        query.statement, query.parameters, ticket: query.ticket, deadline: query.deadline,
        continuation: continuation))
  }

  /// A connection for one statement: one that is idle or, when no more can be opened, that which has the fewest
  /// statements of those that have begun with theirs only now.
  private func takeCarrier(for statement: PostgresStatement) -> PostgresConnection? {
    if let last = idle.popLast() {
      carriers.append(Carrier(connection: last.connection, takesMore: statement.mayFollow))
      return last.connection
    }
    guard statement.mayFollow, !isClosed, !canOpen else { return nil }
    let now = loop.now
    let fitting = carriers.indices.compactMap { index -> (index: Int, since: LoopInstant)? in
      let carrier = carriers[index]
      guard carrier.takesMore, carrier.count < Limits.statementsPerCarrier,
        let since = carrier.connection.pipeline.value.busySince(now),
        now - since < settings.followedFor
      else { return nil }
      return (index, since)
    }
    // Of two with as many, the older is more likely to be a long one.
    let best = fitting.min { left, right in
      let counts = (carriers[left.index].count, carriers[right.index].count)
      return counts.0 == counts.1 ? left.since > right.since : counts.0 < counts.1
    }
    guard let index = best?.index else { return nil }
    carriers[index].count += 1
    return carriers[index].connection
  }

  // MARK: Opening

  /// Opens what is missing: the minimum, and one per waiter up to the maximum. After a failure one
  /// attempt at a time, so that a server that comes back is not met by a storm.
  func fill() {
    guard !isClosed, retry == nil else { return }
    let wanted = max(settings.minimumConnections, usedCount + waiters.count)
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
      waiter.request.fail(PostgresError(.closed, "pool closed"))
    }
  }
}

extension PoolCore.Request {
  func fail(_ error: PostgresError) {
    switch self {
    case .lease(let continuation): continuation.resume(returning: .failure(error))
    case .query(_, let continuation): continuation.resume(returning: .failure(error))
    }
  }
}
