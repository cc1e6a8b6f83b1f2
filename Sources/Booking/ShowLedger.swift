// The seats of one show and who has them, exact at one version: on this every request for the show
// is decided. Pure and single-threaded; time is handed in.
//
// A batch is decided on the ledger itself, request after request, so that each sees what those
// before it took. The ledger remembers what it touched: `writes` says what that does to the database,
// `commit` makes it the new version. A batch that failed leaves a ledger that must be thrown away.

/// A show's seats and live bookings at one version.
package final class ShowLedger {
  /// Whose a seat is.
  enum Owner: Hashable {
    case nobody
    case booking(BookingID)
    case theatre
  }

  /// What a seat's row says.
  struct SeatRow: Hashable {
    var state: SeatState
    var owner: BookingID?
    var holdUntil: Int64?
  }

  struct CustomerKey: Hashable {
    let partnerID: Int64
    let customerRef: String
  }

  /// Under which terms the show is sold.
  package let terms: ShowTerms
  /// The version of the show's seats that this is.
  package private(set) var version: Int64
  /// Raised by one in each batch that changes the line.
  package private(set) var queueVersion: Int64
  /// Who waits for seats. While anybody does, free seats are for nobody else.
  package internal(set) var queue: WaitingQueue
  /// Owners by index into the layout's seats.
  private(set) var owners: [Owner]
  /// The seats that nobody has.
  private(set) var free: SeatSet
  /// Bookings that have seats.
  private(set) var live: [BookingID: BookingRecord] = [:]
  /// Bookings that were live when the batch began or were brought in for it, and have no seats.
  var ended: [BookingID: BookingRecord] = [:]
  /// The requests that made holds, whatever became of those, as far as they are known here.
  private(set) var holders: Set<RequestKey> = []
  /// Whether `holders` are all that ever were; if not, an unknown request may still be an old one.
  private(set) var knowsAllHolders: Bool
  private var customers: [CustomerKey: Set<BookingID>] = [:]
  /// No hold ends before this.
  private(set) var nextEnd = Int64.max
  let chooser: BestAvailable

  // What the batch touched, as it was before.
  private var seatsBefore: [Int: SeatRow] = [:]
  private var bookingsBefore: [BookingID: BookingRecord?] = [:]

  /// A show at a version. `blocked` are seats by number, `live` its bookings that have seats, `queue`
  /// who waits. Throws `.malformed` when these contradict each other.
  package init(
    _ terms: ShowTerms, version: Int64, blocked: [Int32], live: [BookingRecord],
    chooser: BestAvailable, queue: WaitingQueue = WaitingQueue(), queueVersion: Int64 = 0
  ) throws(BookingError) {
    self.terms = terms
    self.version = version
    self.queue = queue
    self.queueVersion = queueVersion
    self.chooser = chooser
    // Nothing was ever sold at the first version.
    knowsAllHolders = version == 1
    owners = Array(repeating: .nobody, count: terms.layout.seats.count)
    free = SeatSet(terms.layout.seats.indices, capacity: terms.layout.seats.count)
    for number in blocked {
      setOwner(.theatre, at: try Self.index(number, terms))
    }
    for record in live {
      for number in record.seatsLeft {
        let index = try Self.index(number, terms)
        guard owners[index] == .nobody else {
          throw BookingError(.malformed, "A seat of the show has two owners.")
        }
        setOwner(.booking(record.id), at: index)
      }
      put(record)
      holders.insert(record.holder)
    }
  }

  private static func index(_ number: Int32, _ terms: ShowTerms) throws(BookingError) -> Int {
    guard let index = terms.layout.index(number: number) else {
      throw BookingError(.malformed, "A booking has a seat that the show does not have.")
    }
    return index
  }

  /// The bookings that have seats.
  package var bookingIDs: some Collection<BookingID> { live.keys }

  /// Whether a booking has seats.
  package func hasSeats(_ id: BookingID) -> Bool { live[id] != nil }

  /// Whether the batch changed bookings or seats.
  var isTouched: Bool { !bookingsBefore.isEmpty || !seatsBefore.isEmpty }

  /// The state of a seat, by index.
  func state(at index: Int) -> SeatState {
    switch owners[index] {
    case .nobody: .available
    case .theatre: .blocked
    case .booking(let id): live[id]?.state.seatState ?? .available
    }
  }

  /// The version in which seats are as they are now: the next one when the batch changed any.
  package func version(showing seats: [SeatStatus]) -> Int64 {
    guard !seatsBefore.isEmpty else { return version }
    let indices = seats.compactMap { terms.layout.index(number: $0.number) }
    return indices.contains { seatsBefore[$0] != nil } ? version + 1 : version
  }

  /// Those of the seats that are in the state told.
  package func unchanged(_ seats: [SeatStatus]) -> [SeatStatus] {
    seats.filter { seat in
      terms.layout.index(number: seat.number).map { state(at: $0) == seat.state } ?? false
    }
  }

  /// A booking that is live or was brought in.
  func booking(_ id: BookingID) -> BookingRecord? { live[id] ?? ended[id] }

  /// Bookings with seats of a customer.
  func bookings(partnerID: Int64, customerRef: String) -> [BookingRecord] {
    let ids = customers[CustomerKey(partnerID: partnerID, customerRef: customerRef)] ?? []
    return ids.compactMap { live[$0] }
  }

  /// Seats chosen by the server, as indices, among those that are offered; nil are all.
  func choose(_ wish: BestWish, among offered: SeatSet?) -> [Int]? {
    chooser.choose(
      count: wish.count,
      tiers: wish.tier.isEmpty ? .all : terms.layout.tiers(named: [wish.tier]), free: free,
      offered: offered, rule: terms.orphanRule, allowSplit: wish.allowSplit)
  }

  /// Seats, as indices, because of which the orphan rule forbids to take others, of all that are offered.
  func objections(toTaking indices: [Int], among offered: SeatSet?) -> [Int] {
    chooser.rows.objections(
      toTaking: indices, rule: terms.orphanRule, free: free, offered: offered)
  }

  // MARK: Changing

  /// Ends every hold whose time and grace are over; false when none was.
  @discardableResult
  package func settle(_ moment: inout Moment) -> Bool {
    guard nextEnd <= moment.now else { return false }
    var earliest = Int64.max
    var hasEnded = false
    for record in Array(live.values) where record.state == .held {
      if record.graceUntil <= moment.now {
        _ = moment.isOver(record.graceUntil)
        update(record) { $0.state = .expired }
        hasEnded = true
      } else {
        earliest = min(earliest, record.graceUntil)
      }
    }
    nextEnd = earliest
    return hasEnded
  }

  /// Adds a booking and gives it its seats, which must be free.
  func insert(_ record: BookingRecord) {
    bookingsBefore[record.id] = .some(nil)
    remember(record.holder)
    occupy(record)
    put(record)
  }

  private func remember(_ holder: RequestKey) {
    if holders.count >= Limits.rememberedHolders {
      holders = Set(live.values.map(\.holder))
      knowsAllHolders = false
    }
    holders.insert(holder)
  }

  /// Changes a booking, and its seats as its new state says; seats it gets again must be free.
  @discardableResult
  func update(_ record: BookingRecord, _ change: (inout BookingRecord) -> Void) -> BookingRecord {
    var changed = record
    change(&changed)
    changed.version = version + 1
    if bookingsBefore[record.id] == nil { bookingsBefore[record.id] = .some(record) }
    touchSeats(of: record)
    remove(record)
    if changed.state.seatState == nil {
      if record.state.seatState != nil { vacate(record) }
      ended[record.id] = changed
    } else {
      if changed.cancelledSeats != record.cancelledSeats { vacate(record) }
      occupy(changed)
      put(changed)
    }
    return changed
  }

  /// Withdraws seats, which must be free, or frees seats that are withdrawn.
  func setBlocked(_ isBlocked: Bool, at indices: [Int]) {
    for index in indices {
      touchSeat(at: index)
      setOwner(isBlocked ? .theatre : .nobody, at: index)
    }
  }

  private func put(_ record: BookingRecord) {
    live[record.id] = record
    ended[record.id] = nil
    if record.state == .held { nextEnd = min(nextEnd, record.graceUntil) }
    guard !record.customerRef.isEmpty else { return }
    let key = CustomerKey(partnerID: record.partnerID, customerRef: record.customerRef)
    customers[key, default: []].insert(record.id)
  }

  private func remove(_ record: BookingRecord) {
    live[record.id] = nil
    let key = CustomerKey(partnerID: record.partnerID, customerRef: record.customerRef)
    customers[key]?.remove(record.id)
    if customers[key]?.isEmpty == true { customers[key] = nil }
  }

  private func occupy(_ record: BookingRecord) {
    touchSeats(of: record)
    for index in indices(of: record) { setOwner(.booking(record.id), at: index) }
  }

  private func vacate(_ record: BookingRecord) {
    for index in indices(of: record) { setOwner(.nobody, at: index) }
  }

  private func indices(of record: BookingRecord) -> [Int] {
    record.seatsLeft.compactMap(terms.layout.index(number:))
  }

  private func setOwner(_ owner: Owner, at index: Int) {
    owners[index] = owner
    if owner == .nobody { free.insert(index) } else { free.remove(index) }
  }

  private func touchSeats(of record: BookingRecord) {
    for index in indices(of: record) { touchSeat(at: index) }
  }

  private func touchSeat(at index: Int) {
    if seatsBefore[index] == nil { seatsBefore[index] = row(at: index) }
  }

  private func row(at index: Int) -> SeatRow {
    guard case .booking(let id) = owners[index], let record = live[id] else {
      return SeatRow(state: state(at: index))
    }
    return SeatRow(
      state: state(at: index), owner: id, holdUntil: record.state == .held ? record.holdUntil : nil)
  }

  // MARK: Going back

  /// What deciding changes. Costs nothing until the ledger is changed after it was taken.
  package struct Mark {
    fileprivate let owners: [Owner]
    fileprivate let free: SeatSet
    fileprivate let live: [BookingID: BookingRecord]
    fileprivate let ended: [BookingID: BookingRecord]
    fileprivate let holders: Set<RequestKey>
    fileprivate let knowsAllHolders: Bool
    fileprivate let customers: [CustomerKey: Set<BookingID>]
    fileprivate let nextEnd: Int64
    fileprivate let queue: WaitingQueue
    fileprivate let seatsBefore: [Int: SeatRow]
    fileprivate let bookingsBefore: [BookingID: BookingRecord?]
  }

  /// The ledger as it is now, to go back to.
  package func mark() -> Mark {
    Mark(
      owners: owners, free: free, live: live, ended: ended, holders: holders,
      knowsAllHolders: knowsAllHolders, customers: customers, nextEnd: nextEnd,
      queue: queue, seatsBefore: seatsBefore, bookingsBefore: bookingsBefore)
  }

  /// Forgets what was decided since.
  package func goBack(to mark: Mark) {
    owners = mark.owners
    free = mark.free
    live = mark.live
    ended = mark.ended
    holders = mark.holders
    knowsAllHolders = mark.knowsAllHolders
    customers = mark.customers
    nextEnd = mark.nextEnd
    queue = mark.queue
    seatsBefore = mark.seatsBefore
    bookingsBefore = mark.bookingsBefore
  }

  // MARK: The end of a batch

  /// Adds what the batch did to this show.
  package func addWrites(to writes: inout SaleWrites) {
    guard isTouched || queue.isTouched else { return }
    let show = writes.shows.count
    let seats = seatsBefore.keys.sorted().map { (index: $0, number: terms.layout.seats[$0].number) }
    let change = SeatChange(
      lane: terms.lane, showID: terms.showID, version: isTouched ? version + 1 : version,
      seats: seats.map { SeatStatus(number: $0.number, state: state(at: $0.index)) })
    writes.shows.append(
      SaleWrites.Show(
        change: change, version: version, queueVersion: queueVersion,
        changesQueue: queue.isTouched, pricingVersion: terms.prices.version,
        holdMinutes: Int32(terms.holdMinutes)))
    writes.waits += queue.changes.map {
      SaleWrites.Wait(show: show, isNew: $0.isNew, entry: $0.entry)
    }
    for (id, before) in bookingsBefore {
      guard let record = booking(id) else { continue }
      writes.bookings.append(SaleWrites.Booking(show: show, before: before, record: record))
    }
    for seat in seats {
      guard let before = seatsBefore[seat.index] else { continue }
      let after = row(at: seat.index)
      guard after != before else { continue }
      writes.seats.append(
        SaleWrites.Seat(
          show: show, number: seat.number, before: before.state, ownerBefore: before.owner,
          state: after.state, owner: after.owner, holdUntil: after.holdUntil))
    }
  }

  /// The batch was committed at a time of the database.
  package func commit(at now: Int64) {
    if isTouched { version += 1 }
    if queue.isTouched { queueVersion += 1 }
    queue.commit()
    for id in bookingsBefore.keys {
      guard var record = live[id] else { continue }
      record.settleTimes(at: now, holdMinutes: terms.holdMinutes)
      live[id] = record
      if record.state == .held { nextEnd = min(nextEnd, record.graceUntil) }
    }
    ended = [:]
    seatsBefore = [:]
    bookingsBefore = [:]
  }
}

extension BookingRecord {
  /// Fills in the times that the statement decided.
  package mutating func settleTimes(at now: Int64, holdMinutes: Int) {
    if createdAt == Self.notYet { createdAt = now }
    if holdUntil == Self.notYet { holdUntil = now + Int64(holdMinutes) * 60_000_000 }
  }
}
