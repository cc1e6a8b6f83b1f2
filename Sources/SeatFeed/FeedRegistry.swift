// All shows that are watched on one loop. Is handed committed changes in commit order and does not
// know where they come from; hands calls over to their shows and does not know what carries them.

package import Booking
import DequeModule
package import RPC
package import Reactor

/// The shows of one loop. Confined to it.
package final class FeedRegistry {
  /// Finds a show and its map as committed now.
  package typealias Loader = @Sendable (Int64) async throws(FeedError) -> LoadedShow

  private final class Entry {
    var feed: ShowFeed?
    /// Changes that arrived while a snapshot is being read; nil when none is.
    var pending: [SeatChange]?
    /// The stream began anew while a snapshot was being read, which may be too old therefore.
    var mustLoadAgain = false
    /// The map is known to be behind: watchers keep it, but are told nothing of completeness.
    var isStale = false
    var idleTicks = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
    var failure: FeedError?
  }

  /// The loop whose calls can follow.
  package let loop: EventLoop
  private let load: Loader
  private var entries: [Int64: Entry] = [:]
  private var bookmarkTimer: LoopTimer?
  /// Watched shows that wait to be read anew, a few at a time.
  private var stale = Deque<Int64>()
  private var loadCount = 0
  private var retryTimer: LoopTimer?
  private var isReloading = false
  /// Whether the change stream is connected: only then can "nothing happened" be said.
  package private(set) var isLive = false

  package init(loop: EventLoop, load: @escaping Loader) {
    self.loop = loop
    self.load = load
  }

  /// Shows in memory.
  package var showCount: Int { entries.count }

  /// Watchers of all shows.
  package var watcherCount: Int { entries.values.reduce(0) { $0 + ($1.feed?.watcherCount ?? 0) } }

  // MARK: Watching

  /// Hands a call over to a show, which is loaded when nobody has watched it here: the caller need
  /// not wait, the call goes on without it. `afterVersion` 0 begins with a snapshot.
  package func join(
    _ showID: Int64, afterVersion: Int64, _ call: ServerCall
  ) async throws(FeedError) {
    startTicking()
    var feed = try await feed(of: showID)
    // A watcher who knows more than this node met a faster one: it must not be told less.
    if afterVersion > feed.map.version { feed = try await reloadedFeed(of: showID) }
    do {
      try feed.join(call, afterVersion: afterVersion, isLive: isLive)
    } catch {
      throw .cancelled
    }
  }

  private func feed(of showID: Int64) async throws(FeedError) -> ShowFeed {
    if let feed = entries[showID]?.feed { return feed }
    let entry = try entry(of: showID)
    // A load may have failed or succeeded at once: then nobody is left to wake a waiter.
    while entry.feed == nil, entry.pending != nil { await loading(entry) }
    if let feed = entry.feed { return feed }
    throw entry.failure ?? .unavailable
  }

  private func reloadedFeed(of showID: Int64) async throws(FeedError) -> ShowFeed {
    guard let entry = entries[showID] else { throw .unavailable }
    if entry.pending == nil { beginLoading(showID, entry) }
    if entry.pending != nil { await loading(entry) }
    guard let feed = entry.feed, !entry.isStale else { throw .unavailable }
    return feed
  }

  private func loading(_ entry: Entry) async {
    await withCheckedContinuation { entry.waiters.append($0) }
  }

  private func entry(of showID: Int64) throws(FeedError) -> Entry {
    if let entry = entries[showID] { return entry }
    guard entries.count < Limits.loadedShows else { throw .unavailable }
    let entry = Entry()
    entries[showID] = entry
    beginLoading(showID, entry)
    return entry
  }

  // MARK: The change stream

  /// A committed change. Stale ones are ignored; a gap makes the show be read anew.
  package func apply(_ change: SeatChange) {
    guard let entry = entries[change.showID] else { return }
    if entry.pending != nil {
      entry.pending?.append(change)
      if let count = entry.pending?.count, count > Limits.changesWhileLoading {
        entry.pending?.removeFirst(count / 2)
      }
      return
    }
    guard let feed = entry.feed, change.version > feed.map.version else { return }
    if change.version == feed.map.version + 1 {
      feed.publish(change.seats, version: change.version)
    } else {
      beginLoading(change.showID, entry, [change])
    }
  }

  /// The change stream is connected: from here on nothing is missed, but something may have been.
  package func streamBegan() {
    isLive = true
    for (showID, entry) in entries {
      if entry.pending == nil { markStale(showID, entry) } else { entry.mustLoadAgain = true }
    }
    reloadSome()
  }

  /// The change stream is gone; watchers wait until it is back.
  package func streamEnded() { isLive = false }

  // MARK: Loading

  private func beginLoading(_ showID: Int64, _ entry: Entry, _ pending: [SeatChange] = []) {
    entry.pending = pending
    loadAgain(showID, entry)
  }

  private func loadAgain(_ showID: Int64, _ entry: Entry) {
    loadCount += 1
    entry.mustLoadAgain = false
    let bound = LoopBound((self, entry), loop: loop)
    loop.spawn { [load] in
      let result: Result<LoadedShow, FeedError>
      do throws(FeedError) {
        result = .success(try await load(showID))
      } catch {
        result = .failure(error)
      }
      bound.value.0.finishLoading(showID, bound.value.1, result)
    }
  }

  private func finishLoading(
    _ showID: Int64, _ entry: Entry, _ result: Result<LoadedShow, FeedError>
  ) {
    loadCount -= 1
    switch result {
    case .failure(let error):
      entry.pending = nil
      if entry.feed == nil {
        fail(showID, entry, error)
      } else {
        retryLater(showID, entry)
      }
    case .success where entry.mustLoadAgain:
      return loadAgain(showID, entry)
    case .success(let show):
      install(show, entry)
    }
    resumeWaiters(entry)
    reloadSome()
  }

  private func install(_ show: LoadedShow, _ entry: Entry) {
    if let feed = entry.feed {
      feed.reconcile(show.snapshot)
    } else {
      entry.feed = ShowFeed(show, on: loop)
    }
    entry.isStale = false
    let pending = entry.pending ?? []
    entry.pending = nil
    for change in pending { apply(change) }
  }

  // MARK: Reading anew

  private func markStale(_ showID: Int64, _ entry: Entry) {
    guard !entry.isStale else { return }
    entry.isStale = true
    stale.append(showID)
  }

  /// A show that is being watched keeps its watchers; the database is asked again soon, and until
  /// then no further show is read anew.
  private func retryLater(_ showID: Int64, _ entry: Entry) {
    entry.isStale = true
    stale.append(showID)
    guard retryTimer == nil else { return }
    retryTimer = loop.schedule(after: Limits.reloadRetry) { [weak self] in
      self?.retryTimer = nil
      self?.reloadSome()
    }
  }

  private func reloadSome() {
    guard !isReloading else { return }
    isReloading = true
    defer { isReloading = false }
    while retryTimer == nil, loadCount < Limits.reloadsAtOnce, let showID = stale.popFirst() {
      guard let entry = entries[showID], entry.isStale, entry.pending == nil else { continue }
      beginLoading(showID, entry)
    }
  }

  private func fail(_ showID: Int64, _ entry: Entry, _ error: FeedError) {
    entry.failure = error
    entries[showID] = nil
  }

  private func resumeWaiters(_ entry: Entry) {
    let waiters = entry.waiters
    entry.waiters = []
    for waiter in waiters { waiter.resume() }
  }

  // MARK: The clock

  private func startTicking() {
    guard bookmarkTimer == nil else { return }
    bookmarkTimer = loop.schedule(after: Limits.bookmarkInterval) { [weak self] in
      self?.tick()
    }
  }

  /// Reminds idle watchers and forgets shows that nobody has watched for two ticks.
  private func tick() {
    bookmarkTimer = nil
    for (showID, entry) in entries {
      guard let feed = entry.feed else { continue }
      if isLive, !entry.isStale, entry.pending == nil { feed.remindIdleWatchers() }
      entry.idleTicks = feed.watcherCount == 0 ? entry.idleTicks + 1 : 0
      if entry.idleTicks >= 2, entry.pending == nil { entries[showID] = nil }
    }
    if !entries.isEmpty { startTicking() }
  }
}
