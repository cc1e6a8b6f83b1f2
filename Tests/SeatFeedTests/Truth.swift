// What tests of the feed take for the database.

import Booking
import FeedSupport
import Reactor
import SeatFeed
import Synchronization

/// The database: the truth about one show, 7 unless told otherwise.
final class Truth: Sendable {
  private let state: Mutex<SeatMap>
  let isAway = Mutex(false)
  let loadCount = Mutex(0)

  private let showID: Int64

  init(seatCount: Int32, showID: Int64 = 7) {
    self.showID = showID
    let seats = (0..<seatCount).map { SeatStatus(number: $0, state: .available) }
    state = Mutex(SeatMap(SeatSnapshot(lane: 1, showID: showID, version: 1, seats: seats)))
  }

  func commit(_ seats: [SeatStatus]) -> SeatChange {
    state.withLock { map in
      map.apply(seats, version: map.version + 1)
      return SeatChange(lane: 1, showID: showID, version: map.version, seats: seats)
    }
  }

  func restore(_ snapshot: SeatSnapshot) { state.withLock { $0 = SeatMap(snapshot) } }

  var snapshot: SeatSnapshot { state.withLock { $0.snapshot } }

  /// The show as a loader finds it, told in frames that can be read back.
  func show(_ frames: Frames) -> LoadedShow { LoadedShow(snapshot, frames) }
}

extension LoadedShow {
  init(_ snapshot: SeatSnapshot, _ frames: Frames) {
    self.init(
      snapshot: snapshot, encode: frames.encode,
      encodeMap: { frames.encode(.snapshot($0, resumeImpossible: false)) })
  }
}

extension FeedRegistry {
  /// A registry whose shows are watched one by one.
  convenience init(loop: EventLoop, load: @escaping Loader) {
    let groups = GroupSource(
      shows: { (_) async throws(FeedError) in throw .unavailable }, encode: { _ in [] })
    self.init(loop: loop, groups: groups, load: load)
  }
}

/// Randomness that a seed repeats.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
