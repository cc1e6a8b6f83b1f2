// Which of the changes that this program made have been seen by those who watch, and how long after.
// Knows only versions and times.

import Reactor

struct Sightings: Sendable {
  private struct Change: Sendable {
    let sent: LoopInstant
    /// Watchers that have not seen it.
    var dueCount: Int
  }

  /// Changes that somebody has not seen, by version.
  private var changes: [Int64: Change] = [:]
  /// When versions were seen of which no answer has told yet whose they are.
  private var early: [Int64: [LoopInstant]] = [:]
  private var watcherCount = 0
  /// How often changes are still to be seen.
  private(set) var dueCount = 0

  /// Whether as many changes are unseen as are remembered at a time.
  var isFull: Bool { changes.count >= Limits.benchVersions }

  /// Somebody watches from now on.
  mutating func join() { watcherCount += 1 }

  /// Somebody who has seen everything up to a version watches no longer.
  mutating func leave(at version: Int64) {
    watcherCount -= 1
    for unseen in changes.keys.filter({ $0 > version }) { check(unseen) }
  }

  /// A change was answered: all who watch are to see its version. How long those took who have.
  mutating func expect(_ version: Int64, sent: LoopInstant) -> [Duration] {
    let seen = early[version] ?? []
    early = early.filter { $0.key > version }
    let count = watcherCount - seen.count
    if count > 0 {
      changes[version] = Change(sent: sent, dueCount: count)
      dueCount += count
    }
    return seen.map { $0 - sent }
  }

  /// Somebody has reached the last of these versions, in one step. How long each change among them
  /// took.
  mutating func see(_ versions: ClosedRange<Int64>, at now: LoopInstant) -> [Duration] {
    guard versions.count <= Limits.benchVersions else {
      return changes.keys.filter { versions.contains($0) }.compactMap { check($0) }.map { now - $0 }
    }
    var seen: [Duration] = []
    for version in versions {
      if let sent = check(version) {
        seen.append(now - sent)
      } else if early[version] != nil || early.count < Limits.benchVersions {
        early[version, default: []].append(now)
      }
    }
    return seen
  }

  /// Takes one sighting off a change, and returns when that was sent; nil for other versions.
  @discardableResult
  private mutating func check(_ version: Int64) -> LoopInstant? {
    guard var change = changes[version] else { return nil }
    change.dueCount -= 1
    dueCount -= 1
    changes[version] = change.dueCount > 0 ? change : nil
    return change.sent
  }
}
