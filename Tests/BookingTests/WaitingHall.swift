// A show with a waiting list, for tests: a drawn hall, prices, a clock that the test sets, and
// requests that are committed one batch at a time.

@testable import Booking

/// A show and its ledger. Every request is a batch of its own unless `batch` is used.
final class WaitingHall {
  /// The customer's five minutes and the server's grace.
  static let secondsOfHold: Int64 = 305
  let ledger: ShowLedger
  let layout: SeatLayout
  /// Microseconds since 1970.
  var now: Int64 = 1_000_000_000
  private(set) var lastID: UInt64 = 0
  /// What the latest batch wrote.
  private(set) var writes = SaleWrites()

  init(
    _ lines: [String], tiers: [String]? = nil, queue: WaitingQueue = WaitingQueue(),
    allocations: [Allocation] = [], rule: OrphanRule = .off, isOnSale: Bool = true,
    cap: Int = Limits.seatsPerBooking,
    holdMinutes: Int = 5
  ) throws {
    let hall = try DrawnHall(lines, tiers: tiers, focus: (300, 100))
    layout = hall.layout
    let prices = PriceList(
      currency: try Currency("EUR"),
      tierPrices: Dictionary(uniqueKeysWithValues: hall.layout.tiers.map { ($0, 1_000) }),
      offers: [], start: LocalStart(minute: 1_200, weekday: []), version: 1)
    let terms = ShowTerms(
      showID: 7, lane: 3, layout: hall.layout, prices: prices, allocations: allocations,
      holdMinutes: holdMinutes,
      seatsPerCustomer: cap, orphanRule: rule, isOnSale: isOnSale, endsAt: 100_000_000_000)
    let blocked = hall.layout.seats.indices.filter { !hall.free.contains($0) }
    ledger = try ShowLedger(
      terms, version: 1, blocked: blocked.map { hall.layout.seats[$0].number }, live: [],
      chooser: hall.best, queue: queue, queueVersion: 0)
  }

  /// Decides requests in one batch and commits it.
  @discardableResult
  func batch(_ requests: [SaleRequest]) -> [SaleDecision] {
    var moment = Moment(now)
    let decisions = requests.map { request in
      guard case .exchange(let exchange) = request else { return ledger.decide(request, &moment) }
      let decision = ledger.exchange(exchange, to: ledger, &moment)
      ledger.serveQueue(&moment)
      return decision
    }
    writes = SaleWrites()
    ledger.addWrites(to: &writes)
    ledger.commit(at: now)
    return decisions
  }

  @discardableResult
  func ask(_ request: SaleRequest) -> SaleDecision { batch([request])[0] }

  // MARK: Requests

  func identity(_ id: UInt64, partner: Int64 = 1, body: UInt8 = 0) -> RequestIdentity {
    RequestIdentity(
      partnerID: partner, requestID: UniqueID(high: 0x4000, low: id), hash: [body])
  }

  private func newBookingID() -> BookingID {
    BookingID(lane: 3, unixMilliseconds: 1, random: (0, nextID()))
  }

  private func nextID() -> UInt64 {
    lastID += 1
    return lastID
  }

  func hold(
    _ labels: String..., customer: String = "", partner: Int64 = 1
  ) throws -> SaleRequest {
    .hold(
      HoldRequest(
        identity: identity(nextID(), partner: partner), bookingID: newBookingID(), showID: 7,
        customerRef: customer,
        selection: .named(try layout.resolve(labels: labels).map(\.number))))
  }

  func best(_ count: Int, partner: Int64 = 1) -> SaleRequest {
    .hold(
      HoldRequest(
        identity: identity(nextID(), partner: partner), bookingID: newBookingID(), showID: 7,
        customerRef: "", selection: .best(BestWish(count: count))))
  }

  func change(_ change: ChangeRequest.Change, _ booking: BookingID) -> SaleRequest {
    .change(ChangeRequest(change, identity(nextID()), bookingID: booking))
  }

  func exchange(
    _ booking: BookingID, _ labels: String..., partner: Int64 = 1
  ) throws -> SaleRequest {
    .exchange(
      ExchangeRequest(
        bookingID: booking,
        wanted: HoldRequest(
          identity: identity(nextID(), partner: partner), bookingID: newBookingID(), showID: 7,
          customerRef: "", selection: .named(try layout.resolve(labels: labels).map(\.number)))))
  }

  func join(
    _ id: UInt64, _ count: Int, tier: String = "", customer: String = "", partner: Int64 = 1,
    body: UInt8 = 0
  ) -> SaleRequest {
    .join(
      WaitRequest(
        identity: identity(1_000_000 + id, partner: partner, body: body),
        bookingID: newBookingID(), showID: 7, customerRef: customer, count: count, tier: tier))
  }

  func end(_ id: UInt64, _ state: WaitState) -> SaleRequest {
    .endWaits(lane: 3, showID: 7, [WaitEnd(identity(1_000_000 + id).key, state)])
  }

  // MARK: Looking

  /// Who waits, by the ids they joined with.
  var line: [UInt64] { ledger.queue.parties.map { $0.key.requestID.low - 1_000_000 } }

  /// Seats that parties got in the latest batch, in the order in which they were served.
  var offers: [String] {
    writes.waits.filter { $0.entry.state == .served }.sorted { $0.entry.arrival < $1.entry.arrival }
      .compactMap { wait in
        writes.bookings.first { $0.record.id == wait.entry.request.bookingID }
          .map { labels($0.record) }
      }
  }

  func labels(_ record: BookingRecord) -> String {
    record.seatNumbers.compactMap { layout.seat(number: $0)?.label }.sorted()
      .joined(separator: " ")
  }
}

extension SaleDecision {
  /// The booking of a request that was granted.
  var record: BookingRecord? {
    if case .done(let record, _) = self { record } else { nil }
  }
}
