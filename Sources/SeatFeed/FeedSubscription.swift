// One watcher of one show: a cursor. It holds no events: what it has missed is in the show's log,
// so a watcher costs the same however slow it is.

import Reactor

/// A watcher's place in a show's stream. Confined to its loop; one reader at a time.
package final class FeedSubscription {
  private let show: ShowFeed
  private let registry: FeedRegistry
  private var cursor: Int64?
  private var epoch: Int
  private var isResuming: Bool
  private var isBookmarkDue = false
  private var isIdle = false
  private var isOver = false
  private var waiter: CheckedContinuation<Void, Never>?

  /// `afterVersion` 0 begins with a snapshot.
  init(_ show: ShowFeed, _ registry: FeedRegistry, afterVersion: Int64) {
    self.show = show
    self.registry = registry
    cursor = afterVersion > 0 ? afterVersion : nil
    isResuming = afterVersion > 0
    epoch = show.epoch
    show.add(self)
  }

  /// Waits until there is something to tell and returns it as frames, in order. Throws
  /// `.cancelled` when the task is cancelled or the subscription was ended.
  package func next() async throws(FeedError) -> [[UInt8]] {
    while true {
      if isOver || Task.isCancelled { throw .cancelled }
      let frames = takeFrames()
      if !frames.isEmpty {
        isIdle = false
        return frames
      }
      await wait()
    }
  }

  private func takeFrames() -> [[UInt8]] {
    let version = show.map.version
    defer { isBookmarkDue = false }
    guard let cursor else {
      self.cursor = version
      return [show.snapshotFrame(resumeImpossible: false)]
    }
    if epoch != show.epoch {
      epoch = show.epoch
      self.cursor = version
      return [show.snapshotFrame(resumeImpossible: true)]
    }
    let limit = isResuming ? Limits.loggedEvents : Limits.unmergedEvents
    // Who resumes and has missed nothing hears so at once.
    if isResuming, registry.isLive { isBookmarkDue = true }
    isResuming = false
    self.cursor = version
    let frames = show.frames(after: cursor, mergeAbove: limit)
    if frames.isEmpty && isBookmarkDue { return [show.frame(of: .bookmark(version: version))] }
    return frames
  }

  private func wait() async {
    let bound = LoopBound(self, loop: registry.loop)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if isOver || Task.isCancelled { return continuation.resume() }
        waiter = continuation
      }
    } onCancel: {
      bound.loop.execute { bound.value.wake() }
    }
  }

  func wake() {
    waiter.take()?.resume()
  }

  /// A tick of the bookmark clock: a watcher that has heard nothing since the last one hears now.
  func remind() {
    if isIdle, registry.isLive {
      isBookmarkDue = true
      wake()
    }
    isIdle = true
  }

  /// Leaves the show. Harmless when called twice.
  package func end() {
    guard !isOver else { return }
    isOver = true
    show.remove(self)
    wake()
  }
}
