// Gives positions to sales, whether or not somebody follows them: so what was charged is counted soon, and
// neither the outbox nor the log grows without an end. Any node does it, one at a time.

package import Logging
package import Reactor

/// Numbers sales at a steady pace on one loop.
package final class SalesSweeper: Sendable {
  private let store: SalesStore
  private let loop: EventLoop
  private let logger: Logger
  private let state: LoopBound<State>

  private final class State {
    var timer: LoopTimer?
    var isStopped = false
    var isFailing = false
  }

  /// A sweeper that is not running yet.
  package init(_ store: SalesStore, on loop: EventLoop, logger: Logger) {
    self.store = store
    self.loop = loop
    self.logger = logger
    state = LoopBound(State(), loop: loop)
  }

  /// Starts numbering.
  package func start() {
    loop.execute { self.schedule(after: .zero) }
  }

  /// Ends numbering; a turn under way is finished.
  package func stop() {
    loop.execute {
      self.state.value.isStopped = true
      self.state.value.timer?.cancel()
    }
  }

  /// Numbers some sales, unless another node does so just now. Whether there may be more.
  package func sweep() async throws(StoreError) -> Bool {
    try await store.number(waits: false).mayBeMore
  }

  private func schedule(after delay: Duration) {
    guard !state.value.isStopped else { return }
    state.value.timer = loop.schedule(after: delay) { [self] in
      loop.spawn { await self.turn() }
    }
  }

  private func turn() async {
    do throws(StoreError) {
      let mayBeMore = try await sweep()
      if state.value.isFailing { logger.notice("sales are numbered again") }
      state.value.isFailing = false
      schedule(after: mayBeMore ? .zero : StoreLimits.numberingInterval)
    } catch {
      if !state.value.isFailing {
        logger.warning("sales not numbered", metadata: ["error": "\(error)"])
      }
      state.value.isFailing = true
      schedule(after: StoreLimits.sweepBackoff)
    }
  }
}
