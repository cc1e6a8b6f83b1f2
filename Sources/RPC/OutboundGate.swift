// The sending half's back-pressure: writers wait here while their stream holds too many unsent
// bytes. Confined to its loop.

/// Makes writers of one call wait for the peer to read.
final class OutboundGate {
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private(set) var failure: RPCError?

  /// Returns when the stream has room, or throws why it never will. `queuedByteCount` is asked
  /// again after each wake-up.
  func waitForRoom(_ queuedByteCount: () -> Int) async throws(RPCError) {
    while true {
      if let failure { throw failure }
      guard queuedByteCount() > Limits.outboundHighWaterBytes else { return }
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  /// Unsent bytes have become fewer.
  func noteDrained() { wakeAll() }

  /// The call is over; every writer gets the error.
  func fail(_ error: RPCError) {
    if failure == nil { failure = error }
    wakeAll()
  }

  private func wakeAll() {
    guard !waiters.isEmpty else { return }
    let woken = waiters
    waiters = []
    for waiter in woken { waiter.resume() }
  }
}
