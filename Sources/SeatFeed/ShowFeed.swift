// One show on one loop: its map, its latest events, and the topic that its watchers follow.

import Booking
import DequeModule
import RPC
import Reactor

/// The stream of one show. Confined to its loop.
final class ShowFeed {
  private final class LoggedEvent {
    /// Where the topic has the event.
    let position: Int
    let previousVersion: Int64
    let version: Int64
    let seats: [SeatStatus]
    var frame: SharedEnvelope?

    init(_ position: Int, _ previousVersion: Int64, _ version: Int64, _ seats: [SeatStatus]) {
      self.position = position
      self.previousVersion = previousVersion
      self.version = version
      self.seats = seats
    }

    var event: FeedEvent {
      .change(previousVersion: previousVersion, version: version, seats: seats)
    }
  }

  /// The encoded forms of one version of the map.
  private struct PresentMap {
    var answer: SharedEnvelope?
    var snapshot: SharedEnvelope?
    var snapshotInstead: SharedEnvelope?

    var byteCount: Int {
      [answer, snapshot, snapshotInstead].reduce(0) { $0 + ($1?.bytes.count ?? 0) }
    }
  }

  private(set) var map: SeatMap
  private let encode: @Sendable (FeedEvent) -> [UInt8]
  private let encodeMap: @Sendable (SeatSnapshot) -> [UInt8]
  private let topic: Broadcast
  private var log = Deque<LoggedEvent>()
  private var loggedSeatCount = 0
  /// The topic's position from which on the log has everything.
  private var logStart = 0
  /// The present map, encoded once per version for all who ask: after a restart of many clients
  /// that are many.
  private var present = PresentMap()
  /// What the watchers of one position were last given instead of their backlog: a connection that
  /// was slow has many of them.
  private var catchUp: (cursor: Int, head: Int, frames: [SharedEnvelope])?
  /// Whether watchers have been told anything since the last reminder.
  private var hasSpoken = false

  init(_ show: LoadedShow, on loop: EventLoop) {
    map = SeatMap(show.snapshot)
    encode = show.encode
    encodeMap = show.encodeMap
    weak var feed: ShowFeed?
    var limits = BroadcastLimits()
    limits.messages = 2 * Limits.unmergedEvents
    topic = Broadcast(
      loop: loop, limits: limits,
      policy: .merge(above: Limits.unmergedEvents) { feed?.frames(instead: $0) ?? [] })
    feed = self
  }

  var watcherCount: Int { topic.subscriberCount }

  /// What the show takes in memory, watchers aside.
  var byteCount: Int {
    (map.seatCount + loggedSeatCount) * MemoryLayout<SeatStatus>.stride
      + log.count * Limits.loggedEventBytes + present.byteCount
  }

  // MARK: Changes

  /// Adds an event and tells the watchers. A short log is enough for those who are connected.
  func publish(_ seats: [SeatStatus], version: Int64, keepsShort: Bool = false) {
    let event = LoggedEvent(topic.head, map.version, version, seats)
    map.apply(seats, version: version)
    present = PresentMap()
    log.append(event)
    loggedSeatCount += seats.count
    let kept = keepsShort ? Limits.unmergedEvents : Limits.loggedEvents
    while log.count > kept || loggedSeatCount > Limits.loggedSeats, let first = log.popFirst() {
      loggedSeatCount -= first.seats.count
      logStart = first.position + 1
    }
    say(frame(event))
  }

  /// Takes over a snapshot read anew: publishes the difference, or starts everyone anew when the
  /// snapshot is older than the map or tells its version otherwise, as after a restored backup or a
  /// standby that took over without the last commits.
  func reconcile(_ snapshot: SeatSnapshot) {
    let differences = map.differences(to: snapshot)
    if snapshot.version > map.version {
      publish(differences, version: snapshot.version)
    } else if snapshot.version < map.version || !differences.isEmpty {
      map = SeatMap(snapshot)
      log.removeAll()
      loggedSeatCount = 0
      present = PresentMap()
      say(snapshotFrame(resumeImpossible: true))
      logStart = topic.head
    }
  }

  private func say(_ frame: @autoclosure () -> SharedEnvelope) {
    hasSpoken = true
    topic.publish(frame())
  }

  // MARK: Watchers

  /// Hands a call over to the show: it is told what it has missed, or the map, and then all changes.
  /// `isLive` when it may be told that it has missed nothing.
  func join(_ call: ServerCall, afterVersion: Int64, isLive: Bool) throws(RPCError) {
    try topic.join(call, opening: opening(afterVersion, isLive))
  }

  private func opening(_ version: Int64, _ isLive: Bool) -> [SharedEnvelope] {
    if version <= 0 { return [snapshotFrame(resumeImpossible: false)] }
    if version == map.version { return isLive ? [bookmark] : [] }
    // Most watchers who come back have missed little: the search begins at the end.
    guard let start = log.lastIndex(where: { $0.previousVersion == version }) else {
      return [snapshotFrame(resumeImpossible: true)]
    }
    return log[start...].map(frame)
  }

  /// Tells watchers who have heard nothing since the last time that there was nothing to hear.
  func remindIdleWatchers() {
    if !hasSpoken { topic.publish(bookmark) }
    hasSpoken = false
  }

  // MARK: Frames

  /// What a watcher who has read too slowly is told instead of everything from a position on.
  private func frames(instead cursor: Int) -> [SharedEnvelope] {
    if let catchUp, catchUp.cursor == cursor, catchUp.head == topic.head { return catchUp.frames }
    let frames = [merged(from: cursor)]
    catchUp = (cursor, topic.head, frames)
    return frames
  }

  private func merged(from cursor: Int) -> SharedEnvelope {
    guard cursor >= logStart else { return snapshotFrame(resumeImpossible: true) }
    let start = log.lastIndex { $0.position < cursor }.map { $0 + 1 } ?? log.startIndex
    guard let first = log[start...].first else { return bookmark }
    var latest: [Int32: SeatStatus] = [:]
    for event in log[start...] {
      for seat in event.seats { latest[seat.number] = seat }
    }
    return SharedEnvelope(
      encode(
        .change(
          previousVersion: first.previousVersion, version: map.version,
          seats: latest.values.sorted { $0.number < $1.number })))
  }

  private func frame(_ logged: LoggedEvent) -> SharedEnvelope {
    if let frame = logged.frame { return frame }
    let frame = SharedEnvelope(encode(logged.event))
    logged.frame = frame
    return frame
  }

  private var bookmark: SharedEnvelope {
    SharedEnvelope(encode(.bookmark(version: map.version)))
  }

  private func snapshotFrame(resumeImpossible: Bool) -> SharedEnvelope {
    let known = resumeImpossible ? present.snapshotInstead : present.snapshot
    if let known { return known }
    let event = FeedEvent.snapshot(map.snapshot, resumeImpossible: resumeImpossible)
    let frame = SharedEnvelope(encode(event))
    if resumeImpossible { present.snapshotInstead = frame } else { present.snapshot = frame }
    return frame
  }

  /// The present map for who asks once, if it has been encoded.
  var knownAnswer: SharedEnvelope? { present.answer }

  /// Encodes the present map for who asks once.
  func answer() -> SharedEnvelope {
    let frame = SharedEnvelope(encodeMap(map.snapshot))
    present.answer = frame
    return frame
  }
}
