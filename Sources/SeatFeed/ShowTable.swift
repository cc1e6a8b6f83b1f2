// The shows that a loop has in memory: bounded in number and in bytes. Knows nothing of how a show
// gets in and what it tells.

import DequeModule

/// Shows by id. Who has not been asked for lately and would not be missed makes room for others: a
/// hand goes round, and a show it meets for the second time since its last use is forgotten.
final class ShowTable {
  private var entries: [Int64: FeedEntry] = [:]
  private var round = Deque<FeedEntry>()
  /// What the shows take, by their own count.
  private(set) var byteCount = 0

  var count: Int { entries.count }
  /// Places in the round, those of shows that have left included.
  var placeCount: Int { round.count }
  var all: some Collection<FeedEntry> { entries.values }

  subscript(showID: Int64) -> FeedEntry? { entries[showID] }

  /// Whether the entry is still the one that changes are applied to.
  func has(_ entry: FeedEntry) -> Bool { entries[entry.showID] === entry }

  /// Whether all there is must be kept short.
  var isTight: Bool { byteCount > Limits.loadedBytes }

  /// What groups may still add.
  var groupRoom: GroupRoom {
    var room = GroupRoom()
    for entry in entries.values where !entry.groups.isEmpty { _ = room.take(entry, again: true) }
    return room
  }

  /// A new entry; nil when there is no room for it.
  func add(_ showID: Int64) -> FeedEntry? {
    makeRoom(for: 1)
    guard count < Limits.loadedShows, !isTight else { return nil }
    let entry = FeedEntry(showID)
    entries[showID] = entry
    round.append(entry)
    // Most of those that left otherwise were never loaded.
    if round.count > 2 * count + Limits.evictionSteps { round.removeAll { !has($0) } }
    return entry
  }

  func remove(_ entry: FeedEntry) {
    guard has(entry) else { return }
    entries[entry.showID] = nil
    byteCount -= entry.countedBytes
    entry.countedBytes = 0
  }

  /// Counts a show anew that has changed.
  func recount(_ entry: FeedEntry) {
    guard has(entry) else { return }
    let bytes = entry.feed?.byteCount ?? 0
    byteCount += bytes - entry.countedBytes
    entry.countedBytes = bytes
    if isTight { makeRoom(for: 0) }
  }

  private func makeRoom(for newcomers: Int) {
    var steps = Limits.evictionSteps
    while count + newcomers > Limits.loadedShows || isTight, steps > 0,
      let entry = round.popFirst()
    {
      steps -= 1
      guard has(entry) else { continue }
      if entry.isInUse || entry.wasUsed {
        entry.wasUsed = false
        round.append(entry)
      } else {
        remove(entry)
      }
    }
  }
}

/// The room that is left for shows that groups keep in memory.
struct GroupRoom {
  private var count = 0
  private var byteCount = 0

  /// Counts a show in, unless there is no room; one that a group has already is free, but for `again`.
  mutating func take(_ entry: FeedEntry, again: Bool = false) -> Bool {
    guard again || entry.groups.isEmpty else { return true }
    guard again || count < Limits.groupedShows && byteCount <= Limits.groupedBytes else {
      return false
    }
    count += 1
    byteCount += entry.countedBytes
    return true
  }
}
