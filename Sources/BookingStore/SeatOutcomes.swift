// Reads rows of the type `booking_outcome`. A row that is not as the schema says is a fault.

import Booking
import Postgres

/// The columns of `booking_outcome`, by position.
enum OutcomeColumn: Int {
  case ordinal, outcome, bookingID, showID, bookingState, seatNos, total, currency, quote
  case expiresInMs, customerRef, paymentReference, createdAt, version, lostSeatNos, lostStates
}

extension PostgresRow {
  func decode<Value: PostgresDecodable>(
    _ column: OutcomeColumn, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    try decode(column.rawValue, as: type)
  }
}

extension BookingRecord {
  /// Reads the booking of a row that has one.
  init(_ row: PostgresRow) throws(PostgresError) {
    let uuid: PostgresUUID = try row.decode(.bookingID)
    let total: Int64 = try row.decode(.total)
    guard let id = BookingID(UniqueID(high: uuid.high, low: uuid.low)),
      let state = BookingState(rawValue: try row.decode(.bookingState)),
      let currency = try? Currency(try row.decode(.currency)),
      let quote = try? Quote(text: try row.decode(.quote), currency: currency),
      quote.total.minorUnits == total
    else {
      throw PostgresError(.decoding, "a booking cannot be read")
    }
    let createdAt: PostgresTimestamp = try row.decode(.createdAt)
    self.init(
      id: id, showID: try row.decode(.showID), state: state,
      seatNumbers: try row.decode(.seatNos), quote: quote,
      expiresInMs: try row.decode(.expiresInMs), customerRef: try row.decode(.customerRef),
      paymentReference: try row.decode(.paymentReference),
      createdAtUnixMicroseconds: createdAt.unixMicroseconds, version: try row.decode(.version))
  }
}

extension HoldOutcome {
  init(_ row: PostgresRow) throws(PostgresError) {
    switch try row.decode(.outcome, as: String.self) {
    case "held": self = .held(try BookingRecord(row))
    case "seats_unavailable": self = .seatsUnavailable(try Self.lostSeats(row))
    case "no_adjacent_seats": self = .noAdjacentSeats
    case "hold_limit_exceeded": self = .holdLimitExceeded
    case "sales_closed": self = .salesClosed
    case "show_not_found": self = .showNotFound
    case "stale_pricing": self = .stalePricing
    case "request_id_reused": self = .requestIDReused
    default: throw PostgresError(.decoding, "an outcome is not known")
    }
  }

  private static func lostSeats(_ row: PostgresRow) throws(PostgresError) -> [SeatStatus] {
    let numbers: [Int32] = try row.decode(.lostSeatNos)
    let states: [Int16] = try row.decode(.lostStates)
    let seats = zip(numbers, states).compactMap { number, state in
      SeatState(rawValue: state).map { SeatStatus(number: number, state: $0) }
    }
    guard seats.count == numbers.count, numbers.count == states.count else {
      throw PostgresError(.decoding, "lost seats cannot be read")
    }
    return seats
  }
}

extension ChangeOutcome {
  init(_ row: PostgresRow) throws(PostgresError) {
    switch try row.decode(.outcome, as: String.self) {
    case "confirmed", "released", "cancelled": self = .changed(try BookingRecord(row))
    case "booking_state": self = .wrongState(try BookingRecord(row))
    case "booking_not_found": self = .bookingNotFound
    case "foreign_booking": self = .foreignBooking
    case "request_id_reused": self = .requestIDReused
    default: throw PostgresError(.decoding, "an outcome is not known")
    }
  }
}
