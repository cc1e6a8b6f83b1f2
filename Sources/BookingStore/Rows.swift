// Rows of the tables of sales, read. A row that is not as the schema says is a fault.

import Booking
import Postgres

/// The columns of the table `booking`, by position.
enum BookingColumn: Int {
  case lane, bookingID, showID, partnerID, customerRef, requestID, state, seatNos, total, currency
  case quote, holdUntil, isExtended, paymentReference, version, createdAt, changedAt, isTakenAgain
  case cancelledSeatNos, supersededBy, supersedes, exchangeCredit

  /// Where the columns begin that a statement adds.
  static let count = 22
}

extension PostgresRow {
  fileprivate func decode<Value: PostgresDecodable>(
    _ column: BookingColumn, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    try decode(column.rawValue, as: type)
  }

  fileprivate func booking(_ column: BookingColumn) throws(PostgresError) -> BookingID? {
    try decode(column, as: PostgresUUID?.self).flatMap { BookingID(UniqueID($0)) }
  }
}

extension BookingRecord {
  /// Reads a row of `booking`.
  init(_ row: PostgresRow) throws(PostgresError) {
    let total: Int64 = try row.decode(.total)
    guard let id = BookingID(UniqueID(try row.decode(.bookingID, as: PostgresUUID.self))),
      let state = BookingState(rawValue: try row.decode(.state)),
      let currency = try? Currency(try row.decode(.currency)),
      let quote = try? Quote(text: try row.decode(.quote), currency: currency),
      quote.total.minorUnits == total
    else {
      throw PostgresError(.decoding, "a booking cannot be read")
    }
    self.init(
      id: id, showID: try row.decode(.showID), partnerID: try row.decode(.partnerID),
      customerRef: try row.decode(.customerRef),
      requestID: UniqueID(try row.decode(.requestID, as: PostgresUUID.self)), state: state,
      seatNumbers: try row.decode(.seatNos), quote: quote,
      cancelledSeats: try row.decode(.cancelledSeatNos, as: [Int32]?.self) ?? [],
      holdUntil: try row.decode(.holdUntil, as: PostgresTimestamp.self).unixMicroseconds,
      isExtended: try row.decode(.isExtended), isTakenAgain: try row.decode(.isTakenAgain),
      paymentReference: try row.decode(.paymentReference),
      createdAt: try row.decode(.createdAt, as: PostgresTimestamp.self).unixMicroseconds,
      version: try row.decode(.version))
    supersededBy = try row.booking(.supersededBy)
    supersedes = try row.booking(.supersedes)
    exchangeCredit = try row.decode(.exchangeCredit)
  }
}

/// A request that had an effect before, or was fenced.
struct LoggedRequest: Sendable {
  /// The columns that read_requests() adds to those of a booking, by position.
  private enum Column: Int {
    case requestID, hash, effect, refundBookingID, refundSeatNos, refundAmount, refundCurrency
    case addOns

    var position: Int { BookingColumn.count + rawValue }
  }

  /// Where the columns of read_requests() end.
  static let columnCount = BookingColumn.count + 8

  /// What a request did.
  enum Deed: Sendable {
    /// It made or changed a booking: as it left it.
    case booking(BookingRecord)
    /// It withdrew seats or gave them back, with a version of their show.
    case seats(version: Int64)
    /// It changed something that is not sold by lanes.
    case terms
    /// Nothing, for ever.
    case fence
  }

  /// Digest of its body.
  let hash: [UInt8]
  /// What it did.
  let deed: Deed

  /// A request in the log.
  init(hash: [UInt8], deed: Deed) {
    self.hash = hash
    self.deed = deed
  }

  /// Reads a row of read_requests().
  init(_ row: PostgresRow) throws(PostgresError) {
    hash = try row.decode(Column.hash.position)
    if try row.decode(Column.effect.position, as: String.self) == "fenced" {
      deed = .fence
    } else if try row.decode(.bookingID, as: PostgresUUID?.self) != nil {
      var record = try BookingRecord(row)
      try Self.setAddOns(of: &record, row)
      record.refund = try Self.refund(row)
      deed = .booking(record)
    } else {
      deed = try row.decode(.version, as: Int64?.self).map { .seats(version: $0) } ?? .terms
    }
  }

  /// Gives a booking the add-ons that it had when the request was done.
  private static func setAddOns(
    of record: inout BookingRecord, _ row: PostgresRow
  ) throws(PostgresError) {
    let text = try row.decode(Column.addOns.position, as: String?.self)
    let now = record.quote.addOns
    guard text != nil || !now.isEmpty else { return }
    do throws(BookingError) {
      let then = try text.map { text throws(BookingError) in try Quote.lines(text) } ?? []
      if then != now { record.quote = try record.quote.with(addOns: then) }
    } catch {
      throw PostgresError(.decoding, "a request's add-ons cannot be read")
    }
  }

  private static func refund(_ row: PostgresRow) throws(PostgresError) -> Refund? {
    guard let id = try row.decode(Column.refundBookingID.position, as: PostgresUUID?.self) else {
      return nil
    }
    return try Refund(
      id, row.decode(Column.refundSeatNos.position), row.decode(Column.refundAmount.position),
      row.decode(Column.refundCurrency.position))
  }

  /// The key it is found by.
  static func key(_ row: PostgresRow) throws(PostgresError) -> RequestKey {
    RequestKey(
      partnerID: try row.decode(.partnerID),
      requestID: UniqueID(try row.decode(Column.requestID.position, as: PostgresUUID.self)))
  }
}

extension Refund {
  /// A refund from columns of `refund`.
  init(
    _ booking: PostgresUUID, _ seats: [Int32], _ amount: Int64, _ currency: String
  ) throws(PostgresError) {
    guard let id = BookingID(UniqueID(booking)), let currency = try? Currency(currency) else {
      throw PostgresError(.decoding, "a refund cannot be read")
    }
    self.init(bookingID: id, seatNumbers: seats, amount: Money(amount, currency))
  }
}

/// A row of read_shows(): a show's version and terms, as far as they are not in the catalogue.
struct ShowState: Sendable {
  let showID: Int64
  let version: Int64
  let pricingVersion: Int32
  let holdMinutes: Int16
  let seatsPerCustomer: Int16
  let orphanRule: OrphanRule
  let isOnSale: Bool
  let endsAt: Int64
  let refunds: RefundPolicy
  let queueVersion: Int64

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let rule = OrphanRule(rawValue: try row.decode(5)) else {
      throw PostgresError(.decoding, "an orphan rule is not known")
    }
    showID = try row.decode(0)
    version = try row.decode(1)
    pricingVersion = try row.decode(2)
    holdMinutes = try row.decode(3)
    seatsPerCustomer = try row.decode(4)
    orphanRule = rule
    isOnSale = try row.decode(6)
    endsAt = try row.decode(7, as: PostgresTimestamp.self).unixMicroseconds
    refunds = RefundPolicy(
      endsAt: try row.decode(8, as: PostgresTimestamp.self).unixMicroseconds,
      basisPoints: Int(try row.decode(9, as: Int16.self)))
    queueVersion = try row.decode(10)
  }
}

extension PostgresUUID {
  init(_ id: UniqueID) { self.init(high: id.high, low: id.low) }
}

extension UniqueID {
  init(_ id: PostgresUUID) { self.init(high: id.high, low: id.low) }
}
