// All shows that are watched on one loop. Is handed committed changes in commit order and knows
// neither where they come from nor where frames go.

package import Booking
package import Reactor

/// The shows of one loop. Confined to it.
package final class FeedRegistry {
  /// Finds a show and its map as committed now.
  package typealias Loader = @Sendable (Int64) async throws(FeedError) -> LoadedShow

  private final class Entry {
    var feed: ShowFeed?
    /// Changes that arrived while a snapshot is being read; nil when none is.
    var pending: [SeatChange]?
    var attempts = 0
    var idleTicks = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
    var failure: FeedError?
  }

  let loop: EventLoop
  private let load: Loader
  private var entries: [Int64: Entry] = [:]
  private var bookmarkTimer: LoopTimer?
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

  /// Joins a show's watchers; the show is loaded when nobody has watched it here.
  package func subscribe(
    _ showID: Int64, afterVersion: Int64
  ) async throws(FeedError) -> FeedSubscription {
    startTicking()
    let feed = try await feed(of: showID)
    return FeedSubscription(feed, self, afterVersion: afterVersion)
  }

  private func feed(of showID: Int64) async throws(FeedError) -> ShowFeed {
    if let feed = entries[showID]?.feed { return feed }
    let entry = try entry(of: showID)
    await withCheckedContinuation { entry.waiters.append($0) }
    if let feed = entry.feed { return feed }
    throw entry.failure ?? .unavailable
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
      beginLoading(change.showID, entry)
      entry.pending = [change]
    }
  }

  /// The change stream is connected: from here on nothing is missed, but something may have been.
  package func streamBegan() {
    isLive = true
    for (showID, entry) in entries {
      if entry.pending == nil { beginLoading(showID, entry) } else { entry.attempts = -1 }
    }
  }

  /// The change stream is gone; watchers wait until it is back.
  package func streamEnded() { isLive = false }

  // MARK: Loading

  private func beginLoading(_ showID: Int64, _ entry: Entry) {
    entry.pending = []
    entry.attempts = 0
    loadAgain(showID, entry)
  }

  private func loadAgain(_ showID: Int64, _ entry: Entry) {
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
    let pending = entry.pending ?? []
    switch result {
    case .failure(let error):
      entry.pending = nil
      // A show that is being watched keeps its watchers; the next change or stream start retries.
      if entry.feed == nil { fail(showID, entry, error) }
    case .success(let show):
      if entry.attempts < 0 {
        entry.attempts = 0
        entry.pending = pending
        return loadAgain(showID, entry)
      }
      if let feed = entry.feed {
        feed.reconcile(show.snapshot)
      } else {
        entry.feed = ShowFeed(show)
      }
      entry.pending = nil
      for change in pending { apply(change) }
      if entry.pending == nil { resumeWaiters(entry) }
    }
  }

  private func fail(_ showID: Int64, _ entry: Entry, _ error: FeedError) {
    entry.failure = error
    entries[showID] = nil
    resumeWaiters(entry)
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
      feed.remindIdleWatchers()
      entry.idleTicks = feed.watcherCount == 0 ? entry.idleTicks + 1 : 0
      if entry.idleTicks >= 2, entry.pending == nil { entries[showID] = nil }
    }
    if !entries.isEmpty { startTicking() }
  }
}
