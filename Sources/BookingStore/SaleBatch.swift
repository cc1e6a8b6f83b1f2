// One batch on its way: its requests, where they belong, what was decided, what is written, what is
// answered. A value; reading and writing are the desk's.

import Booking
import Postgres

struct SaleBatch: Sendable {
  typealias ShowKey = SaleStatements.ShowKey

  let requests: [SaleRequest]
  /// Where it is read and written.
  let database: any Database
  let timeout: Duration?
  /// The shows of the bookings that are to be changed, as far as they are known.
  private var showsByBooking: [BookingID: ShowKey] = [:]
  /// Bookings that no ledger has, because they have no seats.
  private var broughtIn: [BookingID: BookingRecord] = [:]
  private(set) var decisions: [SaleDecision] = []
  private(set) var moment = Moment(0)
  private(set) var writes = SaleWrites()
  /// Requests that the batch has granted so far.
  private var granted: Set<RequestKey> = []
  /// What was done to seats that theatres withdraw, in the order in which it was decided.
  private var blocks: [BlockRequest] = []
  /// Requests that had an effect before.
  var logged: [RequestKey: LoggedRequest] = [:]
  /// Parties of the waiting list that want to join once more.
  var knownParties: [RequestKey: WaitEntry] = [:]
  /// The time of the effect and how long holds last, by show, for the answers.
  private var committed: (time: Int64, holdMinutes: [Int64: Int])?

  init(_ requests: [SaleRequest], _ database: any Database, _ timeout: Duration?) {
    self.requests = requests
    self.database = database
    self.timeout = timeout
  }

  /// The shows concerned, in the order in which everyone locks them.
  var showKeys: [ShowKey] {
    var keys: Set<ShowKey> = []
    for request in requests {
      request.forEachPart { addKeys(of: $0, to: &keys) }
    }
    return keys.sorted { ($0.lane, $0.showID) < ($1.lane, $1.showID) }
  }

  /// The shows concerned.
  var showIDs: Set<Int64> { Set(showKeys.map(\.showID)) }

  /// Shows of lanes whose requests others serve: nobody here is told when they change.
  var foreignShowIDs: [Int64] {
    guard requests.contains(where: \.spansShows) else { return [] }
    let lanes = Set(requests.compactMap(\.lane))
    return showKeys.filter { !lanes.contains($0.lane) }.map(\.showID)
  }

  /// Whether what was granted before must be known to decide: it is done together with others, or could be
  /// done again.
  var needsLog: Bool {
    requests.contains { request in
      switch request {
      case .together: true
      case .change(let change): change.change == .attach
      default: false
      }
    }
  }

  /// The ids of all requests.
  var requestKeys: [RequestKey] {
    var keys: [RequestKey] = []
    for request in requests {
      request.forEachPart { if let key = $0.identity?.key { keys.append(key) } }
    }
    return keys
  }

  // MARK: Where requests belong

  private func addKeys(of part: SaleRequest, to keys: inout Set<ShowKey>) {
    if let wanted = part.wantedShow { keys.insert(wanted) }
    if let id = part.changedBooking, let show = showsByBooking[id] { keys.insert(show) }
  }

  mutating func findShows(_ shelf: LedgerShelf) {
    for request in requests {
      request.forEachPart { part in
        guard let id = part.changedBooking, let showID = shelf.show(of: id) else { return }
        showsByBooking[id] = ShowKey(lane: id.lane, showID: showID)
      }
    }
  }

  /// Requests to join the waiting list.
  var joinKeys: [RequestKey] {
    requests.compactMap { request in
      if case .join(let join) = request { join.identity.key } else { nil }
    }
  }

  /// Bookings to be changed of which no ledger knows the show.
  var unknownBookings: [BookingID] {
    var ids: Set<BookingID> = []
    for request in requests {
      request.forEachPart { part in
        if let id = part.changedBooking, showsByBooking[id] == nil { ids.insert(id) }
      }
    }
    return Array(ids)
  }

  mutating func bringIn(_ records: [BookingRecord]) {
    for record in records {
      broughtIn[record.id] = record
      showsByBooking[record.id] = ShowKey(lane: record.id.lane, showID: record.showID)
    }
  }

  // MARK: Deciding

  /// Decides every request in arrival order, on the ledgers.
  mutating func decide(_ shelf: LedgerShelf, _ refusals: RefusalMemory, _ moment: Moment) {
    self.moment = moment
    for record in broughtIn.values where record.state.seatState == nil {
      shelf.ledger(record.showID)?.bringIn(record)
    }
    decisions = requests.map { decide($0, shelf, refusals) }
    decideUntrueAgain(shelf, refusals)
    for key in showKeys { shelf.ledger(key.showID)?.addWrites(to: &writes) }
    let positions = Dictionary(
      uniqueKeysWithValues: writes.shows.enumerated().map { ($1.change.showID, $0) })
    for block in blocks {
      if let show = positions[block.showID] {
        writes.blocks.append(SaleWrites.Block(show: show, block))
      }
    }
    for (request, decision) in zip(requests, decisions) {
      guard case .together(let parts) = request, case .together(let decisions) = decision else {
        addEntry(request, decision, positions)
        continue
      }
      for (part, decision) in zip(parts, decisions) { addEntry(part, decision, positions) }
    }
  }

  private mutating func addEntry(
    _ request: SaleRequest, _ decision: SaleDecision, _ positions: [Int64: Int]
  ) {
    guard case .done(let record, let effect) = decision, let identity = request.identity,
      let show = positions[record.showID]
    else { return }
    writes.entries.append(SaleWrites.Entry(identity, effect, show: show, record))
    if let refund = record.refund {
      writes.refunds.append(SaleWrites.Refunded(key: identity.key, refund: refund))
    }
  }

  private mutating func decide(
    _ request: SaleRequest, _ shelf: LedgerShelf, _ refusals: RefusalMemory
  ) -> SaleDecision {
    if case .together(let parts) = request { return decideTogether(parts, shelf, refusals) }
    if case .join(let join) = request, let known = knownParties[join.identity.key] {
      let isSame = known.request.identity.hash == join.identity.hash
      return isSame ? .inLine : .refused(.requestIDReused)
    }
    let key = request.identity?.key
    if let key, logged[key] != nil || granted.contains(key) { return .logged }
    // Last: repeated on another node since it was refused here, it may have been granted.
    if let identity = request.identity, let refusal = refusals.answer(identity) {
      return .refusedUnlessLogged(refusal)
    }
    let decision = decideAlone(request, shelf)
    switch (decision, request) {
    case (.done, _): if let key { granted.insert(key) }
    case (.seatsChanged, .block(let block)):
      granted.insert(block.identity.key)
      blocks.append(block)
    default: break
    }
    return decision
  }

  private mutating func decideAlone(
    _ request: SaleRequest, _ shelf: LedgerShelf
  ) -> SaleDecision {
    let changed = request.changedBooking.map { showsByBooking[$0] }
    if case .some(nil) = changed { return .refused(.bookingNotFound) }
    guard let show = (changed ?? nil) ?? request.wantedShow,
      let ledger = shelf.ledger(show.showID)
    else { return .refused(.showNotFound) }
    guard case .exchange(let exchange) = request else { return ledger.decide(request, &moment) }
    guard let other = shelf.ledger(exchange.wanted.showID) else {
      return .refused(.showNotFound)
    }
    let decision = ledger.exchange(exchange, to: other, &moment)
    ledger.serveQueue(&moment)
    other.serveQueue(&moment)
    return decision
  }

  /// One after the other, and back to the beginning when one is refused. What was granted before
  /// counts as done.
  private mutating func decideTogether(
    _ parts: [SaleRequest], _ shelf: LedgerShelf, _ refusals: RefusalMemory
  ) -> SaleDecision {
    var keys: Set<ShowKey> = []
    for part in parts { addKeys(of: part, to: &keys) }
    let ledgers = keys.compactMap { shelf.ledger($0.showID) }
    // That holds have ended is so whatever becomes of the parts.
    for ledger in ledgers { ledger.endHolds(&moment) }
    let marks = ledgers.map { ($0, $0.mark()) }
    let grantedBefore = granted
    var decisions: [SaleDecision] = []
    for (item, part) in parts.enumerated() {
      let decision = decide(part, shelf, refusals)
      if let refusal = refusal(part, decision) {
        for (ledger, mark) in marks { ledger.goBack(to: mark) }
        granted = grantedBefore
        return .refusedTogether(item: item, restated(refusal, of: part, shelf))
      }
      decisions.append(decision)
    }
    return .together(decisions)
  }

  /// Why a part is refused; nil when it is done, now or before.
  private func refusal(_ part: SaleRequest, _ decision: SaleDecision) -> SaleRefusal? {
    switch decision {
    case .refused(let refusal), .refusedUnlessLogged(let refusal): return refusal
    case .refusedTogether(_, let refusal): return refusal
    case .logged:
      if case .refused(let refusal) = fromLog(part, 0) { return refusal }
      return nil
    case .done, .together, .swept, .inLine, .seatsChanged: return nil
    }
  }

  // MARK: Lost seats

  /// Seats that were lost to a request before may be sold or free by the end of the batch, and no
  /// version ever shows them as they were told. Who was refused for such seats is decided again, as
  /// if it had come last. Whatever that grants may take seats back from others: so again, as often
  /// as there are requests at most.
  private mutating func decideUntrueAgain(_ shelf: LedgerShelf, _ refusals: RefusalMemory) {
    for _ in requests.indices {
      let untrue = requests.indices.filter { isUntrue(requests[$0], decisions[$0], shelf) }
      if untrue.isEmpty { return }
      for index in untrue { decisions[index] = decide(requests[index], shelf, refusals) }
    }
  }

  private func isUntrue(
    _ request: SaleRequest, _ decision: SaleDecision, _ shelf: LedgerShelf
  ) -> Bool {
    switch (request, decision) {
    case (.together(let parts), .refusedTogether(let item, let refusal)):
      return isUntrue(refusal, of: parts[item], shelf)
    case (_, .refused(let refusal)), (_, .refusedUnlessLogged(let refusal)):
      return isUntrue(refusal, of: request, shelf)
    default: return false
    }
  }

  /// What was so before the batch stays true of that version.
  private func isUntrue(
    _ refusal: SaleRefusal, of request: SaleRequest, _ shelf: LedgerShelf
  ) -> Bool {
    guard case .seatsUnavailable(let seats, let version) = refusal,
      let ledger = request.wantedShow.flatMap({ shelf.ledger($0.showID) })
    else { return false }
    return version > ledger.version && ledger.unchanged(seats).count < seats.count
  }

  /// A refusal of one of several that are not done after all: what those before it would have taken
  /// is lost to it on no map. What it was told at an older version stays true of that.
  private func restated(
    _ refusal: SaleRefusal, of part: SaleRequest, _ shelf: LedgerShelf
  ) -> SaleRefusal {
    guard case .seatsUnavailable(let seats, let version) = refusal,
      let ledger = part.wantedShow.flatMap({ shelf.ledger($0.showID) }), version >= ledger.version
    else { return refusal }
    let lost = ledger.unchanged(seats)
    return lost.isEmpty
      ? .seatsUnavailable(seats, version: ledger.version)
      : .seatsUnavailable(lost, version: ledger.version(showing: lost))
  }

  /// Whether bookings were read with seats that no ledger here gives them: a ledger is older than
  /// the booking, or it has ended between two readings.
  func contradictsBookings(_ shelf: LedgerShelf) -> Bool {
    broughtIn.values.contains {
      $0.state.seatState != nil && shelf.ledger($0.showID)?.hasSeats($0.id) == false
    }
  }

  /// Bookings to be changed that have no seats in the ledgers, which are locked: what was read of
  /// them before may be old.
  func endedBookings(_ shelf: LedgerShelf) -> [BookingID] {
    var ids: Set<BookingID> = []
    for request in requests {
      request.forEachPart { part in
        guard let id = part.changedBooking, let show = showsByBooking[id],
          shelf.ledger(show.showID)?.hasSeats(id) == false
        else { return }
        ids.insert(id)
      }
    }
    return Array(ids)
  }

  /// Whether the database has holds that are over and a ledger does not know of them.
  var contradictsSweep: Bool {
    decisions.contains(.swept(any: false))
  }

  /// Whether something is refused that the feed may not know enough for. It does not tell of terms. And
  /// who changes a booking knows what another node did to it, of which the feed tells a moment later.
  private func refusesBeyondFeed(_ shelf: LedgerShelf) -> Bool {
    zip(requests, decisions).contains { request, decision in
      guard let refusal = decision.refusal else { return false }
      return request.changesBooking
        || refusal.restsOnTerms(withAllocations: hasAllocations(request, shelf))
    }
  }

  private func hasAllocations(_ request: SaleRequest, _ shelf: LedgerShelf) -> Bool {
    var keys: Set<ShowKey> = []
    request.forEachPart { addKeys(of: $0, to: &keys) }
    return keys.contains { shelf.ledger($0.showID)?.terms.allocations.isEmpty == false }
  }

  /// What must be checked before shows without effect are answered for: nil when the ledgers are of
  /// one moment and as fresh as the feed, no judgement of time is close, none was made of terms and
  /// no booking was to be changed.
  /// What is written is checked by being written.
  func refusalsToCheck(
    _ shelf: LedgerShelf, isFeedLive: Bool
  ) -> [SaleStatements.CheckedShow]? {
    let written = Set(writes.shows.map(\.change.showID))
    let unwritten = showKeys.filter { !written.contains($0.showID) }
    let isProven = unwritten.allSatisfy { shelf.isProven($0.showID) }
    if isFeedLive, moment.isClear, isProven, !refusesBeyondFeed(shelf) { return nil }
    let checked = unwritten.compactMap { key in
      shelf.ledger(key.showID).map {
        SaleStatements.CheckedShow(
          key: key, version: $0.version, queueVersion: $0.queueVersion,
          pricingVersion: $0.terms.prices.version)
      }
    }
    return checked.isEmpty ? nil : checked
  }

  // MARK: Answering

  /// The batch is committed.
  mutating func settle(_ shelf: LedgerShelf, at time: Int64) {
    var holdMinutes: [Int64: Int] = [:]
    for show in writes.shows {
      guard let ledger = shelf.ledger(show.change.showID) else { continue }
      holdMinutes[show.change.showID] = ledger.terms.holdMinutes
      ledger.commit(at: time)
      shelf.prove(show.change.showID)
    }
    for booking in writes.bookings where booking.record.state.seatState != nil {
      shelf.note(booking.record.id, of: booking.record.showID)
    }
    committed = (time, holdMinutes)
  }

  /// Requests whose answer may be in the log.
  var keysToLookUp: [RequestKey] {
    var keys: [RequestKey] = []
    for (request, decision) in zip(requests, decisions) {
      if case .together(let parts) = request, case .together(let decisions) = decision {
        keys += zip(parts, decisions).compactMap { Self.keyToLookUp($0, $1) }
      } else if let key = Self.keyToLookUp(request, decision) {
        keys.append(key)
      }
    }
    return keys
  }

  private static func keyToLookUp(
    _ request: SaleRequest, _ decision: SaleDecision
  ) -> RequestKey? {
    switch decision {
    case .logged, .refusedUnlessLogged: request.identity?.key
    case .done, .refused, .swept, .inLine, .seatsChanged, .together, .refusedTogether: nil
    }
  }

  /// The answers, told at a time of the database.
  func outcomes(at now: Int64) -> [SaleOutcome] {
    zip(requests, decisions).map { outcome($0, $1, now) }
  }

  private func outcome(
    _ request: SaleRequest, _ decision: SaleDecision, _ now: Int64
  ) -> SaleOutcome {
    switch decision {
    case .done(let record, _): return .done(settled(record).told(at: now))
    case .refused(let refusal): return .refused(refusal)
    case .refusedUnlessLogged(let refusal): return fromLog(request, now) ?? .refused(refusal)
    case .logged: return fromLog(request, now) ?? .refused(.staleShow)
    case .swept: return .swept
    case .inLine: return .inLine
    case .seatsChanged(let version): return .seatsChanged(version: version)
    case .refusedTogether(let item, let refusal): return .refusedTogether(item: item, refusal)
    case .together(let decisions):
      guard case .together(let parts) = request else { return .refused(.staleShow) }
      return .together(zip(parts, decisions).map { outcome($0, $1, now) })
    }
  }

  private func settled(_ record: BookingRecord) -> BookingRecord {
    guard let committed else { return record }
    var record = record
    record.settleTimes(
      at: committed.time, holdMinutes: committed.holdMinutes[record.showID] ?? 0)
    return record
  }

  private func fromLog(_ request: SaleRequest, _ now: Int64) -> SaleOutcome? {
    guard let identity = request.identity, let entry = logged[identity.key] else { return nil }
    switch entry.deed {
    case .fence: return .refused(.requestFenced)
    case .booking(let record) where entry.hash == identity.hash:
      return .done(record.told(at: now))
    case .seats(let version) where entry.hash == identity.hash:
      return .seatsChanged(version: version)
    case .booking, .seats, .terms: return .refused(.requestIDReused)
    }
  }
}

extension SaleRequest {
  /// Itself, or the requests that are to be done together.
  func forEachPart(_ body: (SaleRequest) -> Void) {
    guard case .together(let parts) = self else { return body(self) }
    for part in parts { body(part) }
  }

  /// Whether it may concern shows of several lanes.
  fileprivate var spansShows: Bool {
    switch self {
    case .exchange, .together: true
    case .hold, .change, .sweep, .join, .endWaits, .block: false
    }
  }

  /// The lane that serves it.
  package var lane: Int16? {
    switch self {
    case .hold, .sweep, .join, .endWaits, .exchange, .block: wantedShow?.lane
    case .change(let request): request.bookingID.lane
    case .together(let parts): parts.first?.lane
    }
  }

  /// The show whose seats are wanted.
  fileprivate var wantedShow: SaleStatements.ShowKey? {
    switch self {
    case .hold(let hold): .init(lane: hold.bookingID.lane, showID: hold.showID)
    case .exchange(let exchange):
      .init(lane: exchange.wanted.bookingID.lane, showID: exchange.wanted.showID)
    case .sweep(let lane, let showID), .endWaits(let lane, let showID, _):
      .init(lane: lane, showID: showID)
    case .join(let join): .init(lane: join.bookingID.lane, showID: join.showID)
    case .block(let block): .init(lane: block.lane, showID: block.showID)
    case .change, .together: nil
    }
  }

  /// The booking that is to be changed.
  fileprivate var changedBooking: BookingID? {
    switch self {
    case .change(let change): change.bookingID
    case .exchange(let exchange): exchange.bookingID
    case .hold, .sweep, .join, .endWaits, .together, .block: nil
    }
  }

  /// Whether it, or a part of it, changes a booking.
  fileprivate var changesBooking: Bool {
    var isChange = false
    forEachPart { isChange = isChange || $0.changedBooking != nil }
    return isChange
  }
}

extension SaleDecision {
  /// Why the request, or a part of it, is refused, as far as the ledgers know.
  fileprivate var refusal: SaleRefusal? {
    switch self {
    case .refused(let refusal), .refusedUnlessLogged(let refusal),
      .refusedTogether(_, let refusal):
      refusal
    case .done, .logged, .swept, .together, .inLine, .seatsChanged: nil
    }
  }
}

extension Moment {
  /// Whether no judgement of time is so close that the estimate could be wrong about it.
  var isClear: Bool {
    let margin = StoreLimits.clockMarginMicroseconds
    return (validUntil == .max || validUntil - now > margin)
      && (validFrom == .min || now - validFrom > margin)
  }
}

extension SaleRefusal {
  /// Whether other terms could have led to another answer. What finds too few seats though nothing is set
  /// aside finds no more when something is.
  fileprivate func restsOnTerms(withAllocations: Bool) -> Bool {
    switch self {
    case .salesClosed, .staleShow, .strandsSeats, .holdLimitExceeded, .seatsAllocated,
      .reservedForWaiting:
      true
    case .noAdjacentSeats, .waitIsHopeless: withAllocations
    default: false
    }
  }
}
