// Offers: rules that lower prices, and whether one applies to a show, a buyer or a seat.

/// A rule that lowers prices.
package struct Offer: Hashable, Sendable {
  /// When an offer applies.
  package enum Condition: Hashable, Sendable {
    /// To each seat of a show that starts in this part of the theatre's day, in minutes after
    /// local midnight, both ends included.
    case timeWindow(ClosedRange<Int>)
    /// To the ticket at this position of a booking, counted from 1.
    case nthTicket(Int)
  }

  /// The offer's id.
  package let id: Int64
  /// Its name as quotes print it; without control characters.
  package let title: String
  /// The discount: 2,000 is 20 %.
  package let discountBasisPoints: Int
  /// When it applies.
  package let condition: Condition
  /// Only for this partner's sales; nil for everyone's.
  package let partnerID: Int64?
  /// Only for seats of this tier; nil for any.
  package let tier: String?

  /// An offer as the catalogue has it.
  package init(
    id: Int64, title: String, discountBasisPoints: Int, condition: Condition,
    partnerID: Int64? = nil, tier: String? = nil
  ) {
    self.id = id
    self.title = title
    self.discountBasisPoints = discountBasisPoints
    self.condition = condition
    self.partnerID = partnerID
    self.tier = tier
  }

  /// True for an offer that lowers each seat's price by itself in a show that starts then.
  package func appliesToEachSeat(startingAtLocalMinute minute: Int) -> Bool {
    if case .timeWindow(let window) = condition { window.contains(minute) } else { false }
  }

  /// True when nothing in the sale can change whether the offer applies to a show that starts
  /// then, or only the position of a ticket can.
  package func mayApply(startingAtLocalMinute minute: Int) -> Bool {
    if case .nthTicket = condition {
      true
    } else {
      appliesToEachSeat(startingAtLocalMinute: minute)
    }
  }
}
