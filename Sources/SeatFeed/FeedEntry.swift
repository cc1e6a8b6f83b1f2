// A show of a loop's feed, in memory or on its way there, and who waits for it.

import Booking

/// One show of a ``FeedRegistry``. Confined to its loop.
///
/// States: in line to be loaded (neither `pending` nor `feed`) → being loaded (`pending`) → current ⇄ being read anew (`pending` and `feed`);
/// current → stale (the change stream was away) → being read anew. It leaves the registry when its
/// first load fails, or to make room.
final class FeedEntry {
  let showID: Int64
  var feed: ShowFeed?
  /// Changes that arrived while a snapshot is being read; nil when none is.
  var pending: [SeatChange]?
  /// The stream began anew while a snapshot was being read, which may be too old therefore.
  var mustLoadAgain = false
  /// The pause before it is read again because a commit that was told of did not show.
  var commitPause = CommitPause()
  /// The map is known to be behind: watchers keep it, but are told nothing of completeness.
  var isStale = false
  /// A version that this node has told somebody: nobody who asks here afterwards is told less.
  var toldVersion: Int64 = 0
  /// What waiters and groups know of.
  var told: ShowAvailability?
  /// Asked for since the table last looked for room.
  var wasUsed = true
  /// What the table counts it for.
  var countedBytes = 0
  var failure: FeedError?
  /// The groups that the show is a member of.
  var groups: [ShowGroup] = []
  private var loadWaiters: [CheckedContinuation<Void, Never>] = []
  private var versionWaiters: [VersionWaiter] = []

  init(_ showID: Int64) { self.showID = showID }

  /// Whether the map is complete up to what the change stream has told.
  var isCurrent: Bool { feed != nil && pending == nil && !isStale }

  /// Whether somebody would miss it.
  var isInUse: Bool {
    pending != nil || !versionWaiters.isEmpty || !groups.isEmpty || (feed?.watcherCount ?? 0) > 0
  }

  /// What groups tell of the show.
  var availability: ShowAvailability? {
    feed.map {
      ShowAvailability(showID: showID, version: $0.map.version, counts: $0.map.counts)
    }
  }

  // MARK: Waiting

  /// Waits for the end of the load that is under way.
  func loading() async {
    await withCheckedContinuation { loadWaiters.append($0) }
  }

  func resumeLoadWaiters() {
    let waiters = loadWaiters
    loadWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until the map has a version; false when the waiter is sent away before.
  func reaching(_ version: Int64, _ whenWaiting: (VersionWaiter) -> Void) async -> Bool {
    await withCheckedContinuation { continuation in
      let waiter = VersionWaiter(version, continuation)
      versionWaiters.append(waiter)
      whenWaiting(waiter)
    }
  }

  /// Lets those go whose version is there, or all when none will come.
  func resumeVersionWaiters(reached version: Int64?) {
    guard !versionWaiters.isEmpty else { return }
    versionWaiters.removeAll { waiter in
      guard let version else { return waiter.resume(false) }
      return waiter.version <= version && waiter.resume(true)
    }
  }

  func sendAway(_ waiter: VersionWaiter) {
    versionWaiters.removeAll { $0 === waiter && $0.resume(false) }
  }
}

/// A call that waits for a version of a show.
final class VersionWaiter {
  let version: Int64
  private var continuation: CheckedContinuation<Bool, Never>?

  init(_ version: Int64, _ continuation: CheckedContinuation<Bool, Never>) {
    self.version = version
    self.continuation = continuation
  }

  /// Always true, for `removeAll(where:)`.
  func resume(_ isReached: Bool) -> Bool {
    continuation.take()?.resume(returning: isReached)
    return true
  }
}
