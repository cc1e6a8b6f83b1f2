// What an account holds, given back: when it is blocked or closed.

import Booking
package import BookingStore
package import Logging
import RPC
package import Reactor

/// Releases holds of accounts, through the lanes as anybody's.
package struct AccountHolds: Sendable {
  private let parts: PerLoop<NodeParts>
  private let lanes: Lanes
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, _ lanes: Lanes, logger: Logger) {
    self.parts = parts
    self.lanes = lanes
    failures = StoreFailures(logger: logger)
  }

  /// Releases all that an account holds; returns how many holds that were. One that has ended meanwhile is
  /// none.
  func release(
    of accountID: UniqueID, _ context: ServerContext
  ) async throws(RPCError) -> Int {
    let store = parts[context.loop].accounts
    let ids = try await failures.translating { () async throws(StoreError) in
      try await store.holds(of: accountID.description, timeout: context.remaining)
    }
    var count = 0
    for id in ids {
      let outcome = try await failures.translating { () async throws(StoreError) in
        try await lanes[id.lane].serve(.change(.release(ofAccount: id)), deadline: context.deadline)
      }
      if case .done = outcome { count += 1 }
    }
    return count
  }
}
