// Gives positions to sales, whether or not somebody follows them: so what was charged is counted soon, and
// neither the outbox nor the log grows without an end. Any node does it, one at a time.

package import Logging
package import Reactor

/// Numbers sales at a steady pace on one loop.
package final class SalesSweeper: Sendable {
  private let store: SalesStore
  private let rhythm: SweepRhythm

  /// A sweeper that is not running yet.
  package init(_ store: SalesStore, on loop: EventLoop, logger: Logger) {
    self.store = store
    rhythm = SweepRhythm("sales", every: StoreLimits.numberingInterval, on: loop, logger: logger)
  }

  /// Starts numbering.
  package func start() {
    rhythm.start { () async throws(StoreError) in try await self.sweep() }
  }

  /// Ends numbering; a turn under way is finished.
  package func stop() { rhythm.stop() }

  /// Numbers some sales, unless another node does so just now. Whether there may be more.
  package func sweep() async throws(StoreError) -> Bool {
    try await store.number(waits: false).mayBeMore
  }
}
