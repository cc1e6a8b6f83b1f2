// What nodes may answer: effects that are in the rows, the same every time, and refusals that were
// true.

import Booking

@testable import BookingStore

/// What was so when a request reached a node.
struct Arrival {
  let time: Int64
  /// Those of its parts that had had their effect, or their place in the line.
  let logged: Set<RequestKey>
  /// The bookings there were of those that it is about.
  let bookings: Set<BookingID>
  /// The newest versions that the node had written or named.
  let told: [Int64: Int64]
}

extension Judge {
  /// A node answers a request.
  func answered(
    _ request: SaleRequest, _ outcome: SaleOutcome, _ arrival: Arrival, _ database: SimDatabase
  ) throws {
    switch (request, outcome) {
    case (.sweep, .swept), (.endWaits, .swept): break
    case (.join(let join), .inLine):
      let row = database.tables.waits[join.identity.key]
      try demand(
        row?.entry.request.identity == join.identity, "who is told to wait has a place",
        "\(join)")
    case (.together(let parts), .together(let outcomes)):
      try demand(parts.count == outcomes.count, "each of several is answered")
      for (part, outcome) in zip(parts, outcomes) {
        guard case .done(let record) = outcome, let identity = part.identity else {
          throw Violation("all together or none", "\(outcome)")
        }
        try done(identity, record, database.tables)
      }
    case (.together(let parts), .refusedTogether(let item, let refusal)):
      try demand(parts.indices.contains(item), "a refusal names an item that there is")
      try refused(parts[item], after: Array(parts[..<item]), refusal, arrival, database)
    case (.block(let block), .seatsChanged(let version)):
      let row = database.tables.log[block.identity.key]
      try demand(
        row?.blockVersion == version && row?.hash == block.identity.hash,
        "what is acknowledged is in the rows", "\(block)")
    case (_, .done(let record)):
      guard let identity = request.identity else { throw Violation("nobody asked", "\(request)") }
      try done(identity, record, database.tables)
    case (_, .refused(let refusal)):
      try refused(request, after: [], refusal, arrival, database)
    default: throw Violation("a request is answered", "\(request): \(outcome)")
    }
  }

  private func done(
    _ identity: RequestIdentity, _ record: BookingRecord, _ tables: Tables
  ) throws {
    let key = identity.key
    guard let row = tables.log[key], let effect = row.effect,
      let booking = tables.bookings[record.id]
    else { throw Violation("what is acknowledged is in the rows", "\(key)") }
    try demand(row.hash == identity.hash, "a request id stands for one body", "\(key)")
    try demand(
      effect.bookingID == record.id && effect.state == record.state
        && effect.version == record.version, "what is acknowledged is in the rows",
      "\(record.state) at \(record.version), \(row)")
    try demand(
      booking.seatNumbers == record.seatNumbers
        && (try? booking.quote.with(addOns: effect.addOns)) == record.quote,
      "an answer tells the booking's seats and price of then", "\(record.id)")
    // What the same transaction has extended afterwards ends later than its earlier answers tell.
    if record.state == .held, booking.version == record.version, booking.state == .held,
      booking.isExtended == record.isExtended
    {
      try demand(record.holdUntil == booking.holdUntil, "an answer tells the end of the hold")
    }
    try sameAsFirst(key, record)
  }

  private func sameAsFirst(_ key: RequestKey, _ record: BookingRecord) throws {
    guard let first = answers[key] else { return answers[key] = record }
    try demand(
      first.id == record.id && first.state == record.state && first.version == record.version
        && first.paymentReference == record.paymentReference && first.refund == record.refund
        && first.seatsLeft == record.seatsLeft && first.quote == record.quote
        && first.isExtended == record.isExtended
        && first.supersedes == record.supersedes
        && first.exchangeCredit == record.exchangeCredit,
      "a repeated request has its first answer", "\(first.state), \(record.state)")
  }

  /// Somebody is told what became of a request; nil: nothing so far.
  func told(_ fate: RequestFate?, of key: RequestKey) throws {
    switch fate {
    case .ran(let record): try sameAsFirst(key, record)
    case .ranWithoutBooking: try demand(answers[key] == nil, "a booking is told", "\(key)")
    case .fenced, nil:
      try demand(answers[key] == nil, "what is acknowledged is found again", "\(key)")
    }
  }
}
