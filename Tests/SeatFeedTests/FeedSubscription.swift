// A watcher that waits for what it is told.

import FeedSupport
import RPC
import Reactor
import SeatFeed

typealias Frames = FrameList<FeedEvent>

/// A call that follows a show, and its peer. Confined to its loop; one reader at a time.
final class FeedSubscription {
  private let peer: FeedCall
  private var waiter: CheckedContinuation<Void, Never>?
  private var isOver = false

  init(on loop: EventLoop) {
    peer = FeedCall(on: loop)
    peer.onTurn = { [weak self] in self?.wake() }
  }

  /// The call as its handler has it; nil when it has ended.
  var call: ServerCall? { peer.call }

  func join(
    _ registry: FeedRegistry, _ showID: Int64, afterVersion: Int64
  ) async throws(FeedError) {
    guard let call else { throw .cancelled }
    try await registry.join(showID, afterVersion: afterVersion, call)
  }

  /// Waits until there is something to read and returns all of it.
  func next() async throws(FeedError) -> [[UInt8]] {
    while true {
      if isOver { throw .cancelled }
      let frames = peer.read()
      if !frames.isEmpty { return frames }
      await withCheckedContinuation { waiter = $0 }
    }
  }

  /// The peer resets its call.
  func end() {
    isOver = true
    peer.end()
    wake()
  }

  private func wake() { waiter.take()?.resume() }
}

extension FeedRegistry {
  /// A call that follows a show.
  func subscribe(
    _ showID: Int64, afterVersion: Int64
  ) async throws(FeedError) -> FeedSubscription {
    let subscription = FeedSubscription(on: loop)
    try await subscription.join(self, showID, afterVersion: afterVersion)
    return subscription
  }
}
