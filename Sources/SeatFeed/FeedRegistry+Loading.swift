// How shows get into a loop's memory, and how they are read anew when changes may have been missed.

import Booking
import DequeModule
import Reactor

extension FeedRegistry {
  /// A show that is in memory.
  func loadedEntry(_ showID: Int64) async throws(FeedError) -> FeedEntry {
    guard let entry = entry(of: showID) else { throw .unavailable }
    // A load may have failed or succeeded at once: then nobody is left to wake a waiter.
    while entry.feed == nil, entry.pending != nil { await entry.loading() }
    guard entry.feed != nil else { throw entry.failure ?? .unavailable }
    return entry
  }

  func reloadedEntry(_ showID: Int64) async throws(FeedError) -> FeedEntry {
    guard let entry = shows[showID] else { return try await loadedEntry(showID) }
    if entry.pending == nil { beginLoading(entry) }
    if entry.pending != nil { await entry.loading() }
    guard entry.feed != nil, !entry.isStale else { throw .unavailable }
    return entry
  }

  /// The entry of a show, whose load is begun when it is new; nil when there is no room.
  func entry(of showID: Int64) -> FeedEntry? {
    guard let entry = shows[showID] ?? shows.add(showID) else { return nil }
    // Who asks for it need not wait until it is its turn.
    if entry.feed == nil, entry.pending == nil { beginLoading(entry) }
    return entry
  }

  func beginLoading(_ entry: FeedEntry, _ pending: [SeatChange] = []) {
    entry.pending = pending
    loadAgain(entry)
  }

  private func loadAgain(_ entry: FeedEntry) {
    loadCount += 1
    entry.mustLoadAgain = false
    let showID = entry.showID
    let bound = LoopBound((self, entry), loop: loop)
    loop.spawn { [load] in
      let result: Result<LoadedShow, FeedError>
      do throws(FeedError) {
        result = .success(try await load(showID))
      } catch {
        result = .failure(error)
      }
      bound.value.0.finishLoading(bound.value.1, result)
    }
  }

  private func finishLoading(_ entry: FeedEntry, _ result: Result<LoadedShow, FeedError>) {
    loadCount -= 1
    switch result {
    case .failure(let error):
      entry.pending = nil
      if entry.feed == nil {
        entry.failure = error
        shows.remove(entry)
        for group in entry.groups where group.isComplete { group.drop(entry) }
      } else {
        retryLater(entry)
      }
    case .success where entry.mustLoadAgain:
      return loadAgain(entry)
    case .success(let show):
      install(show, entry)
    }
    entry.resumeLoadWaiters()
    reloadSome()
  }

  private func install(_ show: LoadedShow, _ entry: FeedEntry) {
    if let feed = entry.feed {
      feed.reconcile(show.snapshot)
    } else {
      entry.feed = ShowFeed(show, on: loop)
    }
    entry.isStale = false
    let pending = entry.pending ?? []
    entry.pending = nil
    changed(entry)
    for change in pending { apply(change) }
    guard entry.pending == nil, shows.has(entry) else { return }
    if let version = entry.feed?.map.version, version < told[entry.showID] {
      waitForCommit(entry)
    } else {
      entry.commitPause = CommitPause()
    }
  }

  /// What was read is older than what was told before anybody here asked for the show: the commit is
  /// about to show itself.
  private func waitForCommit(_ entry: FeedEntry) {
    entry.pending = []
    loadCount += 1
    loop.schedule(after: entry.commitPause.take()) { [weak self] in
      guard let self else { return }
      loadCount -= 1
      loadAgain(entry)
    }
  }

  // MARK: Reading anew

  func markStale(_ entry: FeedEntry) {
    guard !entry.isStale else { return }
    entry.isStale = true
    stale.append(entry)
  }

  /// A show that is being watched keeps its watchers; the database is asked again soon, and until
  /// then no further show is read anew.
  private func retryLater(_ entry: FeedEntry) {
    entry.isStale = true
    stale.append(entry)
    guard retryTimer == nil else { return }
    retryTimer = loop.schedule(after: Limits.reloadRetry) { [weak self] in
      self?.retryTimer = nil
      self?.reloadSome()
    }
  }

  func reloadSome() {
    guard !isReloading else { return }
    isReloading = true
    defer { isReloading = false }
    while retryTimer == nil, loadCount < Limits.reloadsAtOnce, let entry = stale.popFirst() {
      guard shows.has(entry), entry.isStale, entry.pending == nil else { continue }
      beginLoading(entry)
    }
  }
}
