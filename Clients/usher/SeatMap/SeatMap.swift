// A show's seats at one version, kept up to date by changes. Knows nothing of drawing or calls.

import UsherProtos

/// What is set aside of a show for single partners: seats, and quotas of tiers.
struct SetAsideSeats: Sendable {
  /// Who can have a seat that not everybody can.
  enum Share: String, Sendable { case yours, others }

  let all: [Usher.V1.SetAside]
  private let shares: [String: Share]

  init(_ all: [Usher.V1.SetAside] = []) {
    self.all = all
    let pairs = all.flatMap { one in one.seats.map { ($0, one.yours ? Share.yours : .others) } }
    shares = Dictionary(pairs) { $1 }
  }

  /// Nil for a seat that anybody can have.
  subscript(seat: Usher.V1.Seat) -> Share? { shares[seat.label] }
}

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
  /// A term of the show, which no change of the map tells.
  private(set) var setAside = SetAsideSeats()
  private var positions: [Int32: Int] = [:]

  init(version: Int64, seats: [Usher.V1.Seat]) {
    self.version = version
    self.seats = seats
    for (position, seat) in seats.enumerated() { positions[seat.seatNumber] = position }
  }

  /// The same map of a show with such terms.
  func with(_ setAside: SetAsideSeats) -> SeatMap {
    var copy = self
    copy.setAside = setAside
    return copy
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

  /// Whether the caller can have the seat, but for quotas, which are of no seat.
  func isFree(_ seat: Usher.V1.Seat) -> Bool {
    seat.state == .available && setAside[seat] != .others
  }

  /// `162 seats: 120 free, 4 held, 36 sold, 2 blocked, 1 set aside`; the last two only where there are
  /// some.
  var countsText: String {
    let (free, blocked) = (seats.count(where: isFree), count(.blocked))
    let others = count(.available) - free
    return "\(seats.count) seats: \(free) free, \(count(.held)) held, \(count(.sold)) sold"
      + (blocked > 0 ? ", \(blocked) blocked" : "") + (others > 0 ? ", \(others) set aside" : "")
  }
}
