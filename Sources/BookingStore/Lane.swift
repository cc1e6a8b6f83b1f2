// One worker of the sale: a queue, and at most one batch in flight. Whatever arrives meanwhile
// forms the next batch. Knows how batches fail, nothing of what they mean.

import Booking
import Postgres
package import Reactor

/// Serves requests of some lanes one batch after the other, on one loop.
///
/// There are no timers: an idle worker serves one request at once, a busy one many together. In a
/// batch, changes of bookings come before holds (they free seats and mind the clock), and each
/// kind is served in arrival order.
package final class LaneWorker: Sendable {
  /// The loop the worker's state lives on.
  package let loop: EventLoop
  private let database: any Database
  private let queue: LoopBound<LaneQueue>

  /// A worker that sends its batches to `database`, one at a time.
  package init(_ database: any Database, on loop: EventLoop) {
    self.loop = loop
    self.database = database
    queue = LoopBound(LaneQueue(), loop: loop)
  }

  /// Holds seats. `deadline` is the caller's: a request that waited past it never runs.
  package func hold(
    _ request: HoldRequest, deadline: LoopInstant? = nil
  ) async throws(StoreError) -> HoldOutcome {
    guard case .hold(let outcome) = try await submit(.hold(request), deadline) else {
      throw StoreError(.fault)
    }
    return outcome
  }

  /// Changes a booking. As ``hold(_:deadline:)``.
  package func change(
    _ request: ChangeRequest, deadline: LoopInstant? = nil
  ) async throws(StoreError) -> ChangeOutcome {
    guard case .change(let outcome) = try await submit(.change(request), deadline) else {
      throw StoreError(.fault)
    }
    return outcome
  }

  /// Requests in line, and whether a batch is in flight.
  package func occupancy() async -> (waitingCount: Int, isServing: Bool) {
    await loop.run { [queue] in (queue.value.count, queue.value.isServing) }
  }

  private func submit(
    _ request: SeatRequest, _ deadline: LoopInstant?
  ) async throws(StoreError) -> SeatOutcome {
    let ticket = LaneTicket()
    let outcome: Result<SeatOutcome, StoreError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let entry = LaneEntry(
          ticket: ticket, request: request, deadline: deadline, continuation: continuation)
        guard !loop.isInside else { return accept(entry) }
        loop.execute { self.accept(entry) }
      }
    } onCancel: {
      loop.execute { self.queue.value.drop(ticket) }
    }
    return try outcome.get()
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
      for change in [ChangeRequest.Change.confirm, .release, .cancel] {
        await run(batch.filter { $0.request.change == change })
      }
      await run(batch.filter { $0.request.change == nil })
    }
    queue.value.isServing = false
  }

  // MARK: One statement

  private func run(_ entries: [LaneEntry]) async {
    guard !entries.isEmpty else { return }
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

  private func runAlone(_ entry: LaneEntry) async -> Result<SeatOutcome, StoreError> {
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

  private func attempt(_ entries: [LaneEntry]) async -> Result<[SeatOutcome], PostgresError> {
    let timeout = LaneQueue.remaining(of: entries, now: loop.now)
    let change = entries[0].request.change
    do throws(PostgresError) {
      guard let change else {
        let holds = entries.compactMap(\.request.hold)
        return .success(
          try await SeatCommands.hold(holds, on: database, timeout: timeout).map { .hold($0) })
      }
      let changes = entries.compactMap(\.request.changeRequest)
      return .success(
        try await SeatCommands.change(change, changes, on: database, timeout: timeout)
          .map { .change($0) })
    } catch {
      return .failure(error)
    }
  }
}

extension PostgresError {
  /// The same request may be sent again: it had no effect, or one that its id finds.
  fileprivate var mayRunAgain: Bool {
    if case .connectionLost = kind { return true }
    return isRetryable || maybeExecuted
  }
}

/// The workers of a node: lanes map to them by modulo, so that one lane is always one worker's.
package struct Lanes: Sendable {
  private let workers: [LaneWorker]

  /// At least one worker.
  package init(_ workers: [LaneWorker]) {
    precondition(!workers.isEmpty, "a node has at least one lane worker")
    self.workers = workers
  }

  /// The worker of a lane.
  package subscript(lane: Int16) -> LaneWorker {
    workers[Int(UInt16(bitPattern: lane)) % workers.count]
  }
}
