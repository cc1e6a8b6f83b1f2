// Faults that are planted to see whether the simulation finds them, each in one place.

/// What somebody does wrong.
enum Fault: CaseIterable {
  // The database.
  /// Writes whatever version the batch was decided on, and over other rows.
  case skipsVersionGuard
  /// Writes whatever time it has become.
  case ignoresTime
  /// Writes whatever the terms are by then.
  case ignoresTerms
  /// Lets a request id have two effects.
  case ignoresRequestIDs
  /// Tells nobody of one of the seats that a transaction changed.
  case garblesMessages
  /// Reads shows in order to sell, and makes no seats.
  case makesNoSeats
  // A node.
  /// Reads a show without one of its bookings.
  case forgetsABooking
  /// Reads a line with the second before the first.
  case servesOutOfOrder
  /// Answers a refused hold as if it had been made.
  case inventsAGrant
  /// Refuses seats that nobody has.
  case inventsALoss
  /// Asks for no check of what it refuses.
  case trustsOldLedgers
  /// Does not tell a watcher of one change.
  case skipsAnEvent
}
