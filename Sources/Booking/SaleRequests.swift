// What a show's ledger is asked, and what it answers. Plain values: what they become in the
// database is BookingStore's.

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

  /// The identity without the body: ids are a partner's own.
  package var key: RequestKey { RequestKey(partnerID: partnerID, requestID: requestID) }
}

/// A request id and the partner that chose it.
package struct RequestKey: Sendable, Hashable {
  /// The partner.
  package let partnerID: Int64
  /// The id.
  package let requestID: UniqueID

  /// A partner's request id.
  package init(partnerID: Int64, requestID: UniqueID) {
    self.partnerID = partnerID
    self.requestID = requestID
  }
}

extension RequestKey: Comparable {
  /// By partner, then by the bytes of the id.
  package static func < (one: RequestKey, other: RequestKey) -> Bool {
    (one.partnerID, one.requestID.high, one.requestID.low)
      < (other.partnerID, other.requestID.high, other.requestID.low)
  }
}

/// Asks to hold seats of a show.
package struct HoldRequest: Sendable, Hashable {
  /// Which seats.
  package enum Selection: Sendable, Hashable {
    /// These, by number, each once.
    case named([Int32])
    /// Adjacent ones that the server chooses.
    case best(BestWish)

    /// How many.
    package var count: Int {
      switch self {
      case .named(let numbers): numbers.count
      case .best(let wish): wish.count
      }
    }
  }

  /// Who asks.
  package let identity: RequestIdentity
  /// The id the booking will have; its lane is the show's.
  package let bookingID: BookingID
  /// The show.
  package let showID: Int64
  /// The partner's name for its customer; may be empty.
  package let customerRef: String
  /// Which seats.
  package let selection: Selection

  /// Asks for seats.
  package init(
    identity: RequestIdentity, bookingID: BookingID, showID: Int64, customerRef: String,
    selection: Selection
  ) {
    self.identity = identity
    self.bookingID = bookingID
    self.showID = showID
    self.customerRef = customerRef
    self.selection = selection
  }
}

/// Seats left to the server's choice.
package struct BestWish: Sendable, Hashable {
  /// How many.
  package let count: Int
  /// The tier they must be in; empty for any one tier.
  package let tier: String
  /// Whether two parts on adjoining rows will do when no run is left.
  package let allowSplit: Bool

  /// A wish for seats.
  package init(count: Int, tier: String = "", allowSplit: Bool = false) {
    self.count = count
    self.tier = tier
    self.allowSplit = allowSplit
  }
}

/// Asks to change a booking.
package struct ChangeRequest: Sendable, Hashable {
  /// Which change.
  package enum Change: Sendable, Hashable, CaseIterable {
    /// Held → confirmed.
    case confirm
    /// Held → released.
    case release
    /// Confirmed → cancelled, or with fewer seats.
    case cancel
    /// A hold lasts once more as long; once.
    case extend
    /// A hold gets add-ons instead of those that it had.
    case attach
  }

  /// Which change.
  package let change: Change
  /// Who asks.
  package let identity: RequestIdentity
  /// The booking.
  package let bookingID: BookingID
  /// Reference of the payment; empty except for a confirmation.
  package let paymentReference: String
  /// Labels of the seats to cancel, each once; empty for all that are left.
  package let seats: [String]
  /// The add-ons to attach.
  package var addOns: AddOnWish

  /// Asks for a change.
  package init(
    _ change: Change, _ identity: RequestIdentity, bookingID: BookingID,
    paymentReference: String = "", seats: [String] = [], addOns: AddOnWish = AddOnWish()
  ) {
    self.change = change
    self.identity = identity
    self.bookingID = bookingID
    self.paymentReference = paymentReference
    self.seats = seats
    self.addOns = addOns
  }
}

/// A request for the lane that sells a show or a booking's show.
package indirect enum SaleRequest: Sendable, Hashable {
  /// To hold seats.
  case hold(HoldRequest)
  /// To change a booking.
  case change(ChangeRequest)
  /// To give up a booking for other seats.
  case exchange(ExchangeRequest)
  /// Holds and changes, of any shows and lanes: all of them or none.
  case together([SaleRequest])
  /// To end the holds of a show whose time is over. Nobody waits for the answer.
  case sweep(lane: Int16, showID: Int64)
  /// To wait for seats of a show, or to go on waiting.
  case join(WaitRequest)
  /// To wait no longer; those that do not wait are passed over.
  case endWaits(lane: Int16, showID: Int64, [WaitEnd])
  /// To withdraw seats of a show, or to give them back.
  case block(BlockRequest)

  /// Who asks; nil for the server itself, and for requests that each say it.
  package var identity: RequestIdentity? {
    switch self {
    case .hold(let request): request.identity
    case .change(let request): request.identity
    case .exchange(let request): request.wanted.identity
    case .join(let request): request.identity
    case .block(let request): request.identity
    case .sweep, .together, .endWaits: nil
    }
  }
}

/// What became of a request.
package enum SaleOutcome: Sendable, Hashable {
  /// Done: the booking as this request left it, now or when it was answered first.
  case done(BookingRecord)
  /// Nothing was changed.
  case refused(SaleRefusal)
  /// All of them were done, each with its own outcome.
  case together([SaleOutcome])
  /// None was done, because this one could not be.
  case refusedTogether(item: Int, SaleRefusal)
  /// The holds of a show that were over have ended.
  case swept
  /// The party has a place in the line or had one: what became of it is read from the list.
  case inLine
  /// Seats were withdrawn or given back, now or when it was answered first, with this version of the
  /// show.
  case seatsChanged(version: Int64)
}

/// Why nothing was changed.
package enum SaleRefusal: Sendable, Hashable {
  /// These seats were lost, with the state they were in at a version of the show.
  case seatsUnavailable([SeatStatus], version: Int64)
  /// There is no run of so many free seats in any tier allowed.
  case noAdjacentSeats
  /// These seats would be left alone, and others could be had that leave none.
  case strandsSeats([Int32])
  /// The customer would have more seats of the show than allowed.
  case holdLimitExceeded
  /// The show is not on sale, or over.
  case salesClosed
  /// There is no such show.
  case showNotFound
  /// Prices or layout have changed: read the show again and repeat.
  case staleShow
  /// The request id was used for another request.
  case requestIDReused
  /// The request id was fenced: it never runs.
  case requestFenced
  /// There is no such booking.
  case bookingNotFound
  /// The booking is another partner's.
  case foreignBooking
  /// The booking is in a state that does not allow it; a hold that is over is `.expired`.
  case wrongState(BookingRecord)
  /// The hold was extended before.
  case extendedBefore(BookingRecord)
  /// The booking does not have these seats, or no longer.
  case seatsNotInBooking([String])
  /// The show's theatre does not have these add-ons.
  case addOnsNotFound([Int64])
  /// These add-ons have ended.
  case addOnsEnded([Int64])
  /// A seat would have more of these add-ons than their theatre allows.
  case tooManyAddOns([Int64])
  /// The show whose seats are to be exchanged has begun.
  case showBegan
  /// The other show, or an add-on, is sold in another currency.
  case currencyDiffers
  /// The show's free seats are for those who wait.
  case reservedForWaiting
  /// Fewer seats are free or held than the party wants.
  case waitIsHopeless
  /// The line is as long as it may be.
  case waitlistFull
  /// These seats are set aside for another partner.
  case seatsAllocated([Int32])
  /// These seats are not withdrawn.
  case seatsNotBlocked([Int32])
}
