// The calls of one connection that follow one topic. They are woken and served together, so that a
// publish costs a connection one turn, however many of its calls follow.

/// A connection as a broadcast sees it. All calls happen on the loop.
package protocol BroadcastLine: AnyObject {
  /// Asks for one call of `BroadcastGroup.deliver()` when the connection is next about to send.
  func requestTurn(_ group: BroadcastGroup)
}

/// One connection's subscribers of a topic. Confined to its loop.
package final class BroadcastGroup {
  /// A call that follows the topic: nothing but its place in the log.
  struct Subscriber {
    let stream: ServerStream
    let sink: any ServerStreamSink
    let takesGzip: Bool
    /// Position of the first message that the call has not been given.
    var cursor: Int

    func form(of envelope: SharedEnvelope) -> [UInt8] {
      takesGzip ? envelope.compressed : envelope.bytes
    }
  }

  let line: any BroadcastLine
  var subscribers: [Subscriber] = []
  /// Place among the groups that have not asked for a turn; nil when one has been asked for.
  var idleIndex: Int?
  private let broadcast: Broadcast

  init(_ broadcast: Broadcast, _ line: any BroadcastLine) {
    self.broadcast = broadcast
    self.line = line
  }

  func add(_ subscriber: Subscriber) {
    subscriber.stream.handOver(to: self, slot: subscribers.count)
    subscriber.sink.follow(self, slot: subscribers.count)
    subscribers.append(subscriber)
  }

  /// Takes a subscriber out; the last one moves into its slot.
  func remove(_ slot: Int) -> Subscriber {
    let last = subscribers.removeLast()
    guard slot < subscribers.count else { return last }
    let removed = subscribers[slot]
    subscribers[slot] = last
    last.stream.handOver(to: self, slot: slot)
    last.sink.follow(self, slot: slot)
    return removed
  }

  // MARK: From the transport

  /// The connection is about to send: lets every call that waits for messages ask for them.
  package func deliver() {
    for subscriber in subscribers { subscriber.sink.wake() }
    broadcast.groupHadTurn(self)
  }

  /// The peer can take messages on a call: hands over whole ones until `byteCount` is reached or
  /// there are no more. Nothing here calls back into the transport.
  package func pull(slot: Int, byteCount: Int, _ take: ([UInt8]) -> Void) {
    guard subscribers.indices.contains(slot) else { return }
    broadcast.fill(&subscribers[slot], byteCount, take)
  }

  /// The call has ended, however it did.
  func leave(slot: Int) { broadcast.leave(self, slot) }
}
