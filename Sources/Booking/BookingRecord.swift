// A booking: what the ledger keeps, the database stores and callers are told.

/// What of a booking never changes: shared by all copies, since records are copied at every step of a
/// sale.
private final class BookingOrigin: Sendable, Hashable {
  let id: BookingID
  let showID: Int64
  let partnerID: Int64
  let customerRef: String
  let requestID: UniqueID
  let seatNumbers: [Int32]
  let quote: Quote

  init(
    _ id: BookingID, _ showID: Int64, _ partnerID: Int64, _ customerRef: String,
    _ requestID: UniqueID, _ seatNumbers: [Int32], _ quote: Quote
  ) {
    self.id = id
    self.showID = showID
    self.partnerID = partnerID
    self.customerRef = customerRef
    self.requestID = requestID
    self.seatNumbers = seatNumbers
    self.quote = quote
  }

  static func == (one: BookingOrigin, other: BookingOrigin) -> Bool {
    one === other
      || (one.id == other.id && one.showID == other.showID && one.partnerID == other.partnerID
        && one.customerRef == other.customerRef && one.requestID == other.requestID
        && one.seatNumbers == other.seatNumbers && one.quote == other.quote)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// A booking at one moment. Times are the database's.
package struct BookingRecord: Sendable, Hashable {
  private let origin: BookingOrigin
  /// The state.
  package var state: BookingState
  /// Those of them that were cancelled while others were kept.
  package var cancelledSeats: [Int32]
  /// The booking that it was exchanged for.
  package var supersededBy: BookingID?
  /// The booking that was exchanged for it.
  package var supersedes: BookingID?
  /// What the booking given up for it had cost, in minor units.
  package var exchangeCredit: Int64?
  /// When the customer's time ends, in microseconds since 1970.
  package var holdUntil: Int64
  /// Whether the hold was extended.
  package var isExtended: Bool
  /// Whether the payment came after the hold had expired, and its seats were taken again.
  package var isTakenAgain: Bool
  /// The reference given on confirming; empty before.
  package var paymentReference: String
  /// When the hold was made, in microseconds since 1970.
  package var createdAt: Int64
  /// The show's version that made the booking's last change visible.
  package var version: Int64
  /// How long the hold lasted for the customer when this was told, in milliseconds; 0 when it was
  /// no longer held.
  package private(set) var expiresInMs: Int64 = 0
  /// What the request that is answered gave back; nil for a request that gives nothing back.
  package var refund: Refund?

  /// A booking.
  package init(
    id: BookingID, showID: Int64, partnerID: Int64, customerRef: String, requestID: UniqueID,
    state: BookingState, seatNumbers: [Int32], quote: Quote,
    cancelledSeats: [Int32] = [], holdUntil: Int64, isExtended: Bool = false,
    isTakenAgain: Bool = false, paymentReference: String = "", createdAt: Int64,
    version: Int64
  ) {
    origin = BookingOrigin(id, showID, partnerID, customerRef, requestID, seatNumbers, quote)
    self.state = state
    self.cancelledSeats = cancelledSeats
    self.holdUntil = holdUntil
    self.isExtended = isExtended
    self.isTakenAgain = isTakenAgain
    self.paymentReference = paymentReference
    self.createdAt = createdAt
    self.version = version
  }

  /// The id.
  package var id: BookingID { origin.id }
  /// The show.
  package var showID: Int64 { origin.showID }
  /// The partner that sold it.
  package var partnerID: Int64 { origin.partnerID }
  /// The partner's name for its customer; may be empty.
  package var customerRef: String { origin.customerRef }
  /// The request that made the hold.
  package var requestID: UniqueID { origin.requestID }
  /// The seats in the order of the quote.
  package var seatNumbers: [Int32] { origin.seatNumbers }
  /// What they cost.
  package var quote: Quote { origin.quote }

  /// The request that made the hold, as its partner's.
  package var holder: RequestKey { RequestKey(partnerID: partnerID, requestID: requestID) }

  /// Whether its seats were offered by the waiting list: no request of its own made it, and its id
  /// stands for that.
  package var isOffer: Bool { requestID == id.value }

  /// The seats that it has, or had when it ended, in the order of the quote.
  package var seatsLeft: [Int32] {
    cancelledSeats.isEmpty ? seatNumbers : seatNumbers.filter { !cancelledSeats.contains($0) }
  }

  /// What stands for the time of a statement that has not run yet.
  package static let notYet = Int64.max

  /// When nobody else can take the seats yet: the customer's time and the server's grace.
  package var graceUntil: Int64 {
    holdUntil == Self.notYet ? Self.notYet : holdUntil + Int64(Limits.holdGraceSeconds) * 1_000_000
  }

  /// The booking as it is told at a time of the database.
  package func told(at now: Int64) -> BookingRecord {
    var record = self
    record.expiresInMs = state == .held ? max(0, (holdUntil - now) / 1_000) : 0
    return record
  }
}
