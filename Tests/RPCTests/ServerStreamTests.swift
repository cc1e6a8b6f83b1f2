// A server call between a transport and a handler that are both made up.

import Reactor
import Testing

@testable import RPC

private final class Sink: ServerStreamSink {
  var reopenedByteCount = 0
  var headers: [Metadata] = []
  var messages: [[UInt8]] = []
  func sendHeaders(_ metadata: Metadata) { headers.append(metadata) }
  func sendMessage(_ envelope: [UInt8]) { messages.append(envelope) }
  func sendTrailers(
    _ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata
  ) {}
  func reopenWindow(_ byteCount: Int) { reopenedByteCount += byteCount }
  var queuedByteCount: Int { 0 }
  var line: (any BroadcastLine)? { nil }
  func follow(_ group: BroadcastGroup, slot: Int) {}
}

@Suite struct ServerStreamTests {
  private let head = CallHead(
    MethodDescriptor(service: "t.T", method: "Call", kind: .unary, sideEffects: false))

  /// An interceptor that waits may come back after the call's end.
  @Test func anObserverOfAClosedCallIsToldAtOnceAndNotKept() async throws {
    let loop = try EventLoop(name: "test")
    await loop.run { () async in
      let sink = Sink()
      weak var left: ServerStream?
      var codes: [StatusCode] = []
      do {
        let stream = ServerStream(head, loop: loop, sink: sink, receiveLimitBytes: 100)
        left = stream
        stream.receiveReset()
        stream.whenClosed { code in
          codes.append(code)
          _ = stream.isClosed
        }
      }
      #expect(codes == [.cancelled])
      #expect(left == nil)
    }
    loop.stop()
  }

  @Test func observersAreToldInReverseOrder() async throws {
    let loop = try EventLoop(name: "test")
    await loop.run { () async in
      let sink = Sink()
      let stream = ServerStream(head, loop: loop, sink: sink, receiveLimitBytes: 100)
      var order: [Int] = []
      for number in 0..<3 { stream.whenClosed { _ in order.append(number) } }
      stream.finish(RPCError(.notFound, "none"))
      #expect(order == [2, 1, 0])
    }
    loop.stop()
  }

  /// An error is sent without headers before it, unless a handler has put something into them.
  @Test func headersTravelWithAnError() async throws {
    let loop = try EventLoop(name: "test")
    await loop.run { () async in
      for names in [[], ["x-one", "x-two"]] {
        let sink = Sink()
        let stream = ServerStream(head, loop: loop, sink: sink, receiveLimitBytes: 100)
        for name in names { stream.initialMetadata.append(name, "1") }
        stream.finish(RPCError(.notFound, "none"))
        #expect(sink.headers.map { $0.fields.map(\.name) } == (names.isEmpty ? [] : [names]))
      }
    }
    loop.stop()
  }

  /// Every call sends the same bytes, in the form that its client takes.
  @Test func aPreparedAnswerIsSentInPlaceOfTheMessage() async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let prepared = SharedEnvelope([0, 0, 0, 1, 0] + [UInt8](repeating: 7, count: 256))
      var encodings = MessageEncodings()
      encodings.accept("gzip")
      for compresses in [false, true] {
        let sink = Sink()
        let stream = ServerStream(
          head, loop: loop, sink: sink, receiveLimitBytes: 100, encodings: encodings)
        stream.wantsCompression = compresses
        stream.preparedAnswer = prepared
        var isMade = false
        try stream.respond(
          {
            isMade = true
            return []
          }())
        #expect(sink.messages == [compresses ? prepared.compressed : prepared.bytes])
        #expect(!isMade && stream.isClosed)
      }
    }
    loop.stop()
  }

  /// Five bytes each and nothing in them: they must fill the window all the same.
  @Test func emptyMessagesThatNobodyReadsCloseTheWindow() async throws {
    let loop = try EventLoop(name: "test")
    await loop.run { () async in
      let sink = Sink()
      let stream = ServerStream(head, loop: loop, sink: sink, receiveLimitBytes: 100)
      let count = 10_000
      let bytes = [UInt8](repeating: 0, count: 5 * count)
      for start in stride(from: 0, to: bytes.count, by: 1_000) {
        bytes[start..<start + 1_000].withUnsafeBytes { stream.receive($0) }
      }
      #expect(sink.reopenedByteCount < 10_000)
      var read = 0
      while read < count, let message = try? await stream.receiveNext() {
        #expect(message.isEmpty)
        read += 1
      }
      #expect(sink.reopenedByteCount == bytes.count)
    }
    loop.stop()
  }

  /// Small on the wire, large in memory: what waits must cost what it cost the peer.
  @Test func compressedMessagesWaitCompressed() async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let sink = Sink()
      var encodings = MessageEncodings()
      _ = encodings.declare("gzip")
      let stream = ServerStream(
        head, loop: loop, sink: sink, receiveLimitBytes: 1 << 20, encodings: encodings)
      let message = [UInt8](repeating: 0, count: 1 << 20)
      let envelope = Gzip.envelope([0, 0, 0x10, 0, 0] + message)
      for _ in 0..<10 { envelope.withUnsafeBytes { stream.receive($0) } }
      #expect(sink.reopenedByteCount == 10 * envelope.count, "10 MiB inflated, 50 kB as sent")
      #expect(try await stream.receiveNext() == message)
    }
    loop.stop()
  }
}
