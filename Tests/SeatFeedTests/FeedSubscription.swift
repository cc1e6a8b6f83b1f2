// A watcher's call without a connection: it takes messages when the test asks for them.

import RPC
import Reactor
import SeatFeed
import Synchronization

/// A call that follows a show, and its peer. Confined to its loop; one reader at a time.
final class FeedSubscription: ServerStreamSink, BroadcastLine {
  private var stream: ServerStream?
  private var frames: [[UInt8]] = []
  private var group: BroadcastGroup?
  private var slot = 0
  private var turns: [BroadcastGroup] = []
  private var waiter: CheckedContinuation<Void, Never>?
  private var isOver = false

  init(on loop: EventLoop) {
    let method = MethodDescriptor(
      service: "t.T", method: "Watch", kind: .serverStreaming, sideEffects: false)
    let head = CallHead(
      method: method, metadata: Metadata(), deadline: nil,
      origin: CallOrigin(peer: "test", isSecure: true))
    stream = ServerStream(head, loop: loop, sink: self, receiveLimitBytes: 100)
  }

  /// The call as its handler has it; nil when it has ended.
  var call: ServerCall? { stream.map { ServerCall(ServerContext($0)) } }

  func join(
    _ registry: FeedRegistry, _ showID: Int64, afterVersion: Int64
  ) async throws(FeedError) {
    guard let call else { throw .cancelled }
    try await registry.join(showID, afterVersion: afterVersion, call)
  }

  /// Waits until there is something to read and returns all of it.
  func next() async throws(FeedError) -> [[UInt8]] {
    while true {
      if isOver { throw .cancelled }
      let waiting = turns
      turns = []
      for group in waiting { group.turnBegins() }
      _ = group?.pull(slot: slot, byteCount: .max) { frames.append($0) }
      if !frames.isEmpty {
        defer { frames = [] }
        return frames
      }
      await withCheckedContinuation { waiter = $0 }
    }
  }

  /// The peer resets its call.
  func end() {
    isOver = true
    stream?.receiveReset()
    stream = nil
    waiter.take()?.resume()
  }

  // MARK: ServerStreamSink

  func sendHeaders(_ metadata: Metadata) {}
  func sendMessage(_ envelope: [UInt8]) { frames.append(envelope) }
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

  func requestTurn(_ group: BroadcastGroup) {
    turns.append(group)
    waiter.take()?.resume()
  }
}

extension FeedRegistry {
  /// A call that follows a show.
  func subscribe(
    _ showID: Int64, afterVersion: Int64
  ) async throws(FeedError) -> FeedSubscription {
    let subscription = FeedSubscription(on: loop)
    try await subscription.join(self, showID, afterVersion: afterVersion)
    return subscription
  }
}

/// Frames are numbers of events in a list, so that tests can read them back.
final class Frames: Sendable {
  private let events = Mutex<[FeedEvent]>([])

  func encode(_ event: FeedEvent) -> [UInt8] {
    let index = events.withLock { events in
      events.append(event)
      return events.count - 1
    }
    return withUnsafeBytes(of: index.bigEndian) { Array($0) }
  }

  /// Events encoded so far.
  var count: Int { events.withLock { $0.count } }

  func decode(_ frame: [UInt8]) -> FeedEvent {
    let index = frame.reduce(0) { $0 << 8 | Int($1) }
    return events.withLock { $0[index] }
  }
}
