// Many who watch one show, and when each of them learned of a change that this program made.

import RPC
import Reactor
import Synchronization
import UsherProtos

final class BenchAudience: Sendable {
  private struct State {
    var sightings = Sightings()
    /// Watchers that have the map, or have failed.
    var answeredCount = 0
  }

  private let run: BenchRun
  private let show: Int64
  private let state = Mutex(State())

  init(_ run: BenchRun, show: Int64) {
    self.run = run
    self.show = show
  }

  /// Lets so many watch while a load runs: it begins when all of them have the map or have failed,
  /// and is over when all of them have seen its last change. Neither is waited for without end.
  func watch(_ count: Int, _ load: () async -> Void) async {
    let followers = (0..<count).map { number in
      let session = run.sessions[number % run.sessions.count]
      return session.loop.spawn { await self.follow(session) }
    }
    await wait { $0.answeredCount == count || run.isStopped }
    await load()
    await wait { $0.sightings.dueCount == 0 }
    run.note(
      "watch", failed: Failure(.other, "a change was not seen"),
      count: state.withLock { $0.sightings.dueCount })
    for follower in followers { follower.cancel() }
    for follower in followers { await follower.value }
  }

  private func wait(_ isSo: (State) -> Bool) async {
    let end = LoopInstant.now + Limits.benchPatience
    while !state.withLock({ isSo($0) }), LoopInstant.now < end {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Makes a change of the show, one at a time, and expects everybody who watches to see it. Waits
  /// for watchers that are too far behind.
  func change(_ make: () async -> Usher.V1.Booking?) async -> Usher.V1.Booking? {
    await wait { !$0.sightings.isFull }
    let sent = LoopInstant.now
    guard let booking = await make() else { return nil }
    note(state.withLock { $0.sightings.expect(booking.version, sent: sent) })
    return booking
  }

  private func note(_ latencies: [Duration]) {
    for latency in latencies { run.note("change seen", latency) }
  }

  // MARK: One watcher

  private func follow(_ session: Session) async {
    var version: Int64?
    do throws(RPCError) {
      let reader = try await session.seatMaps.watchSeatMap(
        Usher.V1.WatchSeatMapRequest(showId: show), options: session.options(within: nil))
      while let event = try await reader.next() { receive(event, &version) }
      run.note("watch", failed: Failure(.temporary, "the server ended the stream"))
    } catch {
      if error.code != .cancelled { run.note("watch", failed: error, session) }
    }
    state.withLock { state in
      if let version { state.sightings.leave(at: version) } else { state.answeredCount += 1 }
    }
  }

  /// `version` is nil until the map is there.
  private func receive(_ event: Usher.V1.WatchSeatMapResponse, _ version: inout Int64?) {
    switch event.event {
    case .snapshot(let map):
      guard let before = version else {
        version = max(0, map.version)
        return state.withLock { state in
          state.sightings.join()
          state.answeredCount += 1
        }
      }
      version = advance(from: before, to: map.version)
    case .change(let change):
      guard let before = version else { return }
      if change.previousVersion > before {
        run.note("watch", failed: Failure(.other, "a version is missing"))
      }
      version = advance(from: before, to: change.version)
    case .bookmark, nil: break
    }
  }

  /// Several versions at once when the server merged what this watcher was behind.
  private func advance(from before: Int64, to version: Int64) -> Int64 {
    guard version > before else { return before }
    let now = LoopInstant.now
    note(state.withLock { $0.sightings.see(before + 1...version, at: now) })
    return version
  }
}
