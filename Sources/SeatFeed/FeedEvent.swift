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

/// Why a watcher cannot be served.
package enum FeedError: Error, Equatable {
  case showNotFound
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
