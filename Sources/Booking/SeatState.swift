// States of a seat and of a booking, with where each may go. The raw values are those of the
// database and of usher.v1.

/// Whether a seat of a show can be had.
package enum SeatState: Int16, Sendable, CaseIterable {
  /// Free for anyone. May become held or blocked.
  case available = 1
  /// Held for a booking that is not confirmed. May become sold or available.
  case held = 2
  /// Part of a confirmed booking. May become available when that is cancelled.
  case sold = 3
  /// Withdrawn by the theatre. May become available.
  case blocked = 4
}

/// Where a booking is in its life.
package enum BookingState: Int16, Sendable, CaseIterable {
  /// Seats are held until the hold ends: → confirmed, released, expired, or
  /// exchanged for another hold.
  case held = 1
  /// Sold: → cancelled, exchanged, used.
  case confirmed = 2
  /// Given back before it ended. Final.
  case released = 3
  /// Ran out. Final.
  case expired = 4
  /// The sale was undone. Final.
  case cancelled = 5
  /// Superseded by another booking. Final.
  case exchanged = 6
  /// Used at the gate. Final.
  case used = 7

  /// The states this one may turn into.
  package var successors: [BookingState] {
    switch self {
    case .held: [.confirmed, .released, .expired, .exchanged]
    case .confirmed: [.cancelled, .exchanged, .used]
    case .released, .expired, .cancelled, .exchanged, .used: []
    }
  }

  /// The state that the booking's seats are in because of it; nil when they are no longer its own.
  package var seatState: SeatState? {
    switch self {
    case .held: .held
    case .confirmed, .used: .sold
    case .released, .expired, .cancelled, .exchanged: nil
    }
  }
}
