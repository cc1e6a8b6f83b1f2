// Rows of the tables of sales, read. A row that is not as the schema says is a fault.

import Booking
import Postgres

/// The columns of the table `booking`, by position.
enum BookingColumn: Int {
  case lane, bookingID, showID, partnerID, customerRef, requestID, state, seatNos, total, currency
  case quote, holdUntil, isExtended, paymentReference, version, createdAt, changedAt, isTakenAgain

  /// Where the columns begin that a statement adds.
  static let count = 18
}

extension PostgresRow {
  fileprivate func decode<Value: PostgresDecodable>(
    _ column: BookingColumn, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    try decode(column.rawValue, as: type)
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
      holdUntil: try row.decode(.holdUntil, as: PostgresTimestamp.self).unixMicroseconds,
      isExtended: try row.decode(.isExtended), isTakenAgain: try row.decode(.isTakenAgain),
      paymentReference: try row.decode(.paymentReference),
      createdAt: try row.decode(.createdAt, as: PostgresTimestamp.self).unixMicroseconds,
      version: try row.decode(.version))
  }
}

/// A request that had an effect before.
struct LoggedRequest: Sendable {
  /// Digest of its body.
  let hash: [UInt8]
  /// The booking as it left it.
  let record: BookingRecord

  /// Reads a row of read_requests().
  init(_ row: PostgresRow) throws(PostgresError) {
    hash = try row.decode(BookingColumn.count + 1)
    record = try BookingRecord(row)
  }

  /// The key it is found by.
  static func key(_ row: PostgresRow) throws(PostgresError) -> RequestKey {
    RequestKey(
      partnerID: try row.decode(.partnerID),
      requestID: UniqueID(try row.decode(BookingColumn.count, as: PostgresUUID.self)))
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
  }
}

extension PostgresUUID {
  init(_ id: UniqueID) { self.init(high: id.high, low: id.low) }
}

extension UniqueID {
  init(_ id: PostgresUUID) { self.init(high: id.high, low: id.low) }
}
