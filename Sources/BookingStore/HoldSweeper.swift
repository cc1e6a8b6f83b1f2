// Ends holds whose time is over, so that their seats show as free. Tidiness, never correctness:
// every sale judges holds by the database's clock itself.

package import Logging
import Postgres
package import Reactor

/// Sweeps expired holds at a steady pace on one loop.
package final class HoldSweeper: Sendable {
  private let database: any Database
  private let loop: EventLoop
  private let logger: Logger
  private let state: LoopBound<State>

  private final class State {
    var timer: LoopTimer?
    var isStopped = false
    var isFailing = false
  }

  /// A sweeper that is not running yet.
  package init(_ database: any Database, on loop: EventLoop, logger: Logger) {
    self.database = database
    self.loop = loop
    self.logger = logger
    state = LoopBound(State(), loop: loop)
  }

  /// Starts sweeping.
  package func start() {
    loop.execute { self.schedule(after: .zero) }
  }

  /// Ends sweeping; a sweep under way is finished.
  package func stop() {
    loop.execute {
      self.state.value.isStopped = true
      self.state.value.timer?.cancel()
    }
  }

  /// Sweeps once and returns how many holds were ended.
  package func sweep() async throws(StoreError) -> Int {
    let result = try await database.ask(
      Statements.expireHolds, [.int4(Int32(StoreLimits.sweptHolds))], timeout: nil)
    return try reading { () throws(PostgresError) in try result.onlyRow().decode(0) }
  }

  private func schedule(after delay: Duration) {
    guard !state.value.isStopped else { return }
    state.value.timer = loop.schedule(after: delay) { [self] in
      loop.spawn { await self.turn() }
    }
  }

  private func turn() async {
    do throws(StoreError) {
      let count = try await sweep()
      if state.value.isFailing { logger.notice("hold sweeper works again") }
      state.value.isFailing = false
      // A full sweep means that more are waiting.
      schedule(after: count < StoreLimits.sweptHolds ? StoreLimits.sweepInterval : .zero)
    } catch {
      if !state.value.isFailing {
        logger.warning("hold sweeper failed", metadata: ["error": "\(error)"])
      }
      state.value.isFailing = true
      schedule(after: StoreLimits.sweepBackoff)
    }
  }
}
