// All shows that are watched or read on one loop. Is handed committed changes in commit order and
// does not know where they come from; hands calls over to their shows and does not know what
// carries them.
//
// What this node itself commits is applied at once; that it comes back by the change stream is
// harmless, because versions count. When a change of another node comes first, it is waited for: a
// version that this node has told somebody is never less than what he is shown afterwards.

package import Booking
import DequeModule
package import RPC
package import Reactor

/// The shows of one loop. Confined to it.
package final class FeedRegistry {
  /// Finds a show and its map as committed now.
  package typealias Loader = @Sendable (Int64) async throws(FeedError) -> LoadedShow

  /// The loop whose calls can follow.
  package let loop: EventLoop
  let load: Loader
  let shows = ShowTable()
  /// Versions that shows have been told to have, in memory or not.
  var told = ToldVersions()
  var groups: [ShowGroupKey: ShowGroup] = [:]
  let groupSource: GroupSource
  private var bookmarkTimer: LoopTimer?
  /// Watched shows that wait to be read anew, a few at a time.
  var stale = Deque<FeedEntry>()
  var loadCount = 0
  var retryTimer: LoopTimer?
  var isReloading = false
  /// Whether the change stream is connected: only then can "nothing happened" be said.
  package private(set) var isLive = false

  package init(loop: EventLoop, groups: GroupSource, load: @escaping Loader) {
    self.loop = loop
    self.load = load
    groupSource = groups
  }

  /// Shows in memory.
  package var showCount: Int { shows.count }

  /// What they take in memory, watchers aside.
  package var byteCount: Int { shows.byteCount }

  /// Watchers of all shows and groups.
  package var watcherCount: Int {
    shows.all.reduce(0) { $0 + ($1.feed?.watcherCount ?? 0) }
      + groups.values.reduce(0) { $0 + $1.watcherCount }
  }

  // MARK: Watching

  /// Hands a call over to a show, which is loaded when nobody has watched it here: the caller need
  /// not wait, the call goes on without it. `afterVersion` 0 begins with a snapshot.
  package func join(
    _ showID: Int64, afterVersion: Int64, _ call: ServerCall
  ) async throws(FeedError) {
    startTicking()
    var entry = try await loadedEntry(showID)
    // A watcher who knows more, from a faster node or as the answer to a call, is not told less.
    let known = max(afterVersion, entry.toldVersion)
    if await !reaches(known, entry) { entry = try await reloadedEntry(showID) }
    guard shows.has(entry), let feed = entry.feed else { throw .unavailable }
    entry.wasUsed = true
    do {
      try feed.join(call, afterVersion: afterVersion, isLive: isLive)
    } catch {
      throw .cancelled
    }
    shows.recount(entry)
  }

  // MARK: Reading

  /// A show's present map from memory, or nil when the database has to be asked: the change stream
  /// is away, there is no room, or a version that the caller may know of does not come. It is as old
  /// as the change stream is slow, and never older than `version`.
  package func answer(
    _ showID: Int64, atLeast version: Int64
  ) async throws(FeedError) -> SharedEnvelope? {
    guard isLive else { return nil }
    if let map = answerAtOnce(showID, atLeast: version) { return map }
    return try await answerWhenThere(showID, atLeast: version)
  }

  /// The same for who cannot wait; nil also when waiting would help.
  package func answerAtOnce(_ showID: Int64, atLeast version: Int64) -> SharedEnvelope? {
    guard isLive, let entry = shows[showID] else { return nil }
    return answer(entry, atLeast: version)
  }

  private func answer(_ entry: FeedEntry, atLeast version: Int64) -> SharedEnvelope? {
    guard entry.isCurrent, let feed = entry.feed,
      feed.map.version >= max(version, entry.toldVersion)
    else { return nil }
    entry.wasUsed = true
    if let known = feed.knownAnswer { return known }
    defer { shows.recount(entry) }
    return feed.answer()
  }

  private func answerWhenThere(
    _ showID: Int64, atLeast version: Int64
  ) async throws(FeedError) -> SharedEnvelope? {
    guard let entry = entry(of: showID) else { return nil }
    while entry.pending != nil { await entry.loading() }
    if let failure = entry.failure { throw failure }
    guard await reaches(max(version, entry.toldVersion), entry) else { return nil }
    return isLive && shows.has(entry) ? answer(entry, atLeast: version) : nil
  }

  /// Remembers that somebody has been told of a show's version: who asks this node from now on sees
  /// at least as much. Without effect for shows that are not in memory: what is read later has it.
  package func noteTold(_ showID: Int64, version: Int64) {
    guard let entry = shows[showID], entry.toldVersion < version else { return }
    entry.toldVersion = version
  }

  /// Waits until a show's map has a version; false when that does not happen soon.
  private func reaches(_ version: Int64, _ entry: FeedEntry) async -> Bool {
    guard let feed = entry.feed, feed.map.version < version else { return entry.feed != nil }
    guard isLive, shows.has(entry) else { return false }
    return await entry.reaching(version) { waiter in
      loop.schedule(after: Limits.versionWait) { entry.sendAway(waiter) }
    }
  }

  // MARK: The change stream

  /// A committed change. Stale ones are ignored; a gap makes the show be read anew.
  package func apply(_ change: SeatChange) {
    told.note(change.showID, change.version)
    guard let entry = shows[change.showID] else { return }
    if entry.pending != nil {
      entry.pending?.append(change)
      if let count = entry.pending?.count, count > Limits.changesWhileLoading {
        entry.pending?.removeFirst(count / 2)
      }
      return
    }
    guard let feed = entry.feed, change.version > feed.map.version else { return }
    if change.version == feed.map.version + 1 {
      feed.publish(change.seats, version: change.version, keepsShort: shows.isTight)
      changed(entry)
    } else {
      beginLoading(entry, [change])
    }
  }

  /// A change that this node has just committed, told before its callers are answered. It may come
  /// before changes of others that are on their way, and is left to the stream then.
  package func applyOwn(_ change: SeatChange) {
    guard let entry = shows[change.showID] else { return }
    noteTold(change.showID, version: change.version)
    guard entry.isCurrent, change.version == (entry.feed?.map.version ?? 0) + 1 else { return }
    apply(change)
  }

  /// A show's map has moved on, or has been read anew.
  func changed(_ entry: FeedEntry) {
    shows.recount(entry)
    guard let availability = entry.availability, availability != entry.told else { return }
    entry.told = availability
    entry.resumeVersionWaiters(reached: availability.version)
    for group in entry.groups { group.noteChange(of: entry) }
  }

  /// The change stream is connected: from here on nothing is missed, but something may have been.
  /// What nobody watches is not worth being read anew.
  package func streamBegan() {
    isLive = true
    told = ToldVersions()
    for entry in Array(shows.all) {
      if entry.pending != nil {
        entry.mustLoadAgain = true
      } else if entry.isInUse {
        markStale(entry)
      } else {
        shows.remove(entry)
      }
    }
    reloadSome()
  }

  /// The change stream is gone; watchers wait until it is back.
  package func streamEnded() {
    isLive = false
    told = ToldVersions()
    for entry in shows.all { entry.resumeVersionWaiters(reached: nil) }
  }

  // MARK: The clock

  func startTicking() {
    guard bookmarkTimer == nil else { return }
    bookmarkTimer = loop.schedule(after: Limits.bookmarkInterval) { [weak self] in
      self?.tick()
    }
  }

  /// Reminds idle watchers that nothing has happened.
  func tick() {
    bookmarkTimer = nil
    var isWatched = false
    for entry in shows.all where (entry.feed?.watcherCount ?? 0) > 0 {
      isWatched = true
      if isLive, entry.isCurrent { entry.feed?.remindIdleWatchers() }
    }
    tickGroups()
    if isWatched || !groups.isEmpty { startTicking() }
  }
}
