// A show's seats at one version, kept up to date by changes. Knows nothing of drawing or calls.

import UsherProtos

/// The seats of a show as they are at a version.
struct SeatMap: Sendable {
  /// What became of a change that was received.
  enum Reception: Equatable {
    case applied
    /// Known already, as happens after resuming: nothing to do.
    case old
    /// Something in between was missed: watch again from the version that is known.
    case gap
  }

  private(set) var version: Int64
  private(set) var seats: [Usher.V1.Seat]
  private var positions: [Int32: Int] = [:]

  init(version: Int64, seats: [Usher.V1.Seat]) {
    self.version = version
    self.seats = seats
    for (position, seat) in seats.enumerated() { positions[seat.seatNumber] = position }
  }

  /// Takes a change. Seats that the map does not have are left out: a later snapshot brings them.
  mutating func apply(_ change: Usher.V1.SeatMapChange) -> Reception {
    guard change.version > version else { return .old }
    guard change.previousVersion <= version else { return .gap }
    for seat in change.seats {
      guard let position = positions[seat.seatNumber] else { continue }
      seats[position].state = seat.state
    }
    version = change.version
    return .applied
  }

  func count(_ state: Usher.V1.SeatState) -> Int {
    seats.reduce(0) { $0 + ($1.state == state ? 1 : 0) }
  }

  /// `162 seats: 120 free, 4 held, 36 sold, 2 blocked`; the last only where there are some.
  var countsText: String {
    let blocked = count(.blocked)
    return "\(seats.count) seats: \(count(.available)) free, \(count(.held)) held, "
      + "\(count(.sold)) sold" + (blocked > 0 ? ", \(blocked) blocked" : "")
  }
}
