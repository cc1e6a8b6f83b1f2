// Every bound of the sales domain, each with its reason.
// Policies that a theatre may set (hold minutes) have their range here and their value in a row.

/// The bounds of the sales domain.
package enum Limits {
  /// Most seats in one booking, and most seats a customer may hold in one show: the product's
  /// policy, which also keeps every lost label within one status.
  package static let seatsPerBooking = 10
  /// Longest opaque customer name or payment reference, in UTF-8 bytes: a UUID or an e-mail hash
  /// fits several times, and the column says the same.
  package static let referenceByteCount = 128
  /// Largest auditorium: the largest stadium has fewer places.
  package static let seatsPerLayout = 100_000
  /// Widest and deepest grid, so that grid arithmetic stays far from overflow.
  package static let gridExtent = 500
  /// Longest printed label: ten of them fit an error trailer many times over.
  package static let labelByteCount = 16
  /// Longest name of a tier.
  package static let tierByteCount = 40
  /// Most tiers in a layout: a best-available hold carries one price per tier.
  package static let tiersPerLayout = 32
  /// Highest price of a seat in minor units; times 10,000 basis points it still fits 64 bits.
  package static let priceMinorUnits: Int64 = 1_000_000_000_000
  /// Highest price of an add-on: a menu for a box, in any currency.
  package static let addOnMinorUnits: Int64 = 1_000_000_000
  /// Most add-ons of one kind, and most kinds, that a seat can have: a family's popcorn, and a quote of a
  /// hundred lines more at most.
  package static let addOnsOfAKind = 20
  package static let addOnKindsPerSeat = 10
  /// Highest price of a booking: ten of the dearest seats with all the add-ons they can have; times 10,000 it
  /// still fits 64 bits.
  package static let bookingMinorUnits =
    (priceMinorUnits + addOnMinorUnits * Int64(addOnsOfAKind * addOnKindsPerSeat))
    * Int64(seatsPerBooking)
  /// Number of lanes: 64 fit the six bits that a booking id gives them.
  package static let laneCount = 64
  /// Requests that a show's ledger remembers to have made holds: some megabytes, and more than the
  /// seats of any hall but the largest.
  package static let rememberedHolders = 65_536
  /// Shortest and longest hold a theatre may set, in minutes.
  package static let holdMinutes = 1...15
  /// Most parties in the line for one show: each change tells all of them their position, and who
  /// is behind as many hardly gets a seat.
  package static let waitingParties = 1_000
  /// Shows of which it is remembered what was told of them last: a commit takes milliseconds to
  /// show itself, and in that time not as many change.
  package static let toldShows = 4_096
  /// Pause before what was read too early is read again: about what a commit takes to show itself.
  package static let commitPause = Duration.milliseconds(2)
  /// Longest such pause: a commit that waits for a standby may take until that is back.
  package static let longestCommitPause = Duration.milliseconds(512)
  /// What the server adds to each hold so that no client's timer outlives it.
  package static let holdGraceSeconds = 5
}
