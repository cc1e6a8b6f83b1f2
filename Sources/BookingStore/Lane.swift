// One worker of the sale: a queue, and at most one batch in flight. Whatever arrives meanwhile
// forms the next batch. Knows how batches fail, nothing of what they mean.

package import Booking
import Postgres
package import Reactor
import Synchronization

/// Serves requests of some lanes one batch after the other, on one loop.
///
/// There are no timers: an idle worker serves one request at once, a busy one many together. In a
/// batch requests are decided in the order in which they arrived, whatever they ask for.
package final class LaneWorker: Sendable {
  /// The loop the worker's state lives on.
  package let loop: EventLoop
  private let queue: LoopBound<LaneQueue>
  private let desk: LoopBound<SaleDesk>
  private let peers = LanePeers()

  /// A worker that sends its batches to `database`, one at a time. `onCommit` is told what each
  /// batch changed, once that is committed.
  package init(
    _ database: any Database, _ shows: ShowDirectory, on loop: EventLoop,
    onCommit: @escaping @Sendable ([SeatChange]) -> Void = { _ in }
  ) {
    self.loop = loop
    queue = LoopBound(LaneQueue(), loop: loop)
    let desk = SaleDesk(database, shows, on: loop, onCommit: onCommit)
    desk.onForeignCommit = { [peers] in peers.tell($0) }
    self.desk = LoopBound(desk, loop: loop)
  }

  /// Serves a request. `deadline` is the caller's: a request that waited past it never runs.
  package func serve(
    _ request: SaleRequest, deadline: LoopInstant? = nil
  ) async throws(StoreError) -> SaleOutcome {
    try await submit(request, deadline)
  }

  /// Requests in line, and whether a batch is in flight.
  package func occupancy() async -> (waitingCount: Int, isServing: Bool) {
    await loop.run { [queue] in (queue.value.count, queue.value.isServing) }
  }

  /// The change feed tells what other nodes, or this one, have done.
  package func note(_ event: ChangeFeedEvent) {
    guard loop.isInside else { return loop.execute { self.note(event) } }
    switch event {
    case .began: desk.value.setFeedLive(true)
    case .ended: desk.value.setFeedLive(false)
    case .change(let change): desk.value.note(change.showID, version: change.version)
    case .queue(let change): desk.value.note(change.showID, queueVersion: change.version)
    // What a sale needs of the catalogue has a version of its own.
    case .catalogue: break
    }
  }

  /// Learns who else sells.
  fileprivate func meet(_ lanes: Lanes) { peers.meet(lanes) }

  private func submit(
    _ request: SaleRequest, _ deadline: LoopInstant?
  ) async throws(StoreError) -> SaleOutcome {
    if case .hold(let hold) = request,
      let refusal = refusalAtOnce(of: hold, deadline: deadline)
    {
      return .refused(refusal)
    }
    let ticket = LaneTicket()
    let outcome: Result<SaleOutcome, StoreError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let entry = LaneEntry(
          ticket: ticket, request: request, deadline: deadline, continuation: continuation)
        guard !loop.isInside else { return accept(entry) }
        loop.execute {
          if case .hold(let hold) = request,
            let refusal = self.refusalAtOnce(of: hold, deadline: deadline)
          {
            return entry.finish(.success(.refused(refusal)))
          }
          self.accept(entry)
        }
      }
    } onCancel: {
      loop.execute { self.queue.value.drop(ticket) }
    }
    return try outcome.get()
  }

  /// Who wants seats that others have need not stand in line for hearing so. Nil when the request must be
  /// served, and off the worker's loop.
  package func refusalAtOnce(of request: HoldRequest, deadline: LoopInstant?) -> SaleRefusal? {
    guard loop.isInside else { return nil }
    if let deadline, deadline <= loop.now { return nil }
    return desk.value.refusalAtOnce(of: request)
  }

  private func accept(_ entry: LaneEntry) {
    guard queue.value.add(entry), !queue.value.isServing else { return }
    queue.value.isServing = true
    loop.spawn { await self.serve() }
  }

  private func serve() async {
    while true {
      let batch = queue.value.takeBatch(now: loop.now)
      if batch.isEmpty { break }
      await run(batch)
    }
    queue.value.isServing = false
  }

  // MARK: One statement

  private func run(_ entries: [LaneEntry]) async {
    switch await attempt(entries) {
    case .success(let outcomes):
      for (entry, outcome) in zip(entries, outcomes) { entry.finish(.success(outcome)) }
    case .failure(let error) where entries.count == 1 && !error.mayRunAgain:
      entries[0].finish(.failure(StoreError(error)))
    case .failure:
      await runSingly(entries)
    }
  }

  /// After a batch failed nobody knows for whom: each request runs alone, and those that had been
  /// committed are answered from the log by their id. Once the database is away there is no point
  /// in asking for the others.
  private func runSingly(_ entries: [LaneEntry]) async {
    var outage: StoreError?
    for entry in entries {
      if let outage {
        entry.finish(.failure(outage))
        continue
      }
      let result = await runAlone(entry)
      entry.finish(result)
      if case .failure(let error) = result, error.kind == .unavailable { outage = error }
    }
  }

  private func runAlone(_ entry: LaneEntry) async -> Result<SaleOutcome, StoreError> {
    var failure = StoreError(.fault)
    for _ in 0..<StoreLimits.soloAttempts {
      switch await attempt([entry]) {
      case .success(let outcomes): return outcomes.first.map { .success($0) } ?? .failure(failure)
      case .failure(let error):
        failure = StoreError(error)
        guard error.mayRunAgain else { return .failure(failure) }
      }
    }
    return .failure(failure)
  }

  private func attempt(_ entries: [LaneEntry]) async -> Result<[SaleOutcome], PostgresError> {
    let timeout = LaneQueue.remaining(of: entries, now: loop.now)
    do throws(PostgresError) {
      return .success(try await desk.value.serve(entries.map(\.request), timeout: timeout))
    } catch {
      return .failure(error)
    }
  }
}

extension PostgresError {
  /// The same request may be sent again: it had no effect, or one that its id finds.
  fileprivate var mayRunAgain: Bool {
    if case .connectionLost = kind { return true }
    return isRetryable || maybeExecuted || kind == .uniqueViolation
  }
}

/// The workers of a node as one of them knows them. Who is answered by one and then asks another
/// finds there what the first did, before the change feed brings it.
private final class LanePeers: Sendable {
  private let lanes = Mutex<Lanes?>(nil)

  func meet(_ lanes: Lanes) { self.lanes.withLock { $0 = lanes } }

  func tell(_ changes: [SeatChange]) {
    guard let lanes = lanes.withLock({ $0 }) else { return }
    for change in changes { lanes.note(.change(change)) }
  }
}

/// The workers of a node: lanes map to them by modulo, so that one lane is always one worker's.
package struct Lanes: Sendable {
  private let workers: [LaneWorker]

  /// At least one worker.
  package init(_ workers: [LaneWorker]) {
    precondition(!workers.isEmpty, "a node has at least one lane worker")
    self.workers = workers
    guard workers.count > 1 else { return }
    for worker in workers { worker.meet(self) }
  }

  /// The change feed tells what other nodes, or this one, have done.
  package func note(_ event: ChangeFeedEvent) {
    switch event {
    case .change(let change): self[change.lane].note(event)
    case .queue(let change): self[change.lane].note(event)
    case .began, .ended: for worker in workers { worker.note(event) }
    case .catalogue: break
    }
  }

  /// The worker of a lane.
  package subscript(lane: Int16) -> LaneWorker {
    workers[Int(UInt16(bitPattern: lane)) % workers.count]
  }
}
