// How far the stream of sales goes, for those on one loop who follow it. Sales get their positions only
// while somebody does: whenever the change feed, or the node itself, says that something was
// committed, and now and then in case nobody said so.

package import BookingStore
package import Logging
import RPC
package import Reactor

/// The followers of sales whose streams are on one loop. Confined to it.
package final class SalesNews {
  private let loop: EventLoop
  private let store: SalesStore
  private let logger: Logger
  private var followers: [ObjectIdentifier: SalesFollower] = [:]
  private var timer: LoopTimer?
  /// Whether the next look waits for its heartbeat.
  private var isResting = true
  private var isLooking = false
  /// Until when looks follow each other: a commit is told of a moment before it can be read.
  private var restlessUntil = LoopInstant.now

  /// Nobody follows yet.
  package init(_ store: SalesStore, on loop: EventLoop, logger: Logger) {
    self.store = store
    self.loop = loop
    self.logger = logger
  }

  /// Lets a follower in, who must leave again by `leave`.
  func enter() -> SalesFollower {
    let follower = SalesFollower(on: loop)
    followers[ObjectIdentifier(follower)] = follower
    note()
    return follower
  }

  /// Lets a follower go.
  func leave(_ follower: SalesFollower) {
    followers[ObjectIdentifier(follower)] = nil
    guard followers.isEmpty else { return }
    timer?.cancel()
    timer = nil
    isResting = true
  }

  /// Something was committed, perhaps a sale.
  package func note() {
    guard !followers.isEmpty else { return }
    restlessUntil = loop.now + Limits.salesRestlessness
    guard isResting, !isLooking else { return }
    isResting = false
    look(after: Limits.salesPause)
  }

  private func look(after pause: Duration) {
    timer?.cancel()
    let bound = LoopBound(self, loop: loop)
    timer = loop.schedule(after: pause) { [loop] in loop.spawn { await bound.value.look() } }
  }

  private func look() async {
    guard !followers.isEmpty, !isLooking else { return }
    isLooking = true
    var mayBeMore = false
    // Who comes meanwhile may have asked for what this look does not see.
    let present = followers.values
    do throws(StoreError) {
      let newest: Int64
      (newest, mayBeMore) = try await store.number()
      for follower in present { follower.tell(newest, isAll: !mayBeMore) }
    } catch {
      logger.warning("sales not numbered", metadata: ["error": "\(error)"])
    }
    isLooking = false
    guard !followers.isEmpty else { return }
    isResting = !mayBeMore && loop.now >= restlessUntil
    look(after: isResting ? Limits.salesHeartbeat : Limits.salesPause)
  }
}

/// Who follows sales. Confined to its loop.
final class SalesFollower {
  private let loop: EventLoop
  /// The last position that was given as far as it was told; less than any before the first word.
  private var newest: Int64 = -1
  /// Whether that was all that was committed.
  private var isAll = false
  private var waiter: CheckedContinuation<Void, Never>?

  init(on loop: EventLoop) { self.loop = loop }

  func tell(_ newest: Int64, isAll: Bool) {
    self.newest = max(newest, self.newest)
    self.isAll = isAll
    wake()
  }

  /// Whether there was nothing behind a position at the last look.
  func hasAll(upTo position: Int64) -> Bool { isAll && newest <= position }

  /// Waits until there is a position behind this one, until a time at most. Throws CANCELLED when the call is
  /// over.
  func wait(behind position: Int64, until end: LoopInstant) async throws(RPCError) {
    let bound = LoopBound(self, loop: loop)
    let timer = loop.schedule(at: end) { bound.value.wake() }
    defer { timer.cancel() }
    while newest <= position, loop.now < end {
      if Task.isCancelled { throw .cancelled }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled { return continuation.resume() }
          waiter = continuation
        }
      } onCancel: {
        bound.loop.execute { bound.value.wake() }
      }
    }
    if Task.isCancelled { throw .cancelled }
  }

  private func wake() {
    let waiter = waiter
    self.waiter = nil
    waiter?.resume()
  }
}
