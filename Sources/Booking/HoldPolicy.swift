// How long a hold lasts, for the customer and for the server. Time itself is the database's.

/// How long a theatre's holds last.
package struct HoldPolicy: Hashable, Sendable {
  /// What the customer is told.
  package let duration: Duration

  /// The default of five minutes.
  package init() {
    duration = .seconds(5 * 60)
  }

  /// A theatre's own choice. Throws `.malformed` outside `Limits.holdMinutes`.
  package init(minutes: Int) throws(BookingError) {
    guard Limits.holdMinutes.contains(minutes) else {
      throw BookingError(.malformed, "A hold lasts 1 to 15 minutes.")
    }
    duration = .seconds(minutes * 60)
  }

  /// When nobody else can take the seat yet: the customer's time and the server's grace.
  package var durationWithGrace: Duration {
    duration + .seconds(Limits.holdGraceSeconds)
  }
}
