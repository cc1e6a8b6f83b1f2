// Topics over real sockets: peers with closed windows, peers that leave, publishers on any thread.
// What is compared is what each has been told while another was not reading, never how long it took.

import Foundation
import Logging
import RPC
import RPCTransport
import Reactor
import Testing

/// A server whose one method hands its calls over to a topic, and answers a greeting first.
private final class FollowServer: Sendable {
  static let follow = TestMethods.make("Follow", .serverStreaming)
  let server: Server
  let topic: BroadcastTopic
  let loops: [EventLoop]
  let clientLoop: EventLoop
  let address: HostPort

  init(loopCount: Int = 1, messages: Int = 1_024) async throws {
    loops = try (0..<loopCount).map { try EventLoop(name: "server-\($0)") }
    clientLoop = try EventLoop(name: "client")
    var limits = BroadcastLimits()
    limits.messages = messages
    let topic = BroadcastTopic(
      loops, limits: limits, laggards: RPCError(.resourceExhausted, "too slow"))
    self.topic = topic
    var router = Router()
    router.serverStreaming(Self.follow) {
      (request: Blob, responses: ResponseWriter<Blob>, context) async throws(RPCError) in
      let opening = request.bytes.isEmpty ? [] : [SharedEnvelope(request)]
      try topic.on(context.loop).join(responses.call, opening: opening)
    }
    server = try Server(
      loops: loops, router: router,
      configuration: ServerConfiguration(
        address: HostPort(host: "127.0.0.1", port: 0), tls: nil),
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    address = server.address.tcp ?? HostPort(host: "", port: 0)
    await server.start()
  }

  /// A follower with our own client, and its greeting taken.
  func follower() async throws -> ResponseReader<Blob> {
    let channel = Channel(loop: clientLoop, target: address, tls: nil)
    let reader: ResponseReader<Blob> = try await channel.serverStreaming(
      Self.follow, Blob("hello"), CallOptions())
    #expect(try await reader.next()?.text == "hello")
    return reader
  }

  func publish(_ texts: [String]) {
    topic.publish(texts.map { SharedEnvelope(Blob($0)) })
  }

  /// What every loop makes of its part of the topic.
  func each<T: Sendable>(_ body: @escaping @Sendable (Broadcast) -> T) async -> [T] {
    var all: [T] = []
    for loop in loops { all.append(await loop.run { [topic] in body(topic.on(loop)) }) }
    return all
  }

  func stop() async {
    await server.drain(grace: .zero)
    for loop in loops + [clientLoop] { loop.stop() }
  }
}

/// A peer that opens and closes its windows by hand.
private struct ManualPeer {
  let raw: RawPeer
  private var parts: [UInt32: [UInt8]] = [:]

  /// Streams begin with the given window.
  init(_ address: HostPort, window: UInt32) async throws {
    let setting: [UInt8] = [0, 4] + (0..<4).map { UInt8(window >> (24 - 8 * $0) & 255) }
    raw = try RawPeer(
      address,
      opening: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        + RawPeer.frame(RawFrame.settings, setting))
    await open(0, by: 1 << 24)
  }

  /// Follows, and returns when the server has answered with its headers.
  func follow(_ stream: UInt32) async {
    await raw.send(RawPeer.call("/test.Test/Follow", stream: stream))
    #expect(await raw.frame(RawFrame.headers) { $0.stream == stream } != nil)
  }

  func open(_ stream: UInt32, by count: UInt32) async {
    await raw.send(
      RawPeer.frame(8, stream: stream, (0..<4).map { UInt8(count >> (24 - 8 * $0) & 255) }))
  }

  /// The answer to a PING: everything sent before it has been read.
  func roundTrip() async -> [RawFrame] {
    await raw.send(RawPeer.frame(RawFrame.ping, [UInt8](repeating: 9, count: 8)))
    var before: [RawFrame] = []
    while let frame = await raw.nextFrame() {
      if frame.type == RawFrame.ping { break }
      before.append(frame)
    }
    return before
  }

  /// The messages of a stream until there are `count`, and the DATA frames that they came in.
  mutating func messages(_ stream: UInt32, _ count: Int) async -> (texts: [String], frames: Int) {
    var texts: [String] = []
    var frames = 0
    while texts.count < count, let frame = await raw.nextFrame() {
      guard frame.type == RawFrame.data, frame.stream == stream else { continue }
      frames += 1
      texts += take(frame)
    }
    return (texts, frames)
  }

  mutating func take(_ frame: RawFrame) -> [String] {
    var rest = (parts[frame.stream] ?? []) + frame.payload
    var texts: [String] = []
    while rest.count >= 5, rest.count >= 5 + Int(rest[4]) {
      // One field of bytes: its tag and its length are two more.
      texts.append(String(decoding: rest[7..<5 + Int(rest[4])], as: UTF8.self))
      rest.removeFirst(5 + Int(rest[4]))
    }
    parts[frame.stream] = rest
    return texts
  }
}

@Suite struct FollowTests {
  private static func texts(_ range: Range<Int>) -> [String] { range.map { "message \($0)" } }

  private func read(_ reader: ResponseReader<Blob>, _ count: Int) async throws -> [String] {
    var texts: [String] = []
    while texts.count < count, let next = try await reader.next() { texts.append(next.text) }
    return texts
  }

  @Test func aClosedWindowHoldsUpNobodyAndItsBacklogComesInFewFrames() async throws {
    let server = try await FollowServer()
    var slow = try await ManualPeer(server.address, window: 0)
    await slow.follow(1)
    let fast = try await server.follower()
    let all = Self.texts(0..<500)
    for text in all {
      server.publish([text])
      #expect(try await read(fast, 1) == [text])
    }
    #expect(await slow.roundTrip().filter { $0.type == RawFrame.data }.isEmpty)
    #expect(await server.each { $0.keptCount } == [500], "what waits is in the log alone")
    let first = SharedEnvelope(Blob(all[0])).bytes.count
    await slow.open(1, by: UInt32(first + 3))
    let beginning = await slow.messages(1, 1)
    #expect(beginning.texts == [all[0]])
    await slow.open(1, by: 1 << 20)
    let backlog = await slow.messages(1, 499)
    #expect(backlog.texts == Array(all.dropFirst()))
    #expect(backlog.frames <= 3, "many messages share a frame")
    server.publish(["the last"])
    #expect(await slow.messages(1, 1).texts == ["the last"])
    #expect(try await read(fast, 1) == ["the last"])
    #expect(await server.each { $0.keptCount } == [0])
    await server.stop()
  }

  /// The slow one has part of a message: the rest comes, then the status.
  @Test(arguments: [0, 9])
  func aFollowerThatTheLogMustForgetIsCut(window: Int) async throws {
    let server = try await FollowServer(messages: 64)
    let slow = try await ManualPeer(server.address, window: UInt32(window))
    await slow.follow(1)
    let fast = try await server.follower()
    for text in Self.texts(0..<200) {
      server.publish([text])
      #expect(try await read(fast, 1) == [text])
    }
    #expect(await server.each { $0.subscriberCount } == [1])
    if window > 0 { await slow.open(1, by: 1 << 20) }
    let end = await slow.raw.frame(RawFrame.headers) {
      $0.stream == 1 && $0.flags & RawFrame.endStream != 0
    }
    #expect(end != nil, "no trailers came")
    await server.stop()
  }

  @Test func resetsBetweenMessagesLeaveTheOthersWhole() async throws {
    let server = try await FollowServer()
    var peer = try await ManualPeer(server.address, window: 1 << 20)
    let streams = (0..<50).map { UInt32(2 * $0 + 1) }
    for stream in streams { await peer.follow(stream) }
    var told: [UInt32: [String]] = [:]
    for (number, stream) in streams.enumerated() {
      server.publish(Self.texts(3 * number..<3 * number + 3))
      if number % 2 == 0 { await peer.raw.send(RawPeer.reset(stream)) }
    }
    let survivors = Set(streams.enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
    let all = Self.texts(0..<150)
    while survivors.contains(where: { told[$0]?.count != all.count }),
      let frame = await peer.raw.nextFrame()
    {
      if frame.type == RawFrame.data { told[frame.stream, default: []] += peer.take(frame) }
    }
    for stream in streams {
      let texts = told[stream] ?? []
      #expect(!survivors.contains(stream) || texts.count == all.count)
      #expect(texts.elementsEqual(all.prefix(texts.count)), "a gap on stream \(stream)")
    }
    _ = await peer.roundTrip()
    #expect(await server.each { $0.subscriberCount } == [survivors.count])
    await server.stop()
  }

  /// Publishers on threads of their own, followers on both loops: all see one order.
  @Test func publishersOnAnyThreadAreHeardInOneOrder() async throws {
    let server = try await FollowServer(loopCount: 2, messages: 10_000)
    var followers: [ResponseReader<Blob>] = []
    for _ in 0..<8 { followers.append(try await server.follower()) }
    await withTaskGroup { group in
      for publisher in 0..<4 {
        group.addTask {
          for number in 0..<100 {
            server.publish(["\(publisher) \(number) a", "\(publisher) \(number) b"])
          }
        }
      }
    }
    var orders: Set<[String]> = []
    for follower in followers { orders.insert(try await read(follower, 800)) }
    let order = try #require(orders.first)
    #expect(orders.count == 1)
    for publisher in 0..<4 {
      let own = order.filter { $0.hasPrefix("\(publisher) ") }
      #expect(own == (0..<100).flatMap { ["\(publisher) \($0) a", "\(publisher) \($0) b"] })
    }
    await server.stop()
  }

  @Test func aTopicThatClosesTellsTheBacklogFirst() async throws {
    let server = try await FollowServer()
    var slow = try await ManualPeer(server.address, window: 0)
    await slow.follow(1)
    let fast = try await server.follower()
    let all = Self.texts(0..<20)
    server.publish(all)
    server.topic.close(nil)
    #expect(try await read(fast, 21) == all)
    await slow.open(1, by: 1 << 20)
    #expect(await slow.messages(1, 20).texts == all)
    #expect(
      await slow.raw.frame(RawFrame.headers) { $0.flags & RawFrame.endStream != 0 } != nil)
    #expect(await server.each { $0.subscriberCount } == [0])
    await server.stop()
  }

  /// Handed over, a call still ends with its connection, its deadline and the server's drain.
  @Test func aFollowerEndsWithItsDeadlineOrItsServer() async throws {
    let server = try await FollowServer()
    let channel = Channel(loop: server.clientLoop, target: server.address, tls: nil)
    let late = await #expect(throws: RPCError.self) {
      let timed: ResponseReader<Blob> = try await channel.serverStreaming(
        FollowServer.follow, Blob("hello"), CallOptions(timeout: .milliseconds(50)))
      while try await timed.next() != nil {}
    }
    #expect(late?.code == .deadlineExceeded)
    let lasting = try await server.follower()
    await server.server.drain(grace: .seconds(5))
    let drained = await #expect(throws: RPCError.self) { while try await lasting.next() != nil {} }
    #expect(drained?.code == .unavailable)
    #expect(await server.each { $0.subscriberCount } == [0])
    await server.stop()
  }
}

extension RawPeer {
  /// RST_STREAM with CANCEL.
  fileprivate static func reset(_ stream: UInt32) -> [UInt8] {
    frame(RawFrame.reset, stream: stream, [0, 0, 0, 8])
  }
}
