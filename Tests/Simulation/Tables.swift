// The tables of sales as values, and what `write_sales()` and the statements that read do with
// them. A second writing-down of the SQL: it knows nothing of how batches are decided.

import Booking

/// What a statement failed with.
enum StatementFailure: Error, Hashable {
  /// 40001.
  case serialization
  /// 23505.
  case unique
  /// XX001: what was read under the locks is not what is written on.
  case corrupted
  /// The connection went; nobody knows whether the statement was committed.
  case lost
}

/// The rows.
struct Tables {
  struct Seat: Hashable {
    var state: SeatState
    var owner: BookingID?
    var holdUntil: Int64?
  }

  struct Show {
    var terms: ShowTerms
    var version: Int64 = 1
    var queueVersion: Int64 = 0
    /// Whether there are rows of the seats; without, all are available.
    var hasSeats = true
    /// By number.
    var seats: [Seat]

    var states: [SeatState] { seats.map(\.state) }
  }

  /// A row of the request log.
  struct LogRow: Hashable {
    struct Effect: Hashable {
      let effect: SaleEffect
      let bookingID: BookingID
      let state: BookingState
      let version: Int64
      let cancelledSeats: [Int32]
      let addOns: [QuoteLine]
      let isExtended: Bool
    }

    let hash: [UInt8]
    /// Nil when the request was fenced, or changed no booking.
    let effect: Effect?
    /// The version with which it withdrew seats or gave them back.
    var blockVersion: Int64?
  }

  /// A row of the waiting list.
  struct WaitRow: Hashable {
    var entry: WaitEntry
    let createdAt: Int64
    var seenAt: Int64
    var endedVersion: Int64?
  }

  var shows: [Int64: Show] = [:]
  var bookings: [BookingID: BookingRecord] = [:]
  var log: [RequestKey: LogRow] = [:]
  var refunds: [RequestKey: Refund] = [:]
  var waits: [RequestKey: WaitRow] = [:]

  /// The bookings of a show, in an order that does not depend on hashing.
  func bookings(of showID: Int64) -> [BookingRecord] {
    bookings.values.filter { $0.showID == showID }.sorted { $0.id.order < $1.id.order }
  }

  /// Seats of a show that anybody could have.
  func freeCount(_ showID: Int64) -> Int {
    shows[showID]?.seats.count { $0.state == .available } ?? 0
  }

  /// As read_requests(): the booking as the request left it, nil when it was fenced or changed none.
  func request(_ key: RequestKey) -> (hash: [UInt8], record: BookingRecord?)? {
    guard let row = log[key] else { return nil }
    guard let effect = row.effect, var record = bookings[effect.bookingID] else {
      return (row.hash, nil)
    }
    record.state = effect.state
    record.version = effect.version
    record.cancelledSeats = effect.cancelledSeats
    record.supersededBy = nil
    record.refund = refunds[key]
    if effect.addOns != record.quote.addOns,
      let then = try? record.quote.with(addOns: effect.addOns)
    {
      record.quote = then
    }
    switch effect.effect {
    case .held: record.isExtended = false
    case .attached: record.isExtended = effect.isExtended
    case .exchanged:
      let given = record.supersedes.flatMap { bookings[$0] }
      record.isExtended = effect.state == .held && given?.isExtended == true
    default: break
    }
    if [.held, .released, .expired].contains(effect.state) { record.paymentReference = "" }
    return (row.hash, record)
  }

  // MARK: write_sales()

  /// Applies a batch; on a failure the tables are to be thrown away.
  mutating func apply(
    _ writes: SaleWrites, _ moment: Moment?, at now: Int64, _ fault: Fault?
  ) throws(StatementFailure) {
    let contradiction: StatementFailure = moment == nil ? .corrupted : .serialization
    for show in writes.shows {
      try Self.check(show, shows[show.change.showID], fault)
      if show.changesSeats { shows[show.change.showID]?.version += 1 }
      if show.changesQueue { shows[show.change.showID]?.queueVersion += 1 }
    }
    if let moment, fault != .ignoresTime {
      guard moment.validFrom <= now, now < moment.validUntil else { throw .serialization }
    }
    try log(writes, fault)
    try logBlocks(writes)
    for booking in writes.bookings {
      try apply(booking, writes.shows[booking.show], at: now, contradiction, fault)
    }
    var written: Set<[Int64]> = []
    for seat in writes.seats {
      // One statement changes a row once.
      let show = writes.shows[seat.show]
      guard written.insert([show.change.showID, Int64(seat.number)]).inserted else {
        throw contradiction
      }
      try apply(seat, show, at: now, contradiction, fault)
    }
    try applyWaits(writes, at: now)
  }

  private static func check(
    _ show: SaleWrites.Show, _ row: Show?, _ fault: Fault?
  ) throws(StatementFailure) {
    guard let row, row.terms.lane == show.change.lane else { throw .serialization }
    let isAsDecided = row.version == show.version && row.queueVersion == show.queueVersion
    guard isAsDecided || fault == .skipsVersionGuard else { throw .serialization }
    guard row.terms.prices.version == show.pricingVersion || fault == .ignoresTerms else {
      throw .serialization
    }
  }

  private mutating func log(
    _ writes: SaleWrites, _ fault: Fault?
  ) throws(StatementFailure) {
    for entry in writes.entries {
      guard log[entry.identity.key] == nil || fault == .ignoresRequestIDs else { throw .unique }
      log[entry.identity.key] = LogRow(
        hash: entry.identity.hash,
        effect: LogRow.Effect(
          effect: entry.effect, bookingID: entry.bookingID, state: entry.state,
          version: writes.shows[entry.show].version + 1, cancelledSeats: entry.cancelledSeats,
          addOns: entry.addOns, isExtended: entry.isExtended))
    }
    for refund in writes.refunds {
      let known = refunds.updateValue(refund.refund, forKey: refund.key)
      guard known == nil || fault == .ignoresRequestIDs else { throw .unique }
    }
  }

  /// As write_blocks().
  private mutating func logBlocks(_ writes: SaleWrites) throws(StatementFailure) {
    for block in writes.blocks {
      let identity = block.request.identity
      guard log[identity.key] == nil else { throw .unique }
      log[identity.key] = LogRow(
        hash: identity.hash, effect: nil, blockVersion: writes.shows[block.show].version + 1)
    }
  }

  private mutating func apply(
    _ booking: SaleWrites.Booking, _ show: SaleWrites.Show, at now: Int64,
    _ contradiction: StatementFailure, _ fault: Fault?
  ) throws(StatementFailure) {
    var record = booking.record
    let row = bookings[record.id]
    if let before = booking.before {
      guard let row, row.showID == show.change.showID else { throw contradiction }
      let isAsRead = row.state == before.state && row.holdUntil == before.holdUntil
      guard isAsRead || fault == .skipsVersionGuard else { throw contradiction }
    } else {
      guard row == nil else { throw .unique }
      // Columns that a new row does not get.
      record.isTakenAgain = false
      record.cancelledSeats = []
      record.supersededBy = nil
      record.settleTimes(at: now, holdMinutes: Int(show.holdMinutes))
    }
    record.refund = nil
    record.version = show.version + 1
    bookings[record.id] = record
  }

  private mutating func apply(
    _ seat: SaleWrites.Seat, _ show: SaleWrites.Show, at now: Int64,
    _ contradiction: StatementFailure, _ fault: Fault?
  ) throws(StatementFailure) {
    let index = Int(seat.number)
    guard shows[show.change.showID]?.hasSeats == true,
      var seats = shows[show.change.showID]?.seats, seats.indices.contains(index)
    else { throw contradiction }
    let isAsRead = seats[index].state == seat.before && seats[index].owner == seat.ownerBefore
    guard isAsRead || fault == .skipsVersionGuard else { throw contradiction }
    let begins = seat.holdUntil == nil || seat.holdUntil == BookingRecord.notYet
    let end = begins ? now + Int64(show.holdMinutes) * 60_000_000 : seat.holdUntil
    seats[index] = Seat(
      state: seat.state, owner: seat.owner, holdUntil: seat.state == .held ? end : nil)
    shows[show.change.showID]?.seats = seats
  }
}

extension BookingID {
  /// Orders by the bytes, so that nothing depends on hashing.
  var order: (UInt64, UInt64) { (value.high, value.low) }
}
