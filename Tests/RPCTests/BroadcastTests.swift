// Topics and the calls that follow them, with connections and peers that are made up: no sockets,
// no clocks.

import ProtoWire
import Reactor
import Synchronization
import Testing

@testable import RPC

@Suite struct BroadcastTests {
  private static let cutError = RPCError(.resourceExhausted, "too slow")

  /// Runs a body on a loop of its own.
  private func onLoop(_ body: @escaping @Sendable (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in try await body(loop) }
    loop.stop()
  }

  private static func limits(messages: Int = 64, bytes: Int = 1 << 20) -> BroadcastLimits {
    var limits = BroadcastLimits()
    limits.messages = messages
    limits.bytes = bytes
    return limits
  }

  private static func topic(_ loop: EventLoop, messages: Int = 64) -> Broadcast {
    Broadcast(loop: loop, limits: limits(messages: messages), policy: .cut(cutError))
  }

  private static func join(
    _ topic: Broadcast, _ line: PeerLine, _ loop: EventLoop, window: Int = .max,
    opening: [SharedEnvelope] = []
  ) throws -> Peer {
    let peer = Peer(line, on: loop, window: window)
    try topic.join(try #require(peer.call), opening: opening)
    line.flush()
    return peer
  }

  /// Ten thousand calls that wait would keep ten thousand times the same header fields.
  @Test func aCallKeepsItsMetadataUntilItWasHandedOver() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop)
      var metadata = Metadata()
      metadata.append("x-wish", "row F")
      let peer = Peer(PeerLine(), on: loop, metadata: metadata)
      let stream = try #require(peer.stream)
      let context = ServerContext(stream)
      try topic.join(try #require(peer.call), opening: [])
      #expect(context.metadata["x-wish"] == "row F")
      stream.handlerEnded(nil)
      #expect(context.metadata.isEmpty && !stream.isClosed)
    }
  }

  @Test func everyFollowerGetsEveryMessageOnceAndInOrder() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop)
      let lines = [PeerLine(), PeerLine()]
      let peers = try (0..<6).map {
        try Self.join(topic, lines[$0 % 2], loop, opening: [numbered(100 + $0)])
      }
      for number in 0..<20 {
        topic.publish(numbered(number))
        if number % 3 == 0 { lines.forEach { $0.flush() } }
      }
      lines.forEach { $0.flush() }
      for (index, peer) in peers.enumerated() {
        #expect(peer.numbers == [100 + index] + Array(0..<20))
      }
      #expect(topic.keptCount == 0 && topic.syncedCount == 6 && topic.head == 20)
    }
  }

  /// A connection has one turn for everything published before it, and its calls share the bytes.
  @Test func severalMessagesAreOneTurnAndOneMemory() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop)
      let line = PeerLine()
      let peers = try (0..<3).map { _ in try Self.join(topic, line, loop) }
      for number in 0..<10 { topic.publish(numbered(number)) }
      #expect(line.turnCount == 0)
      line.flush()
      #expect(line.turnCount == 1)
      #expect(peers.allSatisfy { $0.numbers == Array(0..<10) && $0.largestQueue == 10 })
      #expect(Set(peers.map(\.addresses)).count == 1, "a follower has a copy of its own")
    }
  }

  @Test func aClosedWindowHoldsUpNobodyElseAndLosesNothing() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop)
      let line = PeerLine()
      let slow = try Self.join(topic, line, loop, window: 0)
      let fast = try Self.join(topic, line, loop)
      for number in 0..<50 {
        topic.publish(numbered(number))
        line.flush()
        #expect(fast.numbers.count == number + 1)
      }
      #expect(slow.received.isEmpty && slow.queue.isEmpty, "what waits is in the log alone")
      #expect(topic.keptCount == 50 && topic.syncedCount == 1)
      slow.window = 20
      line.flush()
      #expect(slow.numbers == [0] && slow.queue.count <= 1, "one message is under way")
      slow.window = .max
      line.flush()
      #expect(slow.numbers == Array(0..<50))
      #expect(topic.keptCount == 0 && topic.keptByteCount == 0)
    }
  }

  @Test(arguments: [0, 20])
  func aFollowerThatTheLogMustForgetIsCut(window: Int) async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop, messages: 64)
      let line = PeerLine()
      let slow = try Self.join(topic, line, loop, window: window)
      let fast = try Self.join(topic, line, loop)
      for number in 0..<200 {
        topic.publish(numbered(number))
        line.flush()
        await batchEnd(of: loop)
        #expect(topic.keptCount <= 65)
      }
      #expect(slow.status?.code == .resourceExhausted && slow.status?.message == "too slow")
      #expect(slow.numbers == (window == 0 ? [] : [0]))
      #expect(fast.status == nil && fast.numbers == Array(0..<200))
      #expect(topic.subscriberCount == 1 && topic.keptCount == 0)
    }
  }

  @Test func aLogIsBoundedInBytesToo() async throws {
    try await onLoop { loop in
      let topic = Broadcast(
        loop: loop, limits: Self.limits(messages: 1_000, bytes: 130), policy: .cut(Self.cutError))
      let line = PeerLine()
      let slow = try Self.join(topic, line, loop, window: 0)
      for number in 0..<10 { topic.publish(numbered(number)) }
      await batchEnd(of: loop)
      #expect(slow.status == nil && topic.keptByteCount == 130)
      topic.publish(numbered(10))
      await batchEnd(of: loop)
      #expect(slow.status?.code == .resourceExhausted)
      #expect(topic.keptByteCount == 0 && topic.subscriberCount == 0)
    }
  }

  /// A burst longer than the log reaches those who can read it.
  @Test func aBurstIsNoReasonToCut() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop, messages: 64)
      let line = PeerLine()
      let peer = try Self.join(topic, line, loop)
      for number in 0..<1_000 { topic.publish(numbered(number)) }
      line.flush()
      await batchEnd(of: loop)
      #expect(peer.status == nil && peer.numbers == Array(0..<1_000))
    }
  }

  @Test func aMergingOwnerIsAskedForWhatIsMissing() async throws {
    try await onLoop { loop in
      var asked: [Int] = []
      let topic = Broadcast(
        loop: loop, limits: Self.limits(messages: 64),
        policy: .merge(above: 8) { cursor in
          asked.append(cursor)
          return [numbered(-cursor)]
        })
      let line = PeerLine()
      let slow = try Self.join(topic, line, loop, window: 0)
      let slower = try Self.join(topic, line, loop, window: 13)
      for number in 1...3 { topic.publish(numbered(number)) }
      line.flush()
      slow.window = .max
      line.flush()
      #expect(slow.numbers == [1, 2, 3] && asked == [], "a short backlog is told as it was")
      slow.window = 0
      for number in 4...12 { topic.publish(numbered(number)) }
      line.flush()
      slow.window = .max
      line.flush()
      #expect(slow.numbers == [1, 2, 3, -3] && asked == [3])
      topic.publish(numbered(13))
      for number in 14..<500 {
        topic.publish(numbered(number))
        line.flush()
        await batchEnd(of: loop)
      }
      #expect(slow.numbers.last == 499 && topic.keptCount <= 64)
      slower.window = .max
      line.flush()
      // It had been handed whole messages up to its window, and no more.
      #expect(slower.numbers.prefix(1) == [1] && slower.numbers.last.map { $0 < 0 } == true)
      #expect(topic.syncedCount == 2 && topic.keptCount == 0)
    }
  }

  @Test func theCompressedFormIsMadeOncePerMessage() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop)
      let line = PeerLine()
      let peers = try [true, false, true].map { takesGzip in
        let peer = Peer(line, on: loop, takesGzip: takesGzip)
        try topic.join(try #require(peer.call))
        return peer
      }
      let message = [UInt8](repeating: 7, count: 1_000)
      topic.publish(SharedEnvelope([0, 0, 0, 3, 0xe8] + message))
      line.flush()
      #expect(peers[1].received.count == 1_005)
      #expect(peers[0].received == peers[2].received && peers[0].received.count < 100)
      #expect(peers[0].received.first == 1)
      #expect(peers[0].addresses == peers[2].addresses)
    }
  }

  @Test func closingTellsTheBacklogFirst() async throws {
    try await onLoop { loop in
      for error in [nil, RPCError(.aborted, "the show is over")] {
        let topic = Self.topic(loop)
        let line = PeerLine()
        let slow = try Self.join(topic, line, loop, window: 5)
        let fast = try Self.join(topic, line, loop)
        for number in 0..<5 { topic.publish(numbered(number)) }
        line.flush()
        topic.close(error)
        topic.close(nil)
        topic.publish(numbered(5))
        line.flush()
        slow.window = .max
        line.flush()
        for peer in [slow, fast] {
          #expect(peer.numbers == Array(0..<5))
          #expect(peer.status?.code == error?.code ?? .ok)
        }
        let late = Peer(line, on: loop)
        #expect(throws: error ?? RPCError(.unavailable, "the topic is closed")) {
          try topic.join(try #require(late.call))
        }
      }
    }
  }

  @Test func aCallThatHasEndedCannotJoin() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop)
      let peer = Peer(PeerLine(), on: loop)
      let call = try #require(peer.call)
      peer.reset()
      #expect(throws: RPCError.cancelled) { try topic.join(call) }
      #expect(topic.subscriberCount == 0)
    }
  }

  /// Handed over, a call needs neither its handler nor the handler's task.
  @Test func aCallOutlivesItsHandlerAndEndsWithItsDeadlineOrItsPeer() async throws {
    try await onLoop { loop in
      let topic = Self.topic(loop)
      let bound = LoopBound(topic, loop: loop)
      let method = MethodDescriptor(
        service: "t.T", method: "Follow", kind: .serverStreaming, sideEffects: false)
      var router = Router()
      router.serverStreaming(method) {
        (request: Empty, responses: ResponseWriter<Empty>, _) async throws(RPCError) in
        try bound.value.join(responses.call)
      }
      let route = try #require(router.route(method.path))
      let line = PeerLine()
      for ends in [true, false] {
        let peer = Peer(line, on: loop)
        let stream = try #require(peer.stream)
        var codes: [StatusCode] = []
        stream.whenClosed { codes.append($0) }
        if !ends { stream.arm(deadline: .now + .milliseconds(1)) }
        [UInt8](repeating: 0, count: 5).withUnsafeBytes { stream.receive($0) }
        stream.receiveEnd()
        route.serve(stream)
        #expect(topic.subscriberCount == 1 && !stream.isClosed)
        topic.publish(numbered(1))
        line.flush()
        #expect(peer.numbers == [1])
        if ends { peer.reset() }
        while !stream.isClosed { await Task.yield() }
        #expect(codes == [ends ? .cancelled : .deadlineExceeded])
        #expect(topic.subscriberCount == 0)
      }
    }
  }

  @Test func aFollowerThatLeavesIsForgotten() async throws {
    try await onLoop { loop in
      weak var left: ServerStream?
      let topic = Self.topic(loop)
      let line = PeerLine()
      let slow = try Self.join(topic, line, loop, window: 0)
      left = slow.stream
      topic.publish(numbered(1))
      slow.reset()
      line.flush()
      #expect(left == nil && topic.keptCount == 0 && topic.subscriberCount == 0)
    }
  }
}

/// A message without fields.
private struct Empty: ProtoMessage {
  static var protoName: String { "t.Empty" }
  var unknownFields = UnknownFields()
  func encodedByteCount() -> Int { 0 }
  func encode(into writer: inout ProtoWriter) {}
  mutating func merge(from reader: inout ProtoReader) throws(ProtoDecodingError) {
    _ = try reader.nextTag()
  }
}
