// One node's change stream and the registry that tells its watchers: the server's own, on the loop
// on which the simulation runs. It reads shows at once, so that nothing ever waits for a clock.

import Booking
import FeedSupport
import RPC
import Reactor

@testable import SeatFeed

final class SimFeed {
  /// What the stream tells next.
  enum Event {
    case began
    case message(SimDatabase.Message)
  }

  private let database: SimDatabase
  private let loop: EventLoop
  private let frames: FrameList<FeedEvent>
  private let registry: FeedRegistry
  /// The next message of the stream; nil while the stream is away.
  private var position: Int?

  init(_ database: SimDatabase, on loop: EventLoop) {
    self.database = database
    self.loop = loop
    let frames = FrameList<FeedEvent>()
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

/// A watcher's stream: it takes as many events as the watcher asks for.
final class SimStream {
  private let frames: FrameList<FeedEvent>
  private let peer: FeedCall

  init(_ frames: FrameList<FeedEvent>, on loop: EventLoop) {
    self.frames = frames
    peer = FeedCall(on: loop)
  }

  /// The call as its handler has it; nil when it has ended.
  var call: ServerCall? { peer.call }

  /// The next events: one at least if there are any, or all there are.
  func read(all: Bool) -> [FeedEvent] {
    peer.read(byteCount: all ? .max : 1).map(frames.decode)
  }

  /// The peer resets its call.
  func end() { peer.end() }
}
