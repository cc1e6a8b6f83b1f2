// One lane worker: the server's own batches on its own ledgers, one statement after the other, so
// that everything else can happen in between. What SaleDesk and LaneWorker do between statements is
// done here the same way, without their waiting.

import Booking
import Postgres

@testable import BookingStore

final class SimWorker {
  /// Where a batch is: the statement that comes next.
  enum Stage {
    case find, parties, versions, sales, write, check, lookUp
    case findLocked, partiesLocked, requestsLocked, locked
  }

  struct Turn {
    let calls: [NodeCall]
    /// Runs of a single request that are left; nil in a batch that has not failed.
    let attemptsLeft: Int?
    var batch: SaleBatch
    var stage = Stage.find
    var used: Set<Int64> = []
    var foreign: [Int64] = []
    var read: [Tables.Show] = []

    init(_ calls: [NodeCall], attemptsLeft: Int?) {
      self.calls = calls
      self.attemptsLeft = attemptsLeft
      batch = Self.batch(calls)
    }

    static func batch(_ calls: [NodeCall]) -> SaleBatch {
      SaleBatch(calls.map(\.request), NoDatabase(), nil)
    }
  }

  let database: SimDatabase
  let shelf = LedgerShelf()
  var refusals = RefusalMemory()
  private var queue: [NodeCall] = []
  var alone: [(call: NodeCall, attemptsLeft: Int)] = []
  var turn: Turn?
  private var told: [Int64: Int64] = [:]
  private var toldQueues: [Int64: Int64] = [:]
  private(set) var mustForget = false
  private(set) var isFeedLive = false

  init(_ database: SimDatabase) { self.database = database }

  var isIdle: Bool { turn == nil && queue.isEmpty && alone.isEmpty }

  func accept(_ call: NodeCall) { queue.append(call) }

  /// As SaleDesk.refusalAtOnce: at a time that the node takes for the database's.
  func refusalAtOnce(of request: SaleRequest, at time: Int64) -> SaleRefusal? {
    guard case .hold(let hold) = request, isFeedLive, !mustForget,
      let ledger = shelf.ledger(hold.showID), shelf.isProven(hold.showID),
      ledger.version >= told[hold.showID] ?? 0,
      ledger.queueVersion >= toldQueues[hold.showID] ?? 0, refusals.answer(hold.identity) == nil
    else { return nil }
    var moment = Moment(time)
    guard let refusal = ledger.refusalAtOnce(of: hold, &moment), moment.isClear else { return nil }
    refusals.note(refusal, hold.identity)
    return refusal
  }

  // MARK: The feed, as SaleDesk hears it

  func setFeedLive(_ isLive: Bool) {
    isFeedLive = isLive
    if turn != nil { (told, toldQueues) = ([:], [:]) } else { shelf.dropAll() }
    mustForget = turn != nil
  }

  func note(_ showID: Int64, version: Int64) {
    if turn != nil {
      told[showID] = max(told[showID] ?? 0, version)
    } else if let ledger = shelf.ledger(showID), ledger.version < version {
      shelf.drop(showID)
    }
  }

  func note(_ showID: Int64, queueVersion: Int64) {
    if turn != nil {
      toldQueues[showID] = max(toldQueues[showID] ?? 0, queueVersion)
    } else if let ledger = shelf.ledger(showID), ledger.queueVersion < queueVersion {
      shelf.drop(showID)
    }
  }

  func forget(_ showID: Int64) {
    if turn == nil { shelf.drop(showID) }
  }

  /// The batch is over: what came meanwhile counts.
  func endTurn(_ turn: Turn) {
    self.turn = nil
    for showID in turn.foreign { shelf.drop(showID) }
    if mustForget { shelf.dropAll() }
    mustForget = false
    for (showID, version) in told {
      if let ledger = shelf.ledger(showID), ledger.version < version { shelf.drop(showID) }
    }
    for (showID, version) in toldQueues {
      if let ledger = shelf.ledger(showID), ledger.queueVersion < version { shelf.drop(showID) }
    }
    (told, toldQueues) = ([:], [:])
  }

  // MARK: Statement after statement

  /// Begins a batch or runs the next statement of the one under way; the answers when it is over.
  func step(_ dice: inout Dice, on node: SimNode) throws -> [NodeAnswer] {
    guard turn != nil else {
      begin()
      return []
    }
    do {
      return try run(&dice, node)
    } catch let failure as StatementFailure {
      return failed(failure)
    }
  }

  private func begin() {
    if let next = alone.first {
      alone.removeFirst()
      turn = Turn([next.call], attemptsLeft: next.attemptsLeft - 1)
    } else if !queue.isEmpty {
      turn = Turn(Array(queue.prefix(StoreLimits.batchRequests)), attemptsLeft: nil)
      queue.removeFirst(min(queue.count, StoreLimits.batchRequests))
    }
    if turn != nil { shelf.beginTurn() }
  }

  /// Another node was faster: the same again under the locks. Otherwise each request runs alone, as
  /// often as LaneWorker lets it.
  private func failed(_ failure: StatementFailure) -> [NodeAnswer] {
    guard var turn else { return [] }
    for showID in turn.used { shelf.drop(showID) }
    let isLocked = turn.stage == .locked
    if !isLocked, failure == .serialization || failure == .unique {
      turn.batch = Turn.batch(turn.calls)
      turn.stage = .findLocked
      self.turn = turn
      return []
    }
    endTurn(turn)
    let left = turn.attemptsLeft ?? StoreLimits.soloAttempts
    guard left > 0 else { return turn.calls.map { ($0, nil) } }
    alone.insert(contentsOf: turn.calls.map { ($0, left) }, at: 0)
    return []
  }
}

/// Stands where a batch names its database: in a simulation it never asks.
struct NoDatabase: Database {
  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    throw PostgresError(.closed, "a simulation has no database")
  }

  func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    throw PostgresError(.closed, "a simulation has no database")
  }
}
