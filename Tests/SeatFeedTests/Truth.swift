// What tests of the feed take for the database.

import Booking
import SeatFeed
import Synchronization

/// The database: the truth about one show.
final class Truth: Sendable {
  private let state: Mutex<SeatMap>
  let isAway = Mutex(false)
  let loadCount = Mutex(0)

  init(seatCount: Int32) {
    let seats = (0..<seatCount).map { SeatStatus(number: $0, state: .available) }
    state = Mutex(SeatMap(SeatSnapshot(lane: 1, showID: 7, version: 1, seats: seats)))
  }

  func commit(_ seats: [SeatStatus]) -> SeatChange {
    state.withLock { map in
      map.apply(seats, version: map.version + 1)
      return SeatChange(lane: 1, showID: 7, version: map.version, seats: seats)
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
