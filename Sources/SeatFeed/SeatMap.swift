// The states of a show's seats at one version.

package import Booking

/// A seat map in memory. Changes must come in version order; the caller checks that.
package struct SeatMap: Sendable {
  package private(set) var version: Int64
  private let lane: Int16
  private let showID: Int64
  private var seats: [SeatStatus]
  private var index: [Int32: Int] = [:]

  package init(_ snapshot: SeatSnapshot) {
    lane = snapshot.lane
    showID = snapshot.showID
    version = snapshot.version
    seats = snapshot.seats
    index.reserveCapacity(seats.count)
    for (position, seat) in seats.enumerated() { index[seat.number] = position }
  }

  /// The map as a value, seats in the order of the snapshot it came from.
  package var snapshot: SeatSnapshot {
    SeatSnapshot(lane: lane, showID: showID, version: version, seats: seats)
  }

  /// The state of a seat, or nil when the show has no such seat.
  package subscript(number: Int32) -> SeatState? {
    index[number].map { seats[$0].state }
  }

  /// Moves to a later version. Seats that the map does not have are ignored.
  package mutating func apply(_ changes: [SeatStatus], version: Int64) {
    for change in changes {
      if let position = index[change.number] { seats[position] = change }
    }
    self.version = version
  }

  /// The seats whose state in a newer snapshot differs from this map's.
  package func differences(to newer: SeatSnapshot) -> [SeatStatus] {
    newer.seats.filter { self[$0.number] != $0.state }
  }
}
