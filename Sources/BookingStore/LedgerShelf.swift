// The ledgers that a worker has in memory, and which show each of their bookings belongs to.
// Bounded: what was not used for longest goes first and is read again when it is asked for.

import Booking

final class LedgerShelf {
  private struct Kept {
    let ledger: ShowLedger
    var turn: Int
    /// Whether the ledger is known to be of one moment: it was read in several statements, and
    /// something may have been committed between them.
    var isProven: Bool
  }

  private var ledgers: [Int64: Kept] = [:]
  private var showsByBooking: [BookingID: Int64] = [:]
  private var choosers: [LayoutKey: BestAvailable] = [:]
  private var seatCount = 0
  private var turn = 0

  /// A show's ledger, if it is here.
  func ledger(_ showID: Int64) -> ShowLedger? {
    guard let kept = ledgers[showID] else { return nil }
    if kept.turn != turn { ledgers[showID]?.turn = turn }
    return kept.ledger
  }

  /// A show's ledger, if it is here and known to be of one moment.
  func provenLedger(_ showID: Int64) -> ShowLedger? {
    guard let kept = ledgers[showID], kept.isProven else { return nil }
    if kept.turn != turn { ledgers[showID]?.turn = turn }
    return kept.ledger
  }

  /// The show of a booking that has seats in a ledger here.
  func show(of booking: BookingID) -> Int64? {
    guard let showID = showsByBooking[booking], ledger(showID)?.hasSeats(booking) == true else {
      return nil
    }
    return showID
  }

  /// Begins a batch: what it uses is newer than what the batches before used.
  func beginTurn() { turn += 1 }

  /// Keeps a ledger that was read, `isProven` when it was locked.
  func put(_ ledger: ShowLedger, isProven: Bool) {
    drop(ledger.terms.showID)
    ledgers[ledger.terms.showID] = Kept(ledger: ledger, turn: turn, isProven: isProven)
    seatCount += ledger.terms.layout.seats.count
    note(ledger)
    if seatCount > StoreLimits.ledgerSeats { shrink() }
  }

  /// A show still had the version of its ledger after that had been read.
  func prove(_ showID: Int64) { ledgers[showID]?.isProven = true }

  /// Whether a show's ledger, if there is one, is of one moment.
  func isProven(_ showID: Int64) -> Bool { ledgers[showID]?.isProven ?? true }

  /// Learns which bookings have seats in a ledger now.
  func note(_ ledger: ShowLedger) {
    for id in ledger.bookingIDs { showsByBooking[id] = ledger.terms.showID }
  }

  func note(_ booking: BookingID, of showID: Int64) { showsByBooking[booking] = showID }

  func drop(_ showID: Int64) {
    guard let kept = ledgers.removeValue(forKey: showID) else { return }
    seatCount -= kept.ledger.terms.layout.seats.count
    for id in kept.ledger.bookingIDs { showsByBooking[id] = nil }
  }

  func dropAll() {
    ledgers = [:]
    showsByBooking = [:]
    seatCount = 0
  }

  /// Who chooses seats in shows of a layout.
  func chooser(_ key: LayoutKey, _ layout: SeatLayout) -> BestAvailable {
    if let known = choosers[key] { return known }
    if choosers.count >= StoreLimits.cachedChoosers { choosers = [:] }
    let chooser = BestAvailable(SeatRows(layout))
    choosers[key] = chooser
    return chooser
  }

  /// Halves what is kept, but never what the present batch uses.
  private func shrink() {
    let byAge = ledgers.sorted { $0.value.turn < $1.value.turn }
    for (showID, kept) in byAge where kept.turn < turn {
      guard seatCount > StoreLimits.ledgerSeats / 2 else { return }
      drop(showID)
    }
  }
}
