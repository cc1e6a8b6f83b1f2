// The statements of the sale: what is read to decide, and a decided batch as arrays of parameters.

import Booking
import Postgres

/// Reads and writes sales.
enum SaleStatements {
  /// Lane and id of a show.
  struct ShowKey: Hashable, Sendable {
    let lane: Int16
    let showID: Int64
  }

  /// A show and the versions that refusals rest on.
  struct CheckedShow {
    let key: ShowKey
    let version: Int64
    let queueVersion: Int64
    let pricingVersion: Int32
  }

  // MARK: Reading

  /// The shows' versions and terms; `locked` takes their rows until the transaction ends.
  static func shows(
    _ keys: [ShowKey], locked: Bool, on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [ShowState] {
    let result = try await database.query(
      Statements.readShows, parameters(keys) + [.bool(locked)], timeout: timeout)
    return try result.all { row throws(PostgresError) in try ShowState(row) }
  }

  /// Numbers of the withdrawn seats by show.
  static func blocked(
    _ keys: [ShowKey], on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [Int64: [Int32]] {
    let result = try await database.query(
      Statements.readBlocked, parameters(keys), timeout: timeout)
    var numbers: [Int64: [Int32]] = [:]
    for row in result.rows { numbers[try row.decode(0), default: []].append(try row.decode(1)) }
    return numbers
  }

  /// The bookings of the shows that have seats, by show.
  static func bookings(
    of keys: [ShowKey], on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [Int64: [BookingRecord]] {
    let result = try await database.query(
      Statements.readBookingsOfShows, parameters(keys), timeout: timeout)
    let records = try result.all { row throws(PostgresError) in try BookingRecord(row) }
    return Dictionary(grouping: records, by: \.showID)
  }

  /// Bookings by id, those that there are.
  static func bookings(
    _ ids: [BookingID], on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [BookingRecord] {
    let result = try await database.query(
      Statements.readBookings,
      [.array(ids.map(\.lane)), .array(ids.map { PostgresUUID($0.value) })], timeout: timeout)
    return try result.all { row throws(PostgresError) in try BookingRecord(row) }
  }

  /// What became of requests, those that had an effect.
  static func requests(
    _ keys: [RequestKey], on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [RequestKey: LoggedRequest] {
    let result = try await database.query(
      Statements.readRequests,
      [.array(keys.map(\.partnerID)), .array(keys.map { PostgresUUID($0.requestID) })],
      timeout: timeout)
    var found: [RequestKey: LoggedRequest] = [:]
    for row in result.rows { found[try LoggedRequest.key(row)] = try LoggedRequest(row) }
    return found
  }

  private static func parameters(_ keys: [ShowKey]) -> [PostgresValue] {
    [.array(keys.map(\.lane)), .array(keys.map(\.showID))]
  }

  // MARK: Writing

  /// Writes a batch and returns when it happened, in microseconds since 1970. `moment` is nil when
  /// it was decided under the locks. Throws `.serializationFailure` when it was decided on what is
  /// no longer so, `.uniqueViolation` when a request id was used before.
  static func write(
    _ writes: SaleWrites, _ moment: Moment?, on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> Int64 {
    // In the order of their ids, so that two batches with the same ids wait for each other instead of
    // forming a ring.
    let requests = writes.entries.sorted { $0.identity.key < $1.identity.key }
    let changed = writes.bookings.filter { $0.before != nil }
    let parameters =
      shows(writes.shows) + validity(moment) + [.bool(moment == nil)] + entries(requests)
      + newBookings(writes.bookings.filter { $0.before == nil }) + changedBookings(changed)
      + seats(writes.seats) + refunds(writes.refunds) + addOns(requests) + quotes(changed)
    let result = try await database.query(Statements.writeSales, parameters, timeout: timeout)
    return try result.onlyRow().decode(0, as: PostgresTimestamp.self).unixMicroseconds
  }

  /// Whether refusals were decided on what is still so; throws as `write`.
  static func check(
    _ ledgers: [CheckedShow], _ moment: Moment,
    on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> Int64 {
    let parameters: [PostgresValue] =
      [
        .array(ledgers.map(\.key.lane)), .array(ledgers.map(\.key.showID)),
        .array(ledgers.map(\.version)), .array(ledgers.map(\.queueVersion)),
        .array(ledgers.map(\.pricingVersion)),
      ] + validity(moment)
    let result = try await database.query(Statements.checkSales, parameters, timeout: timeout)
    return try result.onlyRow().decode(0, as: PostgresTimestamp.self).unixMicroseconds
  }

  private static func shows(_ shows: [SaleWrites.Show]) -> [PostgresValue] {
    [
      .array(shows.map(\.change.lane)), .array(shows.map(\.change.showID)),
      .array(shows.map(\.version)), .array(shows.map(\.queueVersion)),
      .array(shows.map(\.changesSeats)), .array(shows.map(\.changesQueue)),
      .array(shows.map(\.pricingVersion)), .array(shows.map(\.holdMinutes)),
      .byteas(shows.filter(\.changesSeats).map(\.change.message)),
    ]
  }

  private static func validity(_ moment: Moment?) -> [PostgresValue] {
    let from = moment.flatMap { $0.validFrom == .min ? nil : $0.validFrom }
    let until = moment.flatMap { $0.validUntil == .max ? nil : $0.validUntil }
    return [.timestamp(from.map(timestamp)), .timestamp(until.map(timestamp))]
  }

  private static func timestamp(_ microseconds: Int64) -> PostgresTimestamp {
    PostgresTimestamp(unixMicroseconds: microseconds)
  }

  /// Indices count from 1 in the database.
  private static func ordinal(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: index + 1) }

  private static func entries(_ entries: [SaleWrites.Entry]) -> [PostgresValue] {
    [
      .array(entries.map { ordinal($0.show) }), .array(entries.map(\.identity.partnerID)),
      .array(entries.map { PostgresUUID($0.identity.requestID) }),
      .byteas(entries.map(\.identity.hash)), .array(entries.map(\.effect.rawValue)),
      .array(entries.map { PostgresUUID($0.bookingID.value) }),
      .array(entries.map(\.state.rawValue)), cancellations(entries.map(\.cancelledSeats)),
    ]
  }

  private static func newBookings(_ bookings: [SaleWrites.Booking]) -> [PostgresValue] {
    let records = bookings.map(\.record)
    var (firsts, lasts, seatCount) = ([Int32](), [Int32](), 0)
    for record in records {
      firsts.append(ordinal(seatCount))
      seatCount += record.seatNumbers.count
      lasts.append(Int32(truncatingIfNeeded: seatCount))
    }
    return [
      .array(bookings.map { ordinal($0.show) }),
      .array(records.map { PostgresUUID($0.id.value) }), .array(records.map(\.partnerID)),
      .array(records.map(\.customerRef)), .array(records.map { PostgresUUID($0.requestID) }),
      .array(records.map(\.state.rawValue)), .array(records.flatMap(\.seatNumbers)),
      .array(firsts), .array(lasts), .array(records.map(\.quote.total.minorUnits)),
      .array(records.map(\.quote.total.currency.code)), .array(records.map(\.quote.text)),
      .array(records.map(\.paymentReference)), .array(records.map { uuid($0.supersedes) }),
      .array(records.map(\.exchangeCredit)), .array(records.map { end($0.holdUntil) }),
      .array(records.map(\.isExtended)),
    ]
  }

  private static func changedBookings(_ bookings: [SaleWrites.Booking]) -> [PostgresValue] {
    let records = bookings.map(\.record)
    return [
      .array(bookings.map { ordinal($0.show) }),
      .array(records.map { PostgresUUID($0.id.value) }),
      .array(bookings.map { $0.before?.state.rawValue }),
      .array(bookings.map { $0.before.map { timestamp($0.holdUntil) } }),
      .array(records.map(\.state.rawValue)),
      .array(records.map(\.paymentReference)), .array(records.map { timestamp($0.holdUntil) }),
      .array(records.map(\.isExtended)), .array(records.map(\.isTakenAgain)),
      cancellations(records.map(\.cancelledSeats)),
      .array(records.map { uuid($0.supersededBy) }),
    ]
  }

  /// What add-ons change of requests. Most batches have none, and nothing of it.
  private static func addOns(_ entries: [SaleWrites.Entry]) -> [PostgresValue] {
    guard entries.contains(where: { $0.effect == .attached || !$0.addOns.isEmpty }) else {
      return [.array([String?]()), .array([Bool?]())]
    }
    return [
      .array(entries.map { $0.addOns.isEmpty ? nil : Quote.text($0.addOns) }),
      .array(entries.map { $0.effect == .attached ? $0.isExtended : nil }),
    ]
  }

  /// Totals and quotes of those that cost something else now; null for others.
  private static func quotes(_ bookings: [SaleWrites.Booking]) -> [PostgresValue] {
    let quotes = bookings.map { booking in
      booking.before.flatMap { booking.record.hasQuote(of: $0) ? nil : booking.record.quote }
    }
    guard quotes.contains(where: { $0 != nil }) else {
      return [.array([Int64?]()), .array([String?]())]
    }
    return [.array(quotes.map { $0?.total.minorUnits }), .array(quotes.map { $0?.text })]
  }

  private static func uuid(_ id: BookingID?) -> PostgresUUID? {
    id.map { PostgresUUID($0.value) }
  }

  /// Lists of seats, each as text: arrays of arrays have elements of one length. Null for none.
  private static func cancellations(_ lists: [[Int32]]) -> PostgresValue {
    .array(lists.map { $0.isEmpty ? nil : list($0) })
  }

  private static func list(_ numbers: [Int32]) -> String {
    "{\(numbers.map(String.init).joined(separator: ","))}"
  }

  private static func refunds(_ refunds: [SaleWrites.Refunded]) -> [PostgresValue] {
    [
      .array(refunds.map(\.key.partnerID)),
      .array(refunds.map { PostgresUUID($0.key.requestID) }),
      .array(refunds.map(\.refund.bookingID.lane)),
      .array(refunds.map { PostgresUUID($0.refund.bookingID.value) }),
      .array(refunds.map { list($0.refund.seatNumbers) }),
      .array(refunds.map(\.refund.amount.minorUnits)),
      .array(refunds.map(\.refund.amount.currency.code)),
    ]
  }

  private static func seats(_ seats: [SaleWrites.Seat]) -> [PostgresValue] {
    [
      .array(seats.map { ordinal($0.show) }), .array(seats.map(\.number)),
      .array(seats.map(\.before.rawValue)),
      .array(seats.map { $0.ownerBefore.map { PostgresUUID($0.value) } }),
      .array(seats.map(\.state.rawValue)),
      .array(seats.map { $0.owner.map { PostgresUUID($0.value) } }),
      .array(seats.map { $0.holdUntil.flatMap(end) }),
    ]
  }

  /// The end of a hold; null when it begins with the statement.
  private static func end(_ holdUntil: Int64) -> PostgresTimestamp? {
    holdUntil == BookingRecord.notYet ? nil : timestamp(holdUntil)
  }
}

extension PostgresResult {
  /// Every row, read.
  func all<Value>(
    _ read: (PostgresRow) throws(PostgresError) -> Value
  ) throws(PostgresError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(rowCount)
    for row in rows { values.append(try read(row)) }
    return values
  }
}
