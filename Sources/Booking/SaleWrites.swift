// What a decided batch does to the database: rows by value, guarded by what was there before.

/// The effect of a batch.
package struct SaleWrites: Sendable {
  /// A show that is changed, and what its decisions rest on.
  package struct Show: Sendable, Hashable {
    /// What changes, with the version it leads to; no seats and no new version when only the line
    /// changes.
    package let change: SeatChange
    /// The version of the seats it was decided on.
    package let version: Int64
    /// The version of the line it was decided on.
    package let queueVersion: Int64
    /// Whether the line changes.
    package let changesQueue: Bool
    /// The version of the prices it was decided under.
    package let pricingVersion: Int32
    /// How long its new holds last.
    package let holdMinutes: Int32

    /// Whether seats change.
    package var changesSeats: Bool { change.version > version }
  }

  /// A request that had an effect.
  package struct Entry: Sendable, Hashable {
    /// Whose it was.
    package let identity: RequestIdentity
    /// The effect, by the name it has in the log.
    package let effect: SaleEffect
    /// The show, an index into `shows`.
    package let show: Int
    /// The booking.
    package let bookingID: BookingID
    /// The booking's state that the request led to.
    package let state: BookingState
    /// The seats that the booking has lost by then.
    package let cancelledSeats: [Int32]
    /// The add-ons that it has by then, as lines of its quote.
    package let addOns: [QuoteLine]
    /// Whether the hold was extended by then.
    package let isExtended: Bool

    /// A request that changed a booking.
    package init(
      _ identity: RequestIdentity, _ effect: SaleEffect, show: Int, _ record: BookingRecord
    ) {
      self.identity = identity
      self.effect = effect
      self.show = show
      bookingID = record.id
      state = record.state
      cancelledSeats = record.cancelledSeats
      addOns = record.quote.addOns
      isExtended = record.isExtended
    }
  }

  /// A booking that is new or changed.
  package struct Booking: Sendable, Hashable {
    /// The show, an index into `shows`.
    package let show: Int
    /// The booking as it was; nil for a new one.
    package let before: BookingRecord?
    /// The booking as it will be.
    package let record: BookingRecord
  }

  /// A seat that gets another owner, state or end of its hold.
  package struct Seat: Sendable, Hashable {
    /// The show, an index into `shows`.
    package let show: Int
    /// The seat.
    package let number: Int32
    /// The state it was in.
    package let before: SeatState
    /// Whose it was.
    package let ownerBefore: BookingID?
    /// The state it gets.
    package let state: SeatState
    /// Whose it will be.
    package let owner: BookingID?
    /// The end of the hold; nil when it is not held.
    package let holdUntil: Int64?
  }

  /// A request that gives money back.
  package struct Refunded: Sendable, Hashable {
    /// The request.
    package let key: RequestKey
    /// What it gives back.
    package let refund: Refund

    /// A refund by a request.
    package init(key: RequestKey, refund: Refund) {
      self.key = key
      self.refund = refund
    }
  }

  /// A party that came or went.
  package struct Wait: Sendable, Hashable {
    /// The show, an index into `shows`.
    package let show: Int
    /// Whether it came in this batch; it may be gone already.
    package let isNew: Bool
    /// The party as it will be.
    package let entry: WaitEntry
  }

  /// Seats that were withdrawn or given back.
  package struct Block: Sendable, Hashable {
    /// The show, an index into `shows`.
    package let show: Int
    /// The request that did it.
    package let request: BlockRequest

    /// What a request did.
    package init(show: Int, _ request: BlockRequest) {
      self.show = show
      self.request = request
    }
  }

  /// The shows, by lane and id: in the order in which everyone locks them.
  package var shows: [Show] = []
  /// The requests.
  package var entries: [Entry] = []
  /// The refunds.
  package var refunds: [Refunded] = []
  /// The bookings.
  package var bookings: [Booking] = []
  /// The seats.
  package var seats: [Seat] = []
  /// The parties of the waiting list.
  package var waits: [Wait] = []
  /// Seats withdrawn or given back, in the order of the requests.
  package var blocks: [Block] = []

  /// Nothing.
  package init() {}

  /// Whether nothing is changed.
  package var isEmpty: Bool { shows.isEmpty }

  /// Whether it has what seldom changes, which is written by statements of its own.
  package var hasRarities: Bool { !waits.isEmpty || !blocks.isEmpty }
}

/// Effects of requests, named as in the request log.
package enum SaleEffect: String, Sendable, CaseIterable {
  case held
  case confirmed
  case released
  case cancelled
  case extended
  case exchanged
  case attached
}
