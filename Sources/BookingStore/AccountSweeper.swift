// Takes from accounts that were blocked or closed what they got by requests that were under way then: holds
// are released, parties leave their lines. Whoever blocks or closes does so at once for what there is; this is
// for what comes a moment later, and for what a node that died left undone.

package import Booking
package import Logging
import Postgres
package import Reactor

/// Looks after accounts that have ended, at a steady pace on one loop.
package final class AccountSweeper: Sendable {
  private let database: any Database
  private let lanes: Lanes
  private let loop: EventLoop
  private let logger: Logger
  private let state: LoopBound<State>

  private final class State {
    var timer: LoopTimer?
    var isStopped = false
    var isFailing = false
  }

  private enum Left {
    case hold(BookingID)
    case party(lane: Int16, showID: Int64, UniqueID)
  }

  /// A sweeper that is not running yet.
  package init(_ database: any Database, _ lanes: Lanes, on loop: EventLoop, logger: Logger) {
    self.database = database
    self.lanes = lanes
    self.loop = loop
    self.logger = logger
    state = LoopBound(State(), loop: loop)
  }

  /// Starts sweeping.
  package func start() {
    loop.execute { self.schedule(after: .zero) }
  }

  /// Ends sweeping; a turn under way is finished.
  package func stop() {
    loop.execute {
      self.state.value.isStopped = true
      self.state.value.timer?.cancel()
    }
  }

  /// Sweeps once and returns how much there was to end.
  package func sweep() async throws(StoreError) -> Int {
    let result = try await database.ask(
      Statements.findEndedAccounts, [.int4(Int32(StoreLimits.sweptShows))], timeout: nil)
    let left = try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try Self.left(row) }
    }
    for each in left {
      switch each {
      case .hold(let id): _ = try await lanes[id.lane].serve(.change(.release(ofAccount: id)))
      case .party(let lane, let showID, let requestID):
        let key = RequestKey(partnerID: StoreLimits.housePartnerID, requestID: requestID)
        _ = try await lanes[lane].serve(
          .endWaits(lane: lane, showID: showID, [WaitEnd(key, .left)]))
      }
    }
    return left.count
  }

  private static func left(_ row: PostgresRow) throws(PostgresError) -> Left {
    guard let booking = try row.decode(0, as: PostgresUUID?.self) else {
      return .party(
        lane: try row.decode(1), showID: try row.decode(2),
        UniqueID(try row.decode(3, as: PostgresUUID.self)))
    }
    guard let id = BookingID(UniqueID(booking)) else {
      throw PostgresError(.decoding, "a booking's id cannot be read")
    }
    return .hold(id)
  }

  private func schedule(after delay: Duration) {
    guard !state.value.isStopped else { return }
    state.value.timer = loop.schedule(after: delay) { [self] in
      loop.spawn { await self.turn() }
    }
  }

  private func turn() async {
    do throws(StoreError) {
      let count = try await sweep()
      if state.value.isFailing { logger.notice("ended accounts are swept again") }
      state.value.isFailing = false
      schedule(after: count < StoreLimits.sweptShows ? StoreLimits.sweepInterval : .zero)
    } catch {
      if !state.value.isFailing {
        logger.warning("ended accounts not swept", metadata: ["error": "\(error)"])
      }
      state.value.isFailing = true
      schedule(after: StoreLimits.sweepBackoff)
    }
  }
}

extension ChangeRequest {
  /// The release of what an account holds, for the house and under a request id of its own.
  package static func release(ofAccount id: BookingID) -> ChangeRequest {
    var hash = RequestHash(command: "release")
    hash.add(id.description)
    return ChangeRequest(
      .release,
      RequestIdentity(
        partnerID: StoreLimits.housePartnerID, requestID: .random(), hash: hash.digest),
      bookingID: id, paymentReference: "", seats: [])
  }
}

extension UniqueID {
  /// A UUID of version 4.
  package static func random() -> UniqueID {
    var random = SystemRandomNumberGenerator()
    return UniqueID(
      high: random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
      low: random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
  }
}
