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
  private let rhythm: SweepRhythm
  private let troubled: LoopBound<TroubledShows>

  private struct Left {
    let lane: Int16
    let showID: Int64
    let what: What

    enum What {
      case hold(BookingID)
      case party(UniqueID)
    }
  }

  /// A sweeper that is not running yet.
  package init(_ database: any Database, _ lanes: Lanes, on loop: EventLoop, logger: Logger) {
    self.database = database
    self.lanes = lanes
    rhythm = SweepRhythm(
      "ended accounts", every: StoreLimits.sweepInterval, on: loop, logger: logger)
    troubled = LoopBound(TroubledShows(logger: logger), loop: loop)
  }

  /// Starts sweeping.
  package func start() {
    rhythm.start { () async throws(StoreError) in
      try await self.sweep() >= StoreLimits.sweptShows
    }
  }

  /// Ends sweeping; a turn under way is finished.
  package func stop() { rhythm.stop() }

  /// Sweeps once and returns how much there was to end. A show of which something cannot be ended is logged
  /// and left out for a while.
  package func sweep() async throws(StoreError) -> Int {
    let result = try await database.ask(
      Statements.findEndedAccounts,
      [.int4(Int32(StoreLimits.sweptShows)), .array(troubled.value.current())], timeout: nil)
    let due = try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try Self.left(row) }
    }
    let left = try await troubled.value.leavingOut(of: due, \.showID) {
      (each) async throws(StoreError) in try await self.end(each)
    }
    return due.count - left.count
  }

  private func end(_ left: Left) async throws(StoreError) {
    let lane = lanes[left.lane]
    switch left.what {
    case .hold(let id): _ = try await lane.serve(.change(.release(ofAccount: id)))
    case .party(let requestID):
      let key = RequestKey(partnerID: StoreLimits.housePartnerID, requestID: requestID)
      _ = try await lane.serve(
        .endWaits(lane: left.lane, showID: left.showID, [WaitEnd(key, .left)]))
    }
  }

  private static func left(_ row: PostgresRow) throws(PostgresError) -> Left {
    let what: Left.What
    if let booking = try row.decode(0, as: PostgresUUID?.self) {
      guard let id = BookingID(UniqueID(booking)) else {
        throw PostgresError(.decoding, "a booking's id cannot be read")
      }
      what = .hold(id)
    } else {
      what = .party(UniqueID(try row.decode(3, as: PostgresUUID.self)))
    }
    return Left(lane: try row.decode(1), showID: try row.decode(2), what: what)
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
