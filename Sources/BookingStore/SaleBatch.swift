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
  /// The show of each request; nil when its booking is not known.
  private(set) var shows: [ShowKey?]
  /// Bookings that no ledger has, because they have no seats.
  private var broughtIn: [BookingID: BookingRecord] = [:]
  private(set) var decisions: [SaleDecision] = []
  private(set) var moment = Moment(0)
  private(set) var writes = SaleWrites()
  /// Requests that had an effect before.
  var logged: [RequestKey: LoggedRequest] = [:]
  /// The time of the effect and how long holds last, by show, for the answers.
  private var committed: (time: Int64, holdMinutes: [Int64: Int])?

  init(_ requests: [SaleRequest], _ database: any Database, _ timeout: Duration?) {
    self.requests = requests
    self.database = database
    self.timeout = timeout
    shows = Array(repeating: nil, count: requests.count)
  }

  /// The shows concerned, in the order in which everyone locks them.
  var showKeys: [ShowKey] {
    Set(shows.compactMap { $0 }).sorted { ($0.lane, $0.showID) < ($1.lane, $1.showID) }
  }

  /// The shows concerned.
  var showIDs: Set<Int64> { Set(shows.compactMap { $0?.showID }) }

  // MARK: Where requests belong

  mutating func findShows(_ shelf: LedgerShelf) {
    for (index, request) in requests.enumerated() {
      switch request {
      case .hold(let hold):
        shows[index] = ShowKey(lane: hold.bookingID.lane, showID: hold.showID)
      case .sweep(let lane, let showID): shows[index] = ShowKey(lane: lane, showID: showID)
      case .change(let change):
        shows[index] = shelf.show(of: change.bookingID)
          .map { ShowKey(lane: change.bookingID.lane, showID: $0) }
      }
    }
  }

  /// Bookings to be changed of which no ledger knows the show.
  func unknownBookings(_ shelf: LedgerShelf) -> [BookingID] {
    var ids: Set<BookingID> = []
    for (request, show) in zip(requests, shows) {
      if case .change(let change) = request, show == nil { ids.insert(change.bookingID) }
    }
    return Array(ids)
  }

  mutating func bringIn(_ records: [BookingRecord]) {
    for record in records { broughtIn[record.id] = record }
    for (index, request) in requests.enumerated() {
      if case .change(let change) = request, shows[index] == nil,
        let record = broughtIn[change.bookingID]
      {
        shows[index] = ShowKey(lane: record.id.lane, showID: record.showID)
      }
    }
  }

  // MARK: Deciding

  /// Decides every request in arrival order, on the ledgers.
  mutating func decide(_ shelf: LedgerShelf, _ refusals: RefusalMemory, _ moment: Moment) {
    self.moment = moment
    for record in broughtIn.values where record.state.seatState == nil {
      shelf.ledger(record.showID)?.bringIn(record)
    }
    var entries: [(identity: RequestIdentity, record: BookingRecord, effect: SaleEffect)] = []
    decisions = requests.indices.map { index in
      let decision = decide(index, shelf, refusals)
      if case .done(let record, let effect) = decision, let identity = requests[index].identity {
        entries.append((identity, record, effect))
      }
      return decision
    }
    for key in showKeys { shelf.ledger(key.showID)?.addWrites(to: &writes) }
    let positions = Dictionary(
      uniqueKeysWithValues: writes.shows.enumerated().map { ($1.change.showID, $0) })
    writes.entries = entries.compactMap { entry in
      positions[entry.record.showID].map {
        SaleWrites.Entry(entry.identity, entry.effect, show: $0, entry.record)
      }
    }
    writes.refunds = entries.compactMap { entry in
      entry.record.refund.map { SaleWrites.Refunded(key: entry.identity.key, refund: $0) }
    }
  }

  private mutating func decide(
    _ index: Int, _ shelf: LedgerShelf, _ refusals: RefusalMemory
  ) -> SaleDecision {
    let request = requests[index]
    if let identity = request.identity, let refusal = refusals.answer(identity) {
      return .refused(refusal)
    }
    if let key = request.identity?.key, logged[key] != nil { return .logged }
    guard let show = shows[index] else { return .refused(.bookingNotFound) }
    guard let ledger = shelf.ledger(show.showID) else { return .refused(.showNotFound) }
    return ledger.decide(request, &moment)
  }

  /// Whether the database has holds that are over and a ledger does not know of them.
  var contradictsSweep: Bool {
    decisions.contains(.swept(any: false))
  }

  /// What must be checked before a batch without effect is answered: nil when the ledgers are as
  /// fresh as the feed and no judgement of time is close.
  func refusalsToCheck(
    _ shelf: LedgerShelf, isFeedLive: Bool
  ) -> [(key: ShowKey, version: Int64, pricingVersion: Int32)]? {
    let margin = StoreLimits.clockMarginMicroseconds
    let isClear =
      (moment.validUntil == .max || moment.validUntil - moment.now > margin)
      && (moment.validFrom == .min || moment.now - moment.validFrom > margin)
    if isFeedLive, isClear { return nil }
    let checked = showKeys.compactMap { key in
      shelf.ledger(key.showID).map { (key, $0.version, $0.terms.prices.version) }
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
    }
    for booking in writes.bookings where booking.record.state.seatState != nil {
      shelf.note(booking.record.id, of: booking.record.showID)
    }
    committed = (time, holdMinutes)
  }

  /// Requests whose answer may be in the log.
  var keysToLookUp: [RequestKey] {
    zip(requests, decisions).compactMap { request, decision in
      switch decision {
      case .logged, .refusedUnlessLogged: request.identity?.key
      case .done, .refused, .swept: nil
      }
    }
  }

  /// The answers, told at a time of the database.
  func outcomes(at now: Int64) -> [SaleOutcome] {
    zip(requests, decisions).map { request, decision in
      switch decision {
      case .done(let record, _): .done(settled(record).told(at: now))
      case .refused(let refusal): .refused(refusal)
      case .refusedUnlessLogged(let refusal): fromLog(request, now) ?? .refused(refusal)
      case .logged: fromLog(request, now) ?? .refused(.staleShow)
      case .swept: .swept
      }
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
    guard let record = entry.record else { return .refused(.requestFenced) }
    return entry.hash == identity.hash
      ? .done(record.told(at: now)) : .refused(.requestIDReused)
  }
}
