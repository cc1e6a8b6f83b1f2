// Whether the node can serve: it can while every pool of connections reaches the database.

import Logging
import Postgres
import Synchronization
import UsherServices

/// Gathers the health of all pools into the health that clients are told.
final class HealthJudge: Sendable {
  private let board: HealthBoard
  private let downPools = Mutex<Set<Int>>([])
  private let isStopping = Mutex(false)

  init(_ board: HealthBoard) { self.board = board }

  func note(_ health: PostgresPool.Health, ofPool number: Int) {
    let allUp = downPools.withLock { down in
      if case .down = health { down.insert(number) } else { down.remove(number) }
      return down.isEmpty
    }
    board.set(isServing: allUp && !isStopping.withLock { $0 })
  }

  /// From now on the node is not serving, whatever its pools say.
  func stop() {
    isStopping.withLock { $0 = true }
    board.set(isServing: false)
  }
}
