// A watcher's call without a connection, for tests of the feed: it takes messages when it is asked to.

package import RPC
package import Reactor

/// A call that follows a show, and its peer. Confined to its loop.
package final class FeedCall: ServerStreamSink, BroadcastLine {
  private var stream: ServerStream?
  private var messages: [[UInt8]] = []
  private var group: BroadcastGroup?
  private var slot = 0
  private var turns: [BroadcastGroup] = []
  /// Called when there may be something to read.
  package var onTurn: () -> Void = {}

  /// A call that has just come.
  package init(on loop: EventLoop) {
    let method = MethodDescriptor(
      service: "t.T", method: "Watch", kind: .serverStreaming, sideEffects: false)
    let head = CallHead(
      method: method, metadata: Metadata(), deadline: nil,
      origin: CallOrigin(peer: "test", isSecure: true))
    stream = ServerStream(head, loop: loop, sink: self, receiveLimitBytes: 100)
  }

  /// The call as its handler has it; nil when it has ended.
  package var call: ServerCall? { stream.map { ServerCall(ServerContext($0)) } }

  /// The next messages: one at least if there are any, and no more than fit.
  package func read(byteCount: Int = .max) -> [[UInt8]] {
    let groups = turns
    turns = []
    for group in groups { group.turnBegins() }
    _ = group?.pull(slot: slot, byteCount: byteCount) { messages.append($0) }
    defer { messages = [] }
    return messages
  }

  /// The peer resets its call.
  package func end() {
    stream?.receiveReset()
    stream = nil
  }

  // MARK: ServerStreamSink

  package func sendHeaders(_ metadata: Metadata) {}
  package func sendMessage(_ envelope: [UInt8]) { messages.append(envelope) }
  package func sendTrailers(
    _ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata
  ) {}
  package func reopenWindow(_ byteCount: Int) {}
  package var queuedByteCount: Int { 0 }
  package var line: (any BroadcastLine)? { self }

  package func follow(_ group: BroadcastGroup, slot: Int) {
    self.group = group
    self.slot = slot
  }

  // MARK: BroadcastLine

  package func shrink(_ group: BroadcastGroup, to count: Int) {}

  package func requestTurn(_ group: BroadcastGroup) {
    turns.append(group)
    onTurn()
  }
}
