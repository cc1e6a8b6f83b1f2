// A batch of requests as one statement: arrays in, one outcome per request out, in order.

import Booking
import Postgres

/// The statements that sell seats.
enum SeatCommands {
  /// Holds seats for each request; outcomes in the order of the requests.
  static func hold(
    _ requests: [HoldRequest], on database: any Database, timeout: Duration?
  ) async throws(PostgresError) -> [HoldOutcome] {
    let result = try await database.query(
      Statements.holdSeats, holdParameters(requests), timeout: timeout)
    return try outcomes(of: result, count: requests.count) { row throws(PostgresError) in
      try HoldOutcome(row)
    }
  }

  /// Changes the booking of each request, all by the same change; outcomes in order.
  static func change(
    _ change: ChangeRequest.Change, _ requests: [ChangeRequest], on database: any Database,
    timeout: Duration?
  ) async throws(PostgresError) -> [ChangeOutcome] {
    var parameters = identityParameters(requests.map(\.identity))
    parameters.append(.array(requests.map(\.bookingID.lane)))
    parameters.append(.array(requests.map { PostgresUUID($0.bookingID.value) }))
    let statement: PostgresStatement
    switch change {
    case .confirm:
      statement = Statements.confirmBookings
      parameters.append(.array(requests.map(\.paymentReference)))
    case .release: statement = Statements.releaseHolds
    case .cancel: statement = Statements.cancelBookings
    }
    let result = try await database.query(statement, parameters, timeout: timeout)
    return try outcomes(of: result, count: requests.count) { row throws(PostgresError) in
      try ChangeOutcome(row)
    }
  }

  private static func identityParameters(_ identities: [RequestIdentity]) -> [PostgresValue] {
    [
      .array(identities.map(\.partnerID)),
      .array(identities.map { PostgresUUID($0.requestID) }),
      .byteas(identities.map(\.hash)),
    ]
  }

  private static func holdParameters(_ requests: [HoldRequest]) -> [PostgresValue] {
    var seats = (ordinals: [Int32](), numbers: [Int32]())
    var prices = (ordinals: [Int32](), list: [HoldRequest.Price]())
    for (index, request) in requests.enumerated() {
      let ordinal = Int32(truncatingIfNeeded: index + 1)
      if case .named(let numbers) = request.selection {
        seats.numbers.append(contentsOf: numbers)
        seats.ordinals.append(contentsOf: repeatElement(ordinal, count: numbers.count))
      }
      prices.list.append(contentsOf: request.prices)
      prices.ordinals.append(contentsOf: repeatElement(ordinal, count: request.prices.count))
    }
    return identityParameters(requests.map(\.identity)) + [
      .array(requests.map { PostgresUUID($0.bookingID.value) }),
      .array(requests.map(\.bookingID.lane)), .array(requests.map(\.showID)),
      .array(requests.map(\.customerRef)), .array(requests.map(\.pricingVersion)),
      .array(requests.map(\.bestCount)),
      .array(requests.map { _ in Int32(Limits.seatsPerBooking) }),
      .array(seats.ordinals), .array(seats.numbers),
      .array(prices.ordinals), .array(prices.list.map(\.tier)),
      .array(prices.list.map(\.quote.total.minorUnits)), .array(prices.list.map(\.quote.text)),
    ]
  }

  private static func outcomes<Outcome>(
    of result: PostgresResult, count: Int,
    _ decode: (PostgresRow) throws(PostgresError) -> Outcome
  ) throws(PostgresError) -> [Outcome] {
    guard result.rowCount == count else {
      throw PostgresError(.decoding, "\(result.rowCount) outcomes for \(count) requests")
    }
    var outcomes: [Outcome] = []
    outcomes.reserveCapacity(count)
    for (index, row) in result.rows.enumerated() {
      guard try row.decode(OutcomeColumn.ordinal.rawValue, as: Int.self) == index + 1 else {
        throw PostgresError(.decoding, "outcomes out of order")
      }
      outcomes.append(try decode(row))
    }
    return outcomes
  }
}

extension HoldRequest {
  /// How many seats to choose; 0 for named ones.
  fileprivate var bestCount: Int32 {
    if case .best(let count) = selection { Int32(clamping: count) } else { 0 }
  }
}

extension PostgresUUID {
  init(_ id: UniqueID) { self.init(high: id.high, low: id.low) }
}
