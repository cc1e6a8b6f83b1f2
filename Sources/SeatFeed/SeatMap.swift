// The states of a show's seats at one version.

package import Booking

/// How many seats of a show are in which state.
package struct SeatCounts: Hashable, Sendable {
  package private(set) var available: Int32 = 0
  package private(set) var held: Int32 = 0
  package private(set) var sold: Int32 = 0
  package private(set) var blocked: Int32 = 0

  /// The counts of these seats.
  package init(_ seats: [SeatStatus] = []) {
    for seat in seats { add(1, to: seat.state) }
  }

  mutating func move(from old: SeatState, to new: SeatState) {
    add(-1, to: old)
    add(1, to: new)
  }

  private mutating func add(_ count: Int32, to state: SeatState) {
    switch state {
    case .available: available += count
    case .held: held += count
    case .sold: sold += count
    case .blocked: blocked += count
    }
  }
}

/// A seat map in memory. Changes must come in version order; the caller checks that.
package struct SeatMap: Sendable {
  package private(set) var version: Int64
  private let lane: Int16
  private let showID: Int64
  /// By number.
  private var seats: [SeatStatus]
  package private(set) var counts: SeatCounts

  package init(_ snapshot: SeatSnapshot) {
    lane = snapshot.lane
    showID = snapshot.showID
    version = snapshot.version
    seats = snapshot.seats
    counts = SeatCounts(snapshot.seats)
  }

  /// Seats of the show.
  package var seatCount: Int { seats.count }

  /// The map as a value.
  package var snapshot: SeatSnapshot {
    SeatSnapshot(lane: lane, showID: showID, version: version, seats: seats)
  }

  /// The state of a seat, or nil when the show has no such seat.
  package subscript(number: Int32) -> SeatState? {
    index(of: number).map { seats[$0].state }
  }

  /// Moves to a later version. Seats that the map does not have are ignored.
  package mutating func apply(_ changes: [SeatStatus], version: Int64) {
    for change in changes {
      guard let index = index(of: change.number) else { continue }
      counts.move(from: seats[index].state, to: change.state)
      seats[index] = change
    }
    self.version = version
  }

  /// The seats whose state in a newer snapshot differs from this map's.
  package func differences(to newer: SeatSnapshot) -> [SeatStatus] {
    newer.seats.filter { self[$0.number] != $0.state }
  }

  /// Halving finds a seat of two thousand in eleven steps, and thousands of maps keep no tables.
  private func index(of number: Int32) -> Int? {
    var (low, high) = (0, seats.count)
    while low < high {
      let middle = (low + high) / 2
      if seats[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low < seats.count && seats[low].number == number ? low : nil
  }
}
