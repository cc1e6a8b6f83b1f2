// Lane workers: batches form while one is in flight, the queue is bounded, and a batch that fails
// is repeated one by one without a second effect.

import Postgres
import Reactor
import Support
import Synchronization
import Testing

@testable import Booking
@testable import BookingStore

/// A database whose answers a test holds back, or turns into failures.
private final class SluiceDatabase: Database {
  enum Fate: Sendable {
    /// Passed on.
    case run
    /// Never reaches the database.
    case fail(PostgresError)
    /// Committed, but the answer is lost.
    case runAndFail(PostgresError)
  }

  private struct State {
    var isOpen = true
    var waiters: [CheckedContinuation<Void, Never>] = []
    var fates: [Fate] = []
    var outage: PostgresError?
    var callCount = 0
    var writeCount = 0
  }

  private let base: any Database
  private let state = Mutex(State())
  /// One entry per call, as it arrives.
  let arrivals = Mailbox<String>()

  init(_ base: any Database) { self.base = base }

  /// Statements of any kind that came through.
  var callCount: Int { state.withLock { $0.callCount } }
  /// Batches that were written.
  var writeCount: Int { state.withLock { $0.writeCount } }

  func close() { state.withLock { $0.isOpen = false } }

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// What becomes of the next batches that are written, in order; those after pass.
  func plan(_ fates: [Fate]) { state.withLock { $0.fates = fates } }

  /// Every statement fails from now on.
  func fail(_ error: PostgresError) { state.withLock { $0.outage = error } }

  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    try await pass(statement, parameters, timeout, to: base)
  }

  func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await base.inTransaction { (connection) async throws(PostgresError) in
      try await body(Through(sluice: self, connection: connection))
    }
  }

  private struct Through: Database {
    let sluice: SluiceDatabase
    let connection: any Database

    func query(
      _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
    ) async throws(PostgresError) -> PostgresResult {
      try await sluice.pass(statement, parameters, timeout, to: connection)
    }

    func inTransaction<Value: Sendable>(
      _ body: (any Database) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
      try await body(self)
    }
  }

  private func pass(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], _ timeout: Duration?,
    to target: any Database
  ) async throws(PostgresError) -> PostgresResult {
    arrivals.put(statement.name)
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiters.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
    switch fate(of: statement) {
    case .run: return try await target.query(statement, parameters, timeout: timeout)
    case .fail(let error): throw error
    case .runAndFail(let error):
      _ = try await target.query(statement, parameters, timeout: timeout)
      throw error
    }
  }

  private func fate(of statement: PostgresStatement) -> Fate {
    state.withLock { state in
      state.callCount += 1
      if let outage = state.outage { return .fail(outage) }
      guard statement.name == Statements.writeSales.name else { return .run }
      state.writeCount += 1
      return state.fates.isEmpty ? .run : state.fates.removeFirst()
    }
  }
}

@Suite(.timeLimit(.minutes(3))) struct LaneTests {
  /// A task per request; the first is in flight behind the closed sluice, the others wait in order.
  private func rush(
    _ house: House, _ sluice: SluiceDatabase, _ requests: [HoldRequest]
  ) async -> [Task<Result<SaleOutcome, StoreError>, Never>] {
    let worker = LaneWorker(sluice, house.shows, on: house.loop)
    sluice.close()
    var tasks: [Task<Result<SaleOutcome, StoreError>, Never>] = []
    for (index, request) in requests.enumerated() {
      tasks.append(
        Task.immediate(executorPreference: house.loop) { () -> Result<SaleOutcome, StoreError> in
          do throws(StoreError) {
            return .success(try await worker.serve(.hold(request)))
          } catch {
            return .failure(error)
          }
        })
      if index == 0 { _ = await sluice.arrivals.wait(for: 1) }
    }
    return tasks
  }

  @Test func whatArrivesMeanwhileFormsTheNextBatch() async throws {
    try await House.run { house in
      let sluice = SluiceDatabase(house.connection)
      let labels = house.details.layout.seats.map(\.label)
      let tasks = await rush(
        house, sluice, try labels.enumerated().map { try house.request([$1], UInt64($0 + 1)) })
      sluice.open()
      for task in tasks { #expect(try await task.value.get().record != nil) }
      #expect(sluice.writeCount == 2)
      #expect(try await house.seats(.held).count == 30)
    }
  }

  @Test func arrivalOrderIsServiceOrder() async throws {
    try await House.run { house in
      let sluice = SluiceDatabase(house.connection)
      let requests = try (1...20).map { try house.request(["A1"], UInt64($0)) }
      let tasks = await rush(house, sluice, requests)
      sluice.open()
      for (index, task) in tasks.enumerated() {
        #expect((try await task.value.get().record != nil) == (index == 0))
      }
    }
  }

  @Test func aFailedBatchIsRepeatedOneByOne() async throws {
    try await House.run { house in
      let sluice = SluiceDatabase(house.connection)
      let tasks = await rush(
        house, sluice,
        try [["A1"], ["A2"], ["A2", "A3"], ["A3"]].enumerated()
          .map { try house.request($1, UInt64($0 + 1)) })
      sluice.plan([.run, .fail(PostgresError(.deadlockDetected, "test"))])
      sluice.open()
      var held: [Bool] = []
      for task in tasks { held.append(try await task.value.get().record != nil) }
      #expect(held == [true, true, false, true])
      // The first alone; the batch; the two of it that win, each alone.
      #expect(sluice.writeCount == 2 + 2)
      #expect(try await house.faults() == [])
    }
  }

  @Test func aLostAnswerIsFoundByTheRequestID() async throws {
    try await House.run { house in
      let lost = PostgresError(.connectionLost(maybeExecuted: true), "test")
      let sluice = SluiceDatabase(house.connection)
      let version = try await house.snapshot().version
      let tasks = await rush(
        house, sluice,
        try [["A1"], ["A2"], ["A3"]].enumerated().map { try house.request($1, UInt64($0 + 1)) })
      // The first is asked for alone; the others, a batch, one by one.
      sluice.plan([.runAndFail(lost), .runAndFail(lost)])
      sluice.open()
      for task in tasks { #expect(try await task.value.get().record != nil) }
      // Two transactions changed seats, the repetitions none.
      #expect(try await house.snapshot().version == version + 2)
      #expect(try await house.seats(.held) == ["A1", "A2", "A3"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func anOutageFailsTheBatchWithoutAskingForEach() async throws {
    try await House.run { house in
      let away = PostgresError(.connectFailed, "test")
      let sluice = SluiceDatabase(house.connection)
      let tasks = await rush(
        house, sluice,
        try (1...8).map { try house.request(["A\($0)"], UInt64($0)) })
      sluice.fail(away)
      sluice.open()
      for task in tasks {
        #expect(await task.value == .failure(StoreError(.unavailable, cause: away)))
      }
      // The first alone; the batch; one of the batch alone.
      #expect(sluice.callCount == 3)
    }
  }

  /// Asks at once, and says in `order` when it was answered.
  private func ask(
    _ worker: LaneWorker, _ request: SaleRequest, _ name: String, _ order: Mailbox<String>
  ) -> Task<SaleOutcome, any Error> {
    Task.immediate(executorPreference: worker.loop) {
      defer { order.put(name) }
      return try await worker.serve(request)
    }
  }

  @Test func whoWantsSoldSeatsDoesNotWaitForOthers() async throws {
    try await House.run { house in
      let sluice = SluiceDatabase(house.connection)
      let worker = LaneWorker(sluice, house.shows, on: house.loop)
      worker.note(.began)
      let order = Mailbox<String>()
      let first = SaleRequest.hold(try house.request(["A1"], 1))
      let held = try #require(try await worker.serve(first).record)
      sluice.close()
      let other = SaleRequest.hold(try house.request(["A1"], 2, show: 3))
      let slow = ask(worker, other, "slow", order)
      let lost = SaleRequest.hold(try house.request(["A1", "A2"], 3))
      let refused = ask(worker, lost, "refused", order)
      // What it was granted before is no loss.
      let again = ask(worker, first, "again", order)
      sluice.open()
      #expect(await order.wait(for: 3) == ["refused", "slow", "again"])
      #expect(
        try await refused.value
          == .refused(
            .seatsUnavailable([SeatStatus(number: 0, state: .held)], version: held.version)))
      #expect(try await again.value.record?.id == held.id)
      #expect(try await slow.value.record != nil)
      #expect(try await house.faults() == [])
    }
  }

  @Test func whoWantsSeatsThatAreBeingSoldHearsWhetherTheyWere() async throws {
    try await House.run { house in
      let sluice = SluiceDatabase(house.connection)
      let worker = LaneWorker(sluice, house.shows, on: house.loop)
      worker.note(.began)
      let order = Mailbox<String>()
      _ = try await worker.serve(.hold(try house.request(["B1"], 1)))
      sluice.close()
      let first = ask(worker, .hold(try house.request(["A1"], 2)), "first", order)
      let second = ask(worker, .hold(try house.request(["A1"], 3)), "second", order)
      sluice.plan([.fail(PostgresError(.diskFull, "test"))])
      sluice.open()
      #expect(await order.wait(for: 2) == ["first", "second"])
      await #expect(throws: StoreError.self) { try await first.value }
      #expect(try await second.value.record != nil)
    }
  }

  @Test func theQueueIsBounded() async throws {
    try await House.run { house in
      let sluice = SluiceDatabase(house.connection)
      let request = try house.request(["A1"], 1)
      let tasks = await rush(
        house, sluice, Array(repeating: request, count: 1 + StoreLimits.laneQueue + 1))
      #expect(await tasks[tasks.count - 1].value == .failure(StoreError(.overloaded)))
      sluice.open()
      let first = try await tasks[0].value.get().record?.id
      #expect(first != nil)
      for task in tasks.dropLast() { #expect(try await task.value.get().record?.id == first) }
    }
  }

  /// In order of arrival, and for as long as the most patient of its callers waits.
  @Test func aBatchHasAtMostSoManyRequests() async throws {
    try await House.run { house in
      let queue = LoopBound(LaneQueue(), loop: house.loop)
      let now = house.loop.now
      let requests = try (1...StoreLimits.batchRequests + 44).map {
        SaleRequest.hold(try house.request(["A1"], UInt64($0)))
      }
      let tasks = requests.enumerated().map { index, request in
        Task.immediate(executorPreference: house.loop) {
          await withCheckedContinuation { continuation in
            let deadline = index == 256 ? nil : now + .seconds(1 + index)
            _ = queue.value.add(
              LaneEntry(
                ticket: LaneTicket(), request: request, deadline: deadline,
                continuation: continuation))
          }
        }
      }
      #expect(queue.value.count == requests.count)
      let batches = (1...3).map { _ in queue.value.takeBatch(now: now) }
      #expect(batches.map(\.count) == [StoreLimits.batchRequests, 44, 0])
      #expect(batches.flatMap { $0 }.map(\.request) == requests)
      #expect(LaneQueue.remaining(of: batches[0], now: now) == .seconds(256))
      // One of them never gives up.
      #expect(LaneQueue.remaining(of: batches[1], now: now) == nil)
      for entry in batches.flatMap({ $0 }) { entry.finish(.failure(StoreError(.cancelled))) }
      for task in tasks { _ = await task.value }
    }
  }

  @Test func whoLeavesTheQueueIsNotServed() async throws {
    try await House.run { house in
      let sluice = SluiceDatabase(house.connection)
      let tasks = await rush(
        house, sluice,
        try [["A1"], ["A2"], ["A3"]].enumerated().map { try house.request($1, UInt64($0 + 1)) })
      tasks[1].cancel()
      #expect(await tasks[1].value == .failure(StoreError(.cancelled)))
      sluice.open()
      #expect(try await tasks[2].value.get().record != nil)
      #expect(try await house.seats(.held) == ["A1", "A3"])
    }
  }

  @Test func whoseTimeIsUpIsNotServed() async throws {
    try await House.run { house in
      let worker = LaneWorker(house.connection, house.shows, on: house.loop)
      let request = try house.request(["A1"], 1)
      await #expect(throws: StoreError(.deadlineExceeded)) {
        try await worker.serve(.hold(request), deadline: house.loop.now)
      }
      #expect(try await house.seats(.held) == [])
    }
  }

  @Test func kindsMayMixInABatch() async throws {
    try await House.run { house in
      let old = try await house.held(["A1"], 1)
      let sold = try await house.held(["A2"], 2)
      let sluice = SluiceDatabase(house.connection)
      let worker = LaneWorker(sluice, house.shows, on: house.loop)
      sluice.close()
      let first = Task.immediate(executorPreference: house.loop) {
        try await worker.serve(.hold(house.request(["A3"], 3)))
      }
      _ = await sluice.arrivals.wait(for: 1)
      let hold = Task.immediate(executorPreference: house.loop) {
        try await worker.serve(.hold(house.request(["A1"], 4)))
      }
      let release = Task.immediate(executorPreference: house.loop) {
        try await worker.serve(
          .change(ChangeRequest(.release, house.identity(5), bookingID: old.id)))
      }
      let confirm = Task.immediate(executorPreference: house.loop) {
        try await worker.serve(
          .change(
            ChangeRequest(
              .confirm, house.identity(6), bookingID: sold.id, paymentReference: "p")))
      }
      sluice.open()
      #expect(try await first.value.record != nil)
      // First come, first served: the release came after the hold.
      #expect(try await hold.value.lost == [SeatStatus(number: 0, state: .held)])
      #expect(try await release.value.state == .released)
      #expect(try await confirm.value.state == .confirmed)
      #expect(try await house.faults() == [])
    }
  }

  /// The same id for another show, while the first is not committed: the second waits for it and
  /// is refused, whichever of the two ways it learns of it.
  @Test func anIDInFlightElsewhereIsRefused() async throws {
    try await House.run { house in
      let second = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let worker = LaneWorker(second, house.shows, on: house.loop)
      let elsewhere = try HoldRequest(
        identity: house.identity(1, body: "other"), bookingID: house.newBookingID(), showID: 3,
        customerRef: "", selection: house.request(["A1"], 1).selection)
      let here = try house.request(["A1"], 1)
      let contender = try await house.connection.transaction { connection throws(PostgresError) in
        let desk = SaleDesk(connection, house.shows, on: house.loop) { _ in }
        _ = try await desk.serve([.hold(here)], timeout: nil)
        return Task.immediate(executorPreference: house.loop) {
          try await worker.serve(.hold(elsewhere))
        }
      }
      #expect(try await contender.value == .refused(.requestIDReused))
      #expect(try await house.seats(.held) == ["A1"])
      #expect(try await house.faults() == [])
      await second.close()
    }
  }

  /// Through two workers, as on two nodes.
  @Test func ofFiveHundredBuyersOfOneSeatOneGetsIt() async throws {
    try await House.run { house in
      let second = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let workers = [house.connection, second].map {
        LaneWorker($0, house.shows, on: house.loop)
      }
      let outcomes = try await withThrowingTaskGroup(of: SaleOutcome.self) { group in
        for id in 0..<500 {
          let request = SaleRequest.hold(try house.request(["A1"], UInt64(id + 1)))
          group.addTask { try await workers[id % 2].serve(request) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      await second.close()
      #expect(outcomes.count { $0.record != nil } == 1)
      #expect(outcomes.count { $0.lost == [SeatStatus(number: 0, state: .held)] } == 499)
      #expect(try await house.faults() == [])
    }
  }

  @Test func aFightEndsWithEverySeatSoldOnce() async throws {
    try await House.run { house in
      // Two workers on connections of their own, as two nodes would.
      let second = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let workers = [
        LaneWorker(house.connection, house.shows, on: house.loop),
        LaneWorker(second, house.shows, on: house.loop),
      ]
      let labels = house.details.layout.seats.map(\.label)
      let outcomes = try await withThrowingTaskGroup(of: SaleOutcome.self) { group in
        for id in 0..<200 {
          let request = try house.request(
            [labels[id % 30], labels[(id * 7 + 1) % 30]].uniqued(), UInt64(id + 1))
          group.addTask { try await workers[id % 2].serve(.hold(request)) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      await second.close()
      let held = outcomes.compactMap(\.record).flatMap(\.seatNumbers)
      #expect(Set(held).count == held.count)
      #expect(outcomes.count == 200)
      #expect(
        outcomes.allSatisfy { outcome in
          outcome.lost?.isEmpty == false || outcome.record != nil
        })
      #expect(try await house.seats(.held).count == held.count)
      #expect(try await house.faults() == [])
    }
  }
}

extension Array where Element: Hashable {
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
