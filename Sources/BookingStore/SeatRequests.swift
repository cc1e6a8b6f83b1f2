// What a lane is asked and what it answers. Plain values: the SQL side is SeatCommands.

package import Booking

/// What identifies a change of a partner, so that repeating it changes nothing.
package struct RequestIdentity: Sendable, Hashable {
  /// The partner whose credential the call carried.
  package let partnerID: Int64
  /// The caller's id for the request.
  package let requestID: UniqueID
  /// Digest of the request's canonical form, 32 bytes.
  package let hash: [UInt8]

  /// Identifies a request.
  package init(partnerID: Int64, requestID: UniqueID, hash: [UInt8]) {
    self.partnerID = partnerID
    self.requestID = requestID
    self.hash = hash
  }
}

/// Asks to hold seats of a show.
package struct HoldRequest: Sendable {
  /// Which seats.
  package enum Selection: Sendable, Hashable {
    /// These, in the order of the quote, by number.
    case named([Int32])
    /// This many adjacent ones of one of the tiers that have an offered price.
    case best(Int)
  }

  /// A price worked out beforehand: what the seats cost if they are of this tier.
  package struct Price: Sendable, Hashable {
    /// The tier; empty for named seats, whose tiers are known.
    package let tier: String
    /// The quote for all seats together.
    package let quote: Quote
  }

  /// Who asks.
  package let identity: RequestIdentity
  /// The id the booking will have.
  package let bookingID: BookingID
  /// The show.
  package let showID: Int64
  /// The partner's name for its customer; may be empty.
  package let customerRef: String
  /// The state of prices the quotes were made from.
  package let pricingVersion: Int32
  /// Which seats.
  package let selection: Selection
  /// One per tier allowed, or one for named seats.
  package let prices: [Price]
}

/// Asks to change the state of a booking.
package struct ChangeRequest: Sendable {
  /// Which change.
  package enum Change: Sendable, Hashable, CaseIterable {
    /// Held → confirmed.
    case confirm
    /// Held → released.
    case release
    /// Confirmed → cancelled.
    case cancel
  }

  /// Which change.
  package let change: Change
  /// Who asks.
  package let identity: RequestIdentity
  /// The booking.
  package let bookingID: BookingID
  /// Reference of the payment; empty except for a confirmation.
  package let paymentReference: String

  /// Asks for a change.
  package init(
    _ change: Change, _ identity: RequestIdentity, bookingID: BookingID,
    paymentReference: String = ""
  ) {
    self.change = change
    self.identity = identity
    self.bookingID = bookingID
    self.paymentReference = paymentReference
  }
}

/// A booking as the database has it, or as it was when the request was answered first.
package struct BookingRecord: Sendable, Hashable {
  /// The id.
  package let id: BookingID
  /// The show.
  package let showID: Int64
  /// The state.
  package let state: BookingState
  /// The seats in the order of the quote.
  package let seatNumbers: [Int32]
  /// What they cost.
  package let quote: Quote
  /// How long the hold lasts for the customer, in milliseconds; 0 when it is over.
  package let expiresInMs: Int64
  /// The partner's name for its customer.
  package let customerRef: String
  /// The reference given on confirming; empty before.
  package let paymentReference: String
  /// When the hold was made, in microseconds since 1970.
  package let createdAtUnixMicroseconds: Int64
  /// The show's version that made the booking's last change visible.
  package let version: Int64
}

/// What became of a hold request.
package enum HoldOutcome: Sendable, Hashable {
  /// All seats are held.
  case held(BookingRecord)
  /// These were lost, with the state they are in; nothing is held.
  case seatsUnavailable([SeatStatus])
  /// There is no run of so many free seats in any tier allowed.
  case noAdjacentSeats
  /// The customer would have more seats of the show than allowed.
  case holdLimitExceeded
  /// The show is not on sale, or over.
  case salesClosed
  /// There is no such show in this lane.
  case showNotFound
  /// Prices or layout have changed since the quote: read the show again and repeat.
  case stalePricing
  /// The request id was used for another request.
  case requestIDReused
}

/// What became of a change request.
package enum ChangeOutcome: Sendable, Hashable {
  /// Done.
  case changed(BookingRecord)
  /// The booking is in a state that does not allow it; a hold that is over is `.expired`.
  case wrongState(BookingRecord)
  /// There is no such booking.
  case bookingNotFound
  /// The booking is another partner's.
  case foreignBooking
  /// The request id was used for another request.
  case requestIDReused
}
