// Rows of the table `offer`, read and written. Positions are those of list_offers.sql.

import Booking
import Postgres

extension Offer {
  /// Reads the columns of list_offers.
  init(_ row: PostgresRow) throws(PostgresError) {
    let target = Target(
      partnerID: try row.decode(14), tier: try row.decode(15),
      seats: try row.decode(16, as: [Int32]?.self).map(Set.init),
      weekdays: try row.decode(9, as: Int16?.self).flatMap(UInt8.init(exactly:))
        .map(Weekdays.init(rawValue:)))
    self.init(
      id: try row.decode(0), title: try row.decode(1), discount: try Discount(row),
      condition: try Condition(row), target: target,
      priority: Int(try row.decode(10, as: Int32.self)), isExclusive: try row.decode(11),
      validFrom: try row.decode(12, as: PostgresTimestamp?.self)?.unixMicroseconds,
      validUntil: try row.decode(13, as: PostgresTimestamp?.self)?.unixMicroseconds)
  }
}

extension Offer.Discount {
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    if let share = try row.decode(3, as: Int32?.self) {
      self = .share(basisPoints: Int(share))
    } else if let amount = try row.decode(4, as: Int64?.self),
      let currency = try? Currency(try row.decode(5))
    {
      self = .amount(Money(amount, currency))
    } else {
      throw PostgresError(.decoding, "an offer without a discount")
    }
  }
}

extension Offer.Condition {
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    let window = (try row.decode(6, as: Int32?.self), try row.decode(7, as: Int32?.self))
    switch (try row.decode(2, as: Int16.self), window, try row.decode(8, as: Int32?.self)) {
    case (1, (let first?, let last?), _) where first <= last:
      self = .timeWindow(Int(first)...Int(last))
    case (2, _, let position?): self = .nthTicket(Int(position))
    case (3, _, _): self = .everySeat
    default: throw PostgresError(.decoding, "an offer of an unknown kind")
    }
  }

  /// The columns kind, first_minute, last_minute and ticket_position.
  fileprivate var values: (PostgresValue, PostgresValue, PostgresValue, PostgresValue) {
    let none = PostgresValue.int4(nil)
    return switch self {
    case .timeWindow(let window):
      (.int2(1), .int4(Int32(window.lowerBound)), .int4(Int32(window.upperBound)), none)
    case .nthTicket(let position): (.int2(2), none, none, .int4(Int32(position)))
    case .everySeat: (.int2(3), none, none, none)
    }
  }
}

extension OfferTerms {
  /// What create_offer() and update_offer() take for them.
  var values: [PostgresValue] {
    let (kind, first, last, position) = condition.values
    var share: Int32?
    var amount: Money?
    switch discount {
    case .share(let basisPoints): share = Int32(clamping: basisPoints)
    case .amount(let money): amount = money
    }
    return [
      .text(title), kind, .int4(share), .int8(amount?.minorUnits),
      .text(amount?.currency.code), first, last, position,
      .int2(weekdays.map { Int16($0.rawValue) }), .int4(Int32(clamping: priority)),
      .bool(isExclusive), Self.timestamp(validFrom), Self.timestamp(validUntil),
    ]
  }

  private static func timestamp(_ microseconds: Int64?) -> PostgresValue {
    .timestamp(microseconds.map { PostgresTimestamp(unixMicroseconds: $0) })
  }
}

extension ManagedOffer {
  /// Reads a row of list_managed_offers.
  init(_ row: PostgresRow) throws(PostgresError) {
    offer = try Offer(row)
    place = OfferPlace(
      theatreID: try row.decode(17), auditoriumID: try row.decode(18), showID: try row.decode(19),
      movieID: try row.decode(20))
    ownerID = try row.decode(21)
    isActive = try row.decode(22)
    createdAt = try row.decode(23, as: PostgresTimestamp.self).unixMicroseconds
    seatLabels = try row.decode(24)
  }
}

extension Allocation {
  /// Reads the first columns of list_allocations and list_managed_allocations.
  init(_ row: PostgresRow) throws(PostgresError) {
    let share: Share
    if let numbers = try row.decode(2, as: [Int32]?.self) {
      share = .seats(Set(numbers))
    } else {
      share = .quota(tier: try row.decode(3), count: Int(try row.decode(4, as: Int32.self)))
    }
    self.init(
      id: try row.decode(0), partnerID: try row.decode(1), share: share,
      returnsAt: try row.decode(5, as: PostgresTimestamp.self).unixMicroseconds)
  }
}
