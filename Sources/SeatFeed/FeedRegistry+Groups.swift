// Groups of shows that are watched together: how they find their members and keep them.

package import RPC
import Reactor

extension FeedRegistry {
  /// Hands a call over to a group of shows, which are loaded when they are not in memory: first it
  /// is told the counts of them all, then, gathered for a moment, those of the shows that changed.
  package func join(_ key: ShowGroupKey, _ call: ServerCall) async throws(FeedError) {
    startTicking()
    let group = try group(of: key)
    await group.gathering()
    if let failure = group.failure { throw failure }
    do {
      try group.join(call)
    } catch {
      throw .cancelled
    }
  }

  private func group(of key: ShowGroupKey) throws(FeedError) -> ShowGroup {
    if let group = groups[key] { return group }
    guard groups.count < Limits.groups else { throw .unavailable }
    let group = ShowGroup(key, on: loop, encode: groupSource.encode)
    groups[key] = group
    let bound = LoopBound((self, group), loop: loop)
    loop.spawn { await bound.value.0.gather(bound.value.1) }
    return group
  }

  /// Brings a new group to completeness, or ends it.
  private func gather(_ group: ShowGroup) async {
    do throws(FeedError) {
      let members = try await showIDs(of: group.key)
      var room = shows.groupRoom
      for showID in members {
        guard let entry = entryInLine(showID), room.take(entry) else { throw .unavailable }
        group.add(entry)
      }
      reloadSome()
      for entry in group.members.values { try await arrival(of: entry, in: group) }
      group.complete()
    } catch {
      group.failure = error
      dissolve(group)
    }
    group.resumeWaiters()
  }

  private func showIDs(of key: ShowGroupKey) async throws(FeedError) -> [Int64] {
    switch key {
    case .shows(let showIDs): return showIDs
    case .theatre(let theatreID):
      guard let showIDs = try await groupSource.shows(theatreID) else { throw .theatreNotFound }
      return showIDs
    }
  }

  /// Waits for a member. A show that left a theatre's programme meanwhile is no failure.
  private func arrival(of entry: FeedEntry, in group: ShowGroup) async throws(FeedError) {
    while entry.feed == nil, entry.failure == nil { await entry.loading() }
    guard entry.feed == nil, let failure = entry.failure else { return }
    switch (failure, group.key) {
    case (.showNotFound, .theatre): group.drop(entry)
    case (.showNotFound, .shows): throw .listedShowNotFound(entry.showID)
    default: throw failure
    }
  }

  /// A show's entry, whose load is begun in its turn when it is new; nil when there is no room.
  private func entryInLine(_ showID: Int64) -> FeedEntry? {
    if let entry = shows[showID] { return entry }
    guard let entry = shows.add(showID) else { return nil }
    markStale(entry)
    return entry
  }

  private func dissolve(_ group: ShowGroup) {
    groups[group.key] = nil
    group.dissolve()
  }

  // MARK: The clock

  /// Forgets groups without watchers, reminds the others and looks for changes of the programme.
  func tickGroups() {
    for group in Array(groups.values) where group.isComplete {
      if group.watcherCount == 0 {
        dissolve(group)
        continue
      }
      if isLive, group.isCurrent { group.remindIdleWatchers() }
      if case .theatre(let theatreID) = group.key { followProgramme(theatreID, group) }
    }
  }

  private func followProgramme(_ theatreID: Int64, _ group: ShowGroup) {
    let bound = LoopBound((self, group), loop: loop)
    loop.spawn {
      let (registry, group) = bound.value
      // When the database is away the next tick asks again.
      guard let showIDs = try? await registry.groupSource.shows(theatreID),
        registry.groups[group.key] === group
      else { return }
      registry.update(group, showIDs)
    }
  }

  private func update(_ group: ShowGroup, _ showIDs: [Int64]) {
    for gone in Set(group.members.keys).subtracting(showIDs) { group.remove(gone) }
    var room = shows.groupRoom
    for showID in showIDs where group.members[showID] == nil {
      // Without room it is tried again at the next tick.
      if let entry = entryInLine(showID), room.take(entry) { group.add(entry) }
    }
    reloadSome()
  }
}
