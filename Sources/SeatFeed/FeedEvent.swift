// What watchers of a show are told, before it becomes bytes.

package import Booking

/// One event of a show's stream.
package enum FeedEvent: Sendable, Equatable {
  /// The whole map. `resumeImpossible` when the watcher asked for, or was promised, less.
  case snapshot(SeatSnapshot, resumeImpossible: Bool)
  /// What happened between two versions: one transaction, or several merged to the latest state.
  case change(previousVersion: Int64, version: Int64, seats: [SeatStatus])
  /// Nothing happened; the watcher is complete up to the version.
  case bookmark(version: Int64)
}

/// How many seats of a show can be had at a version.
package struct ShowAvailability: Sendable, Hashable {
  package let showID: Int64
  package let version: Int64
  package let counts: SeatCounts

  package init(showID: Int64, version: Int64, counts: SeatCounts) {
    self.showID = showID
    self.version = version
    self.counts = counts
  }
}

/// One event of a stream over many shows.
package enum GroupEvent: Sendable, Equatable {
  /// All shows of the group.
  case snapshot([ShowAvailability])
  /// The shows that have changed since they were told last, and those that left the group.
  case change([ShowAvailability], removed: [Int64])
  /// Nothing happened; what was told is complete.
  case bookmark
}

/// Which shows are watched together.
package enum ShowGroupKey: Sendable, Hashable {
  /// The shows to come of a theatre; they change as its programme does.
  case theatre(Int64)
  /// These shows, each once, by id.
  case shows([Int64])
}

/// How groups find their shows, and how their events become frames that calls share.
package struct GroupSource: Sendable {
  /// The shows to come of a theatre; nil when there is no such theatre.
  package let shows: @Sendable (_ theatreID: Int64) async throws(FeedError) -> [Int64]?
  package let encode: @Sendable (GroupEvent) -> [UInt8]

  package init(
    shows: @escaping @Sendable (_ theatreID: Int64) async throws(FeedError) -> [Int64]?,
    encode: @escaping @Sendable (GroupEvent) -> [UInt8]
  ) {
    self.shows = shows
    self.encode = encode
  }
}

/// Why a watcher cannot be served.
package enum FeedError: Error, Equatable {
  case showNotFound
  /// One of the shows of a list.
  case listedShowNotFound(Int64)
  case theatreNotFound
  /// The database is away, or this node holds too many shows; try again.
  case unavailable
  /// The watcher has been cancelled.
  case cancelled
}

/// A show as its loader found it, and how its map and its events become frames that calls share.
package struct LoadedShow: Sendable {
  package let snapshot: SeatSnapshot
  /// An event as watchers get it.
  package let encode: @Sendable (FeedEvent) -> [UInt8]
  /// The map as those get it who ask once.
  package let encodeMap: @Sendable (SeatSnapshot) -> [UInt8]

  package init(
    snapshot: SeatSnapshot, encode: @escaping @Sendable (FeedEvent) -> [UInt8],
    encodeMap: @escaping @Sendable (SeatSnapshot) -> [UInt8]
  ) {
    self.snapshot = snapshot
    self.encode = encode
    self.encodeMap = encodeMap
  }
}
