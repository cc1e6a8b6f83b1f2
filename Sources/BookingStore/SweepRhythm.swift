// What sweepers share: the steady pace at which they take their turns on one loop, and what they leave out
// for a while because it cannot be swept.

import Logging
import Reactor

/// Takes turns at a steady pace on one loop.
final class SweepRhythm: Sendable {
  private let name: String
  private let interval: Duration
  private let loop: EventLoop
  private let logger: Logger
  private let state: LoopBound<State>

  private final class State {
    var timer: LoopTimer?
    var isStopped = false
    var isFailing = false
  }

  /// Turns that do not come yet. The log knows them by a name.
  init(_ name: String, every interval: Duration, on loop: EventLoop, logger: Logger) {
    self.name = name
    self.interval = interval
    self.loop = loop
    self.logger = logger
    state = LoopBound(State(), loop: loop)
  }

  /// Starts turns, which say whether there may be more to do at once.
  func start(_ turn: @escaping @Sendable () async throws(StoreError) -> Bool) {
    loop.execute { self.schedule(turn, after: .zero) }
  }

  /// Ends turns; one under way is finished.
  func stop() {
    loop.execute {
      self.state.value.isStopped = true
      self.state.value.timer?.cancel()
    }
  }

  private func schedule(
    _ turn: @escaping @Sendable () async throws(StoreError) -> Bool, after delay: Duration
  ) {
    guard !state.value.isStopped else { return }
    state.value.timer = loop.schedule(after: delay) { [self] in
      loop.spawn {
        let pause = await self.pause(after: turn)
        self.schedule(turn, after: pause)
      }
    }
  }

  /// Takes a turn and says how long to wait for the next.
  private func pause(
    after turn: @Sendable () async throws(StoreError) -> Bool
  ) async -> Duration {
    do throws(StoreError) {
      let mayBeMore = try await turn()
      if state.value.isFailing { logger.notice("sweeper works again", metadata: ["of": "\(name)"]) }
      state.value.isFailing = false
      return mayBeMore ? .zero : interval
    } catch {
      if !state.value.isFailing {
        logger.warning("sweeper failed", metadata: ["of": "\(name)", "error": "\(error)"])
      }
      state.value.isFailing = true
      return StoreLimits.sweepBackoff
    }
  }
}

/// Shows that could not be swept, and when to try again: they keep nothing else from being swept. Confined to a
/// loop.
final class TroubledShows {
  private let logger: Logger
  private var ends: [Int64: LoopInstant] = [:]

  /// None yet.
  init(logger: Logger) { self.logger = logger }

  /// How many there are at most.
  var count: Int { ends.count }

  /// Those to leave out now.
  func current() -> [Int64] {
    let now = LoopInstant.now
    ends = ends.filter { $0.value > now }
    return ends.keys.sorted()
  }

  /// Sweeps what is due of shows that are not in trouble; returns what is left. What is the database's own
  /// trouble, or that of too many shows, is thrown.
  func leavingOut<Due>(
    of all: [Due], _ showID: (Due) -> Int64, _ sweep: (Due) async throws(StoreError) -> Void
  ) async throws(StoreError) -> [Due] {
    _ = current()
    var left: [Due] = []
    for due in all {
      let showID = showID(due)
      // Of one that failed a moment ago the rest is not tried.
      guard ends[showID] == nil else {
        left.append(due)
        continue
      }
      do throws(StoreError) {
        try await sweep(due)
      } catch {
        guard error.kind == .fault, ends.count < StoreLimits.troubledShows else { throw error }
        logger.error(
          "a show cannot be swept", metadata: ["show": "\(showID)", "error": "\(error)"])
        ends[showID] = .now + StoreLimits.troublePause
        left.append(due)
      }
    }
    return left
  }
}
