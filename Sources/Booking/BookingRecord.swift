// A booking: what the ledger keeps, the database stores and callers are told.

/// What of a booking hardly ever changes: shared by all copies, since records are copied at every step of
/// a sale.
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

/// What only some bookings come to have: most copies are made of holds, which have none of it.
private struct Sequel: Sendable, Hashable {
  var cancelledSeats: [Int32] = []
  var supersededBy: BookingID?
  var supersedes: BookingID?
  var exchangeCredit: Int64?
  var paymentReference = ""
  var refund: Refund?
}

private final class BookingSequel: Sendable, Hashable {
  let told: Sequel

  init(_ told: Sequel) { self.told = told }

  static func == (one: BookingSequel, other: BookingSequel) -> Bool { one.told == other.told }

  func hash(into hasher: inout Hasher) { hasher.combine(told) }
}

/// A booking at one moment. Times are the database's.
package struct BookingRecord: Sendable, Hashable {
  private var origin: BookingOrigin
  /// The state.
  package var state: BookingState
  /// When the customer's time ends, in microseconds since 1970.
  package var holdUntil: Int64
  /// Whether the hold was extended.
  package var isExtended: Bool
  /// Whether the payment came after the hold had expired, and its seats were taken again.
  package var isTakenAgain: Bool
  /// When the hold was made, in microseconds since 1970.
  package var createdAt: Int64
  /// The show's version that made the booking's last change visible.
  package var version: Int64
  /// How long the hold lasted for the customer when this was told, in milliseconds; 0 when it was
  /// no longer held.
  package private(set) var expiresInMs: Int64 = 0
  private var sequel: BookingSequel?

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
    self.holdUntil = holdUntil
    self.isExtended = isExtended
    self.isTakenAgain = isTakenAgain
    self.createdAt = createdAt
    self.version = version
    if !cancelledSeats.isEmpty || !paymentReference.isEmpty {
      tell {
        $0.cancelledSeats = cancelledSeats
        $0.paymentReference = paymentReference
      }
    }
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
  /// What they cost, add-ons included.
  package var quote: Quote {
    get { origin.quote }
    set {
      origin = BookingOrigin(
        id, showID, partnerID, customerRef, requestID, seatNumbers, newValue)
    }
  }

  /// Whether it costs the same as another record of the booking says, line by line.
  package func hasQuote(of other: BookingRecord) -> Bool {
    origin === other.origin || quote == other.quote
  }

  /// The request that made the hold, as its partner's.
  package var holder: RequestKey { RequestKey(partnerID: partnerID, requestID: requestID) }

  /// Whether its seats were offered by the waiting list: no request of its own made it, and its id
  /// stands for that.
  package var isOffer: Bool { requestID == id.value }

  /// The seats that it has, or had when it ended, in the order of the quote.
  package var seatsLeft: [Int32] {
    cancelledSeats.isEmpty ? seatNumbers : seatNumbers.filter { !cancelledSeats.contains($0) }
  }

  // MARK: The sequel

  /// Those of the seats that were cancelled while others were kept.
  package var cancelledSeats: [Int32] {
    get { sequel?.told.cancelledSeats ?? [] }
    set { tell { $0.cancelledSeats = newValue } }
  }

  /// The booking that it was exchanged for.
  package var supersededBy: BookingID? {
    get { sequel?.told.supersededBy }
    set { tell { $0.supersededBy = newValue } }
  }

  /// The booking that was exchanged for it.
  package var supersedes: BookingID? {
    get { sequel?.told.supersedes }
    set { tell { $0.supersedes = newValue } }
  }

  /// What the booking given up for it had cost, in minor units.
  package var exchangeCredit: Int64? {
    get { sequel?.told.exchangeCredit }
    set { tell { $0.exchangeCredit = newValue } }
  }

  /// The reference given on confirming; empty before.
  package var paymentReference: String {
    get { sequel?.told.paymentReference ?? "" }
    set { tell { $0.paymentReference = newValue } }
  }

  /// The code on its ticket; nil for what was never paid.
  package var ticketCode: TicketCode? { paymentReference.isEmpty ? nil : TicketCode(id) }

  /// What the request that is answered gave back; nil for a request that gives nothing back.
  package var refund: Refund? {
    get { sequel?.told.refund }
    set { tell { $0.refund = newValue } }
  }

  private mutating func tell(_ change: (inout Sequel) -> Void) {
    var told = sequel?.told ?? Sequel()
    change(&told)
    sequel = told == Sequel() ? nil : BookingSequel(told)
  }

  // MARK: Times

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
