// Who waits for seats on one loop, and where they stand. The database is asked whenever the change
// feed says that a line has changed, and now and then in case it does not: once for all parties of a
// show that are here, and never twice at a time.

package import Booking
package import BookingStore
package import Logging
import RPC
package import Reactor

/// The parties whose streams are on one loop. Confined to it.
package final class WaitRoom {
  /// A show's parties here.
  private final class Line {
    let lane: Int16
    let showID: Int64
    var seats: [ObjectIdentifier: WaitSeat] = [:]
    var isReading = false
    /// Whether it may have changed since it was read.
    var isStale = true
    /// Set while a commit that was told of is given time to show itself.
    var isPausing = false
    var commitPause = CommitPause()

    init(lane: Int16, showID: Int64) {
      self.lane = lane
      self.showID = showID
    }
  }

  private let loop: EventLoop
  private let store: WaitlistStore
  private let logger: Logger
  private var lines: [Int64: Line] = [:]
  /// Versions that lines have been told to have.
  private var told = ToldVersions()
  private var heartbeat: LoopTimer?

  /// An empty room.
  package init(_ store: WaitlistStore, on loop: EventLoop, logger: Logger) {
    self.store = store
    self.loop = loop
    self.logger = logger
  }

  /// Lets a party in, which must leave again by `leave`. `objection` is asked now and then why it may stay
  /// no longer; nil while it may.
  func enter(
    _ key: RequestKey, lane: Int16, showID: Int64, objection: @escaping () async -> RPCError?
  ) -> WaitSeat {
    let line = lines[showID] ?? Line(lane: lane, showID: showID)
    lines[showID] = line
    let seat = WaitSeat(key, showID: showID, loop: loop, objection)
    line.seats[ObjectIdentifier(seat)] = seat
    if heartbeat == nil { scheduleHeartbeat() }
    refresh(line)
    return seat
  }

  /// Lets a party go.
  func leave(_ seat: WaitSeat) {
    guard let line = lines[seat.showID] else { return }
    line.seats[ObjectIdentifier(seat)] = nil
    if line.seats.isEmpty { lines[seat.showID] = nil }
    guard lines.isEmpty else { return }
    heartbeat?.cancel()
    heartbeat = nil
  }

  /// The line for a show has changed.
  package func note(_ change: QueueChange) {
    told.note(change.showID, change.version)
    if let line = lines[change.showID] { refresh(line) }
  }

  /// The feed begins anew: any line may have changed, and what was told of before may be lost.
  package func streamBegan() {
    told = ToldVersions()
    refreshAll()
  }

  // MARK: Reading

  private func refreshAll() {
    for line in lines.values { refresh(line) }
  }

  private func refresh(_ line: Line) {
    line.isStale = true
    guard !line.isReading else { return }
    line.isReading = true
    let bound = LoopBound((self, line), loop: loop)
    loop.spawn { await bound.value.0.read(bound.value.1) }
  }

  private func read(_ line: Line) async {
    defer { line.isReading = false }
    while line.isStale, !line.seats.isEmpty {
      line.isStale = false
      let seats = Array(line.seats.values)
      do throws(StoreError) {
        let standings = try await store.standings(
          of: seats.map(\.key), lane: line.lane, showID: line.showID)
        for seat in seats {
          if let standing = standings[seat.key] { seat.tell(standing) }
        }
        readAgain(line, ifOlder: standings.version)
      } catch {
        // The heartbeat asks again.
        logger.warning(
          "waiting list not read", metadata: ["show": "\(line.showID)", "error": "\(error)"])
        return
      }
    }
  }

  /// When a commit that was told of does not show in what was read, it is about to.
  private func readAgain(_ line: Line, ifOlder version: Int64?) {
    guard let version, version < told[line.showID] else {
      line.commitPause = CommitPause()
      return
    }
    guard !line.isPausing else { return }
    line.isPausing = true
    loop.schedule(after: line.commitPause.take()) { [weak self] in
      line.isPausing = false
      self?.refresh(line)
    }
  }

  // MARK: The heartbeat

  private func scheduleHeartbeat() {
    let bound = LoopBound(self, loop: loop)
    heartbeat = loop.schedule(after: Limits.waitHeartbeat) { [loop] in
      loop.spawn { await bound.value.beat() }
    }
  }

  /// Says for everybody here that they still wait.
  private func beat() async {
    guard !lines.isEmpty else { return }
    scheduleHeartbeat()
    var staying: [RequestKey] = []
    for seat in lines.values.flatMap({ Array($0.seats.values) }) {
      if await seat.mayStay() { staying.append(seat.key) }
    }
    do throws(StoreError) {
      try await store.touch(staying)
    } catch {
      logger.warning("waiting list not refreshed", metadata: ["error": "\(error)"])
    }
    refreshAll()
  }
}

/// One stream of a party that waits. Tells where the party stands, the latest only. Confined to its
/// loop.
final class WaitSeat {
  let key: RequestKey
  let showID: Int64
  private let loop: EventLoop
  private var latest: WaitStanding?
  private var waiter: CheckedContinuation<Void, Never>?
  private let ask: () async -> RPCError?
  /// Why the party was shown out.
  private(set) var objection: RPCError?

  init(
    _ key: RequestKey, showID: Int64, loop: EventLoop, _ ask: @escaping () async -> RPCError?
  ) {
    self.key = key
    self.showID = showID
    self.loop = loop
    self.ask = ask
  }

  /// Whether the party may go on waiting; shows it out if not.
  func mayStay() async -> Bool {
    if objection == nil { objection = await ask() }
    guard objection != nil else { return true }
    wake()
    return false
  }

  func tell(_ standing: WaitStanding) {
    latest = standing
    wake()
  }

  /// Where the party stands, once that is other than `last`. Throws CANCELLED when the call is over.
  func standing(after last: WaitStanding?) async throws(RPCError) -> WaitStanding {
    let bound = LoopBound(self, loop: loop)
    while true {
      if Task.isCancelled { throw .cancelled }
      if let objection { throw objection }
      if let latest, latest != last { return latest }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled { return continuation.resume() }
          waiter = continuation
        }
      } onCancel: {
        bound.loop.execute { bound.value.wake() }
      }
    }
  }

  private func wake() {
    let waiter = waiter
    self.waiter = nil
    waiter?.resume()
  }
}
