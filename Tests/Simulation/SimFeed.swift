// One node's change stream and the registry that tells its watchers: the server's own, on the loop
// on which the simulation runs. It reads shows at once, so that nothing ever waits for a clock.

import Booking
import RPC
import Reactor
import Synchronization

@testable import SeatFeed

final class SimFeed {
  /// What the stream tells next.
  enum Event {
    case began
    case message(SimDatabase.Message)
  }

  private let database: SimDatabase
  private let loop: EventLoop
  private let frames: SimFrames
  private let registry: FeedRegistry
  /// The next message of the stream; nil while the stream is away.
  private var position: Int?

  init(_ database: SimDatabase, on loop: EventLoop) {
    self.database = database
    self.loop = loop
    let frames = SimFrames()
    self.frames = frames
    let bound = LoopBound(database, loop: loop)
    let groups = GroupSource(
      shows: { (_) async throws(FeedError) in throw .unavailable }, encode: { _ in [] })
    registry = FeedRegistry(loop: loop, groups: groups) { (showID) async throws(FeedError) in
      guard let snapshot = bound.value.snapshot(showID) else { throw .showNotFound }
      return LoadedShow(
        snapshot: snapshot, encode: { frames.encode($0) },
        encodeMap: { frames.encode(.snapshot($0, resumeImpossible: false)) })
    }
  }

  // MARK: The stream

  var isComplete: Bool { position == database.stream.count }

  func end() {
    guard position != nil else { return }
    position = nil
    registry.streamEnded()
  }

  /// The next event of the stream, applied; nil when there is nothing new. A message may come again.
  func next(_ dice: inout Dice) -> Event? {
    guard let position else {
      self.position = database.stream.count
      registry.streamBegan()
      return .began
    }
    if position > 0, dice.chance(5) {
      return apply(database.stream[dice.number(max(0, position - 5)..<position)])
    }
    guard position < database.stream.count else { return nil }
    self.position = position + 1
    return apply(database.stream[position])
  }

  private func apply(_ message: SimDatabase.Message) -> Event {
    if case .seats(let change) = message { registry.apply(change) }
    return .message(message)
  }

  /// What this node has committed, which comes by the stream later.
  func applyOwn(_ change: SeatChange) { registry.applyOwn(change) }

  // MARK: Watchers

  /// Hands a watcher over to a show; nil when the show has to catch up first.
  func watch(_ showID: Int64, after version: Int64) -> SimStream? {
    guard !mustWait(showID, version) else { return nil }
    let stream = SimStream(frames, on: loop)
    guard let call = stream.call else { return nil }
    let bound = LoopBound((registry, call), loop: loop)
    // Ends before it returns: nothing of it waits.
    loop.spawn {
      let (registry, call) = bound.value
      try? await registry.join(showID, afterVersion: version, call)
    }
    return stream
  }

  /// The present map as readers get it from memory; nil when the database has to be asked.
  func map(_ showID: Int64) -> SeatSnapshot? {
    guard !mustWait(showID, 0) else { return nil }
    let answer = LoopBound(Answer(registry), loop: loop)
    loop.spawn {
      let answer = answer.value
      answer.bytes = try? await answer.registry.answer(showID, atLeast: 0)?.bytes
    }
    guard let bytes = answer.value.bytes,
      case .snapshot(let snapshot, _) = frames.decode(bytes)
    else { return nil }
    return snapshot
  }

  private final class Answer {
    let registry: FeedRegistry
    var bytes: [UInt8]?
    init(_ registry: FeedRegistry) { self.registry = registry }
  }

  /// Whether the show is behind what the node has told, or the watcher knows.
  private func mustWait(_ showID: Int64, _ version: Int64) -> Bool {
    guard registry.isLive, let entry = registry.shows[showID], let feed = entry.feed else {
      return false
    }
    return feed.map.version < max(version, entry.toldVersion)
  }
}

/// A watcher's call without a connection: it takes as many messages as the watcher asks for.
final class SimStream: ServerStreamSink, BroadcastLine {
  private let frames: SimFrames
  private var stream: ServerStream?
  private var waiting: [[UInt8]] = []
  private var group: BroadcastGroup?
  private var slot = 0
  private var turns: [BroadcastGroup] = []

  init(_ frames: SimFrames, on loop: EventLoop) {
    self.frames = frames
    let method = MethodDescriptor(
      service: "t.T", method: "Watch", kind: .serverStreaming, sideEffects: false)
    let head = CallHead(
      method: method, metadata: Metadata(), deadline: nil,
      origin: CallOrigin(peer: "simulation", isSecure: true))
    stream = ServerStream(head, loop: loop, sink: self, receiveLimitBytes: 100)
  }

  /// The call as its handler has it; nil when it has ended.
  var call: ServerCall? { stream.map { ServerCall(ServerContext($0)) } }

  /// The next events: one at least if there are any, or all there are.
  func read(all: Bool) -> [FeedEvent] {
    let groups = turns
    turns = []
    for group in groups { group.turnBegins() }
    _ = group?.pull(slot: slot, byteCount: all ? .max : 1) { waiting.append($0) }
    defer { waiting = [] }
    return waiting.map(frames.decode)
  }

  /// The peer resets its call.
  func end() {
    stream?.receiveReset()
    stream = nil
  }

  // MARK: ServerStreamSink

  func sendHeaders(_ metadata: Metadata) {}
  func sendMessage(_ envelope: [UInt8]) { waiting.append(envelope) }
  func sendTrailers(
    _ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata
  ) {}
  func reopenWindow(_ byteCount: Int) {}
  var queuedByteCount: Int { 0 }
  var line: (any BroadcastLine)? { self }

  func follow(_ group: BroadcastGroup, slot: Int) {
    self.group = group
    self.slot = slot
  }

  // MARK: BroadcastLine

  func shrink(_ group: BroadcastGroup, to count: Int) {}
  func requestTurn(_ group: BroadcastGroup) { turns.append(group) }
}

/// Frames are numbers of events in a list, so that they can be read back.
final class SimFrames: Sendable {
  private let events = Mutex<[FeedEvent]>([])

  func encode(_ event: FeedEvent) -> [UInt8] {
    let index = events.withLock { events in
      events.append(event)
      return events.count - 1
    }
    return withUnsafeBytes(of: index.bigEndian) { Array($0) }
  }

  func decode(_ frame: [UInt8]) -> FeedEvent {
    let index = frame.reduce(0) { $0 << 8 | Int($1) }
    return events.withLock { $0[index] }
  }
}
