// The latest versions that the change stream told of. A commit is told as soon as it is written down,
// and shows itself to new statements a moment later: whoever is told and then reads must know that
// what was read is too old.

/// Versions by show, of the shows that changed last. A value.
package struct ToldVersions: Sendable {
  private var latest: [Int64: Int64] = [:]
  /// What was latest before; forgotten when that is full again.
  private var before: [Int64: Int64] = [:]

  /// Nothing told yet.
  package init() {}

  /// A show has reached a version.
  package mutating func note(_ showID: Int64, _ version: Int64) {
    latest[showID] = max(version, self[showID])
    if latest.count >= Limits.toldShows { (before, latest) = (latest, [:]) }
  }

  /// The version that a show has reached at least; 0 when nothing is known.
  package subscript(showID: Int64) -> Int64 { latest[showID] ?? before[showID] ?? 0 }
}

/// How long to wait for a commit to show itself: each time twice as long.
package struct CommitPause: Sendable {
  private var next = Limits.commitPause

  /// The shortest pause comes first.
  package init() {}

  /// The next pause.
  package mutating func take() -> Duration {
    defer { next = min(next * 2, Limits.longestCommitPause) }
    return next
  }
}
