// Whether the node can serve: it can while every pool of connections reaches the database.

import Logging
import Postgres
import Synchronization
import UsherServices

/// Gathers the health of all pools into the health that clients are told.
final class HealthJudge: Sendable {
  private struct State {
    var downPools: Set<Int> = []
    var isStopping = false
  }

  private let board: HealthBoard
  private let state = Mutex(State())

  init(_ board: HealthBoard) { self.board = board }

  func note(_ health: PostgresPool.Health, ofPool number: Int) {
    update { state in
      if case .down = health {
        state.downPools.insert(number)
      } else {
        state.downPools.remove(number)
      }
    }
  }

  /// From now on the node is not serving, whatever its pools say.
  func stop() { update { $0.isStopping = true } }

  /// Judges and tells in one step: two pools that change at once must not be told in another order
  /// than they were judged.
  private func update(_ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      board.set(isServing: state.downPools.isEmpty && !state.isStopping)
    }
  }
}
