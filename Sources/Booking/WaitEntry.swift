// A party that waits for seats of a show: what it asked for and what became of it. Plain values.

/// Where a party of the waiting list is in its life. The raw values are the database's.
package enum WaitState: Int16, Sendable, CaseIterable {
  /// In line: → any of the others, all of which are final.
  case waiting = 1
  /// Got a hold.
  case served = 2
  /// Left by itself.
  case left = 3
  /// Was away for too long.
  case lost = 4
  /// Waited for as long as anybody may.
  case timedOut = 5
  /// More seats were sold than leave enough for it.
  case hopeless = 6
  /// The show is over or no longer on sale.
  case closed = 7
}

/// Asks for a place in the line for a show.
package struct WaitRequest: Sendable, Hashable {
  /// Who asks. The same identity is the same place.
  package let identity: RequestIdentity
  /// The id that the offer's hold will have; its lane is the show's.
  package let bookingID: BookingID
  /// The show.
  package let showID: Int64
  /// The partner's name for its customer; may be empty.
  package let customerRef: String
  /// How many seats are wanted.
  package let count: Int
  /// The tier they must be in; empty for any, also for several.
  package let tier: String

  /// Asks for a place.
  package init(
    identity: RequestIdentity, bookingID: BookingID, showID: Int64, customerRef: String = "",
    count: Int, tier: String = ""
  ) {
    self.identity = identity
    self.bookingID = bookingID
    self.showID = showID
    self.customerRef = customerRef
    self.count = count
    self.tier = tier
  }
}

/// A place in the line for a show, or what became of it.
package struct WaitEntry: Sendable, Hashable {
  /// What was asked for.
  package let request: WaitRequest
  /// Counts the parties that ever came to the show, from 1 without gaps.
  package let arrival: Int64
  /// Where the party is in its life.
  package var state: WaitState

  /// A place.
  package init(_ request: WaitRequest, arrival: Int64, state: WaitState = .waiting) {
    self.request = request
    self.arrival = arrival
    self.state = state
  }

  /// What the place is found by.
  package var key: RequestKey { request.identity.key }
}

/// A place that is no longer wanted, or no longer kept.
package struct WaitEnd: Sendable, Hashable {
  /// Whose place.
  package let key: RequestKey
  /// What becomes of it: never `.waiting` or `.served`.
  package let state: WaitState

  /// An end for a party.
  package init(_ key: RequestKey, _ state: WaitState) {
    self.key = key
    self.state = state
  }
}
