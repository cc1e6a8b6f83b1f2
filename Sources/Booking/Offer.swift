// Offers: rules that lower prices, and whether one applies to a show, a buyer, a seat or a moment.

/// A rule that lowers prices.
///
/// Of the offers that apply to a seat, those for each seat come first and those for a ticket's position
/// after them, each of the two by priority, the highest first, and then by id. Each lowers the price that
/// those before it left. After an exclusive offer no other applies to the same seat.
package struct Offer: Hashable, Sendable {
  /// Which tickets of a booking an offer lowers.
  package enum Condition: Hashable, Sendable {
    /// Each seat.
    case everySeat
    /// Each seat of a show that starts in this part of the theatre's day, in minutes after
    /// local midnight, both ends included.
    case timeWindow(ClosedRange<Int>)
    /// The ticket at this position of a booking, counted from 1.
    case nthTicket(Int)
  }

  /// By how much.
  package enum Discount: Hashable, Sendable {
    /// A share of the price that is left, of ten thousand: 2,000 is 20 %.
    case share(basisPoints: Int)
    /// An amount, but no more than the price that is left; in shows of its currency only.
    case amount(Money)
  }

  /// What an offer is for; nothing is left out of what is nil.
  package struct Target: Hashable, Sendable {
    /// This partner's sales.
    package var partnerID: Int64?
    /// Seats of this tier.
    package var tier: String?
    /// These seats, by number.
    package var seats: Set<Int32>?
    /// Shows that start on these days of the theatre's week.
    package var weekdays: Weekdays?

    /// Everything, or less.
    package init(
      partnerID: Int64? = nil, tier: String? = nil, seats: Set<Int32>? = nil,
      weekdays: Weekdays? = nil
    ) {
      self.partnerID = partnerID
      self.tier = tier
      self.seats = seats
      self.weekdays = weekdays
    }
  }

  /// The offer's id.
  package let id: Int64
  /// Its name as quotes print it; without control characters.
  package let title: String
  /// By how much it lowers a price.
  package let discount: Discount
  /// When it applies.
  package let condition: Condition
  /// What it is for.
  package let target: Target
  /// Those of higher priority come first.
  package let priority: Int
  /// Whether no other offer applies to a seat after this one.
  package let isExclusive: Bool
  /// From when on it applies, in microseconds since 1970; nil for ever since.
  package let validFrom: Int64?
  /// From when on it no longer applies; nil for never.
  package let validUntil: Int64?

  /// An offer as the catalogue has it.
  package init(
    id: Int64, title: String, discount: Discount, condition: Condition, target: Target = Target(),
    priority: Int = 0, isExclusive: Bool = false, validFrom: Int64? = nil, validUntil: Int64? = nil
  ) {
    self.id = id
    self.title = title
    self.discount = discount
    self.condition = condition
    self.target = target
    self.priority = priority
    self.isExclusive = isExclusive
    self.validFrom = validFrom
    self.validUntil = validUntil
  }

  /// The position of the ticket that it lowers; nil for an offer for each seat.
  var ticketPosition: Int? {
    if case .nthTicket(let position) = condition { position } else { nil }
  }

  /// Whether it applies to any sale at all of a show that starts then and is sold in a currency.
  func mayApply(startingAt start: LocalStart, in currency: Currency) -> Bool {
    if case .timeWindow(let window) = condition, !window.contains(start.minute) { return false }
    if case .amount(let amount) = discount, amount.currency != currency { return false }
    return target.weekdays?.contains(start.weekday) ?? true
  }

  /// Whether it applies to a seat that a partner sells now.
  func applies(
    to seat: LayoutSeat, soldBy partnerID: Int64, _ moment: inout Moment
  ) -> Bool {
    (target.partnerID ?? partnerID) == partnerID && (target.tier ?? seat.tier) == seat.tier
      && (target.seats?.contains(seat.number) ?? true) && isValid(&moment)
  }

  /// Asked last: what does not apply anyway must not limit for how long a decision holds.
  private func isValid(_ moment: inout Moment) -> Bool {
    if let validFrom, !moment.isOver(validFrom) { return false }
    if let validUntil, moment.isOver(validUntil) { return false }
    return true
  }

  /// The order in which offers apply.
  static func precedes(_ one: Offer, _ other: Offer) -> Bool {
    (other.priority, one.id) < (one.priority, other.id)
  }
}

/// Days of the week.
package struct Weekdays: OptionSet, Hashable, Sendable {
  /// Monday is bit 0, Sunday bit 6.
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// One day: 1 is Monday, 7 is Sunday. Nil for anything else.
  package init?(day: Int) {
    guard (1...7).contains(day) else { return nil }
    rawValue = 1 << UInt8(day - 1)
  }

  /// The days, Monday first: 1 is Monday.
  package var days: [Int] { (1...7).filter { rawValue >> UInt8($0 - 1) & 1 == 1 } }
}

/// When a show starts, on the theatre's wall clock.
package struct LocalStart: Hashable, Sendable {
  /// In minutes after midnight.
  package let minute: Int
  /// The day of the week: one element.
  package let weekday: Weekdays

  /// A start on a day of the week.
  package init(minute: Int, weekday: Weekdays) {
    self.minute = minute
    self.weekday = weekday
  }

  /// A start on a day.
  package init(minute: Int, on date: CalendarDate) {
    // 1970-01-01 was a Thursday.
    let day = (Int(date.daysSince1970) + 3) % 7
    self.init(minute: minute, weekday: Weekdays(rawValue: 1 << UInt8((day + 7) % 7)))
  }
}
