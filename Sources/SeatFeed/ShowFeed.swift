// One show on one loop: its map, its latest events with their shared frames, its watchers.

import Booking
import DequeModule

/// The stream of one show. Confined to its loop.
final class ShowFeed {
  private final class LoggedEvent {
    let previousVersion: Int64
    let version: Int64
    let seats: [SeatStatus]
    var frame: [UInt8]?

    init(_ previousVersion: Int64, _ version: Int64, _ seats: [SeatStatus]) {
      self.previousVersion = previousVersion
      self.version = version
      self.seats = seats
    }

    var event: FeedEvent {
      .change(previousVersion: previousVersion, version: version, seats: seats)
    }
  }

  private(set) var map: SeatMap
  private let encode: @Sendable (FeedEvent) -> [UInt8]
  private var log = Deque<LoggedEvent>()
  private var loggedSeatCount = 0
  private var snapshotFrames: [Bool: (version: Int64, bytes: [UInt8])] = [:]
  private var watchers: [ObjectIdentifier: FeedSubscription] = [:]
  /// Changes when history was rewritten: a watcher of another epoch must start from a snapshot.
  private(set) var epoch = 0

  init(_ show: LoadedShow) {
    map = SeatMap(show.snapshot)
    encode = show.encode
  }

  var watcherCount: Int { watchers.count }

  // MARK: Changes

  /// Adds an event and wakes the watchers.
  func publish(_ seats: [SeatStatus], version: Int64) {
    let event = LoggedEvent(map.version, version, seats)
    map.apply(seats, version: version)
    log.append(event)
    loggedSeatCount += seats.count
    while log.count > Limits.loggedEvents || loggedSeatCount > Limits.loggedSeats,
      let first = log.popFirst()
    {
      loggedSeatCount -= first.seats.count
    }
    wakeAll()
  }

  /// Takes over a snapshot read anew: publishes the difference, or starts a new epoch when the
  /// snapshot is older than the map, as after a restored backup.
  func reconcile(_ snapshot: SeatSnapshot) {
    if snapshot.version > map.version {
      publish(map.differences(to: snapshot), version: snapshot.version)
    } else if snapshot.version < map.version {
      map = SeatMap(snapshot)
      log.removeAll()
      loggedSeatCount = 0
      snapshotFrames = [:]
      epoch += 1
      wakeAll()
    }
  }

  // MARK: Watchers

  func add(_ watcher: FeedSubscription) { watchers[ObjectIdentifier(watcher)] = watcher }

  func remove(_ watcher: FeedSubscription) { watchers[ObjectIdentifier(watcher)] = nil }

  func remindIdleWatchers() {
    for watcher in Array(watchers.values) { watcher.remind() }
  }

  private func wakeAll() {
    for watcher in Array(watchers.values) { watcher.wake() }
  }

  // MARK: Frames

  /// The frames that bring a watcher from a version to the present. Falls back to a snapshot when
  /// the log does not reach back that far; merges when there are more events than `mergeAbove`.
  func frames(after version: Int64, mergeAbove limit: Int) -> [[UInt8]] {
    guard version != map.version else { return [] }
    // Most watchers have missed the last event alone: the search begins there.
    guard let start = log.lastIndex(where: { $0.previousVersion == version }) else {
      return [snapshotFrame(resumeImpossible: true)]
    }
    let missed = log[start...]
    guard missed.count > limit else { return missed.map(frame) }
    return [frame(of: merge(missed, after: version))]
  }

  private func merge(_ events: Slice<Deque<LoggedEvent>>, after version: Int64) -> FeedEvent {
    var latest: [Int32: SeatStatus] = [:]
    for event in events {
      for seat in event.seats { latest[seat.number] = seat }
    }
    return .change(
      previousVersion: version, version: map.version,
      seats: latest.values.sorted { $0.number < $1.number })
  }

  private func frame(_ logged: LoggedEvent) -> [UInt8] {
    if let frame = logged.frame { return frame }
    let frame = encode(logged.event)
    logged.frame = frame
    return frame
  }

  func frame(of event: FeedEvent) -> [UInt8] { encode(event) }

  /// The present map, encoded once per version for all who ask: after a restart of many clients
  /// that are many.
  func snapshotFrame(resumeImpossible: Bool) -> [UInt8] {
    if let frame = snapshotFrames[resumeImpossible], frame.version == map.version {
      return frame.bytes
    }
    let bytes = encode(.snapshot(map.snapshot, resumeImpossible: resumeImpossible))
    snapshotFrames[resumeImpossible] = (map.version, bytes)
    return bytes
  }
}
