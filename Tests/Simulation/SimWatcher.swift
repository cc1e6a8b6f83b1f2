// Somebody who watches a show: on one node after the other, slowly or at once.

import Booking

@testable import SeatFeed

final class SimWatcher {
  let showID: Int64
  var node: Int
  /// What it has been told so far.
  private(set) var map: SeatMap?
  private var stream: SimStream?
  /// Events that were told one by one, and merged.
  private(set) var singleCount = 0
  private(set) var mergedCount = 0

  init(showID: Int64, node: Int) {
    self.showID = showID
    self.node = node
  }

  /// Leaves, or loses its node.
  func disconnect() {
    stream?.end()
    stream = nil
  }

  /// Reads what the node has to tell, from where it was.
  func read(_ nodes: [SimNode], all: Bool, _ judge: Judge, _ fault: Fault?) throws {
    if stream == nil {
      stream = nodes[node].feed.watch(showID, after: map?.version ?? 0)
    }
    guard let stream else { return }
    for (index, event) in stream.read(all: all).enumerated() {
      if fault == .skipsAnEvent, index == 1, case .change(_, let version, _) = event {
        map?.apply([], version: version)
        continue
      }
      try take(event)
      try check(judge)
    }
  }

  private func take(_ event: FeedEvent) throws {
    switch event {
    case .snapshot(let snapshot, _):
      try demand(
        snapshot.version >= map?.version ?? 0, "a watcher is never told what was before",
        "show \(showID), \(map?.version ?? 0) to \(snapshot.version)")
      map = SeatMap(snapshot)
    case .change(let previous, let version, let seats):
      try demand(
        previous == map?.version && version > previous, "a watcher misses nothing",
        "show \(showID) at \(map?.version ?? 0) is told \(previous) to \(version)")
      if version == previous + 1 { singleCount += 1 } else { mergedCount += 1 }
      map?.apply(seats, version: version)
    case .bookmark(let version):
      try demand(version == map?.version, "a bookmark tells where the watcher is")
    }
  }

  /// A watcher that has seen a version has exactly the state of that version.
  private func check(_ judge: Judge) throws {
    guard let map else { return }
    try demand(
      judge.states(showID, at: map.version) == map.snapshot.seats.map(\.state),
      "a watcher's map is that of its version", "show \(showID) version \(map.version)")
    try demand(map.counts == SeatCounts(map.snapshot.seats), "counts are those of the map")
  }
}
