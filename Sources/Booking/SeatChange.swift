// What the live seat map is made of: the states of a show's seats at one version, and changes
// from one version to the next. Produced by the store, consumed by the feed.

/// A seat, by number, and its state.
package struct SeatStatus: Hashable, Sendable {
  /// The seat's number in the layout.
  package let number: Int32
  /// Its state.
  package let state: SeatState

  /// A seat in a state.
  package init(number: Int32, state: SeatState) {
    self.number = number
    self.state = state
  }
}

/// What one committed transaction changed in one show.
package struct SeatChange: Hashable, Sendable {
  /// The lane of the show's theatre.
  package let lane: Int16
  /// The show.
  package let showID: Int64
  /// The version reached: one more than before the change.
  package let version: Int64
  /// The seats that changed, each once, by number.
  package let seats: [SeatStatus]

  /// A change of one show.
  package init(lane: Int16, showID: Int64, version: Int64, seats: [SeatStatus]) {
    self.lane = lane
    self.showID = showID
    self.version = version
    self.seats = seats
  }
}

/// All seats of a show, true at one version.
package struct SeatSnapshot: Hashable, Sendable {
  /// The lane of the show's theatre.
  package let lane: Int16
  /// The show.
  package let showID: Int64
  /// The version at which the states were true together.
  package let version: Int64
  /// Every seat of the show, by number.
  package let seats: [SeatStatus]

  /// A state of one show.
  package init(lane: Int16, showID: Int64, version: Int64, seats: [SeatStatus]) {
    self.lane = lane
    self.showID = showID
    self.version = version
    self.seats = seats
  }
}
