// Peers that break the rules or do nothing at all: each is ended at its limit, and told why.

import Bytes
import HTTP2
import ProtoWire
import RPC
import RPCTransport
import Testing

@Suite struct HostileTests {
  /// Limits short enough to wait for.
  private var impatient: ConnectionLimits {
    var limits = ConnectionLimits()
    limits.handshake = .milliseconds(50)
    limits.housekeeping = .milliseconds(20)
    return limits
  }

  @Test(arguments: [[UInt8](), Array(RawPeer.preface.prefix(10))])
  func aPrefaceThatDoesNotComeEndsTheConnection(bytes: [UInt8]) async throws {
    let fixture = try await Fixture(limits: impatient)
    let peer = try RawPeer(fixture.address)
    await peer.send(bytes)
    #expect(await peer.endsOrderly())
    await fixture.stop()
  }

  @Test func aHalfTLSHelloEndsTheConnection() async throws {
    let fixture = try await Fixture(tls: try Papers().server(), limits: impatient)
    let peer = try RawPeer(fixture.address)
    await peer.send([0x16, 3, 1, 2, 0, 1, 0])
    #expect(await peer.endsOrderly())
    await fixture.stop()
  }

  @Test func whatIsNotTLSGetsAnAlert() async throws {
    let fixture = try await Fixture(tls: try Papers().server())
    let peer = try RawPeer(fixture.address)
    await peer.send([0x16, 3, 1, 0, 4, 9, 9, 9, 9] + [UInt8](repeating: 7, count: 100_000))
    let alert = await peer.read()
    #expect(alert?.first == 0x15)
    #expect(await peer.endsOrderly())
    await fixture.stop()
  }

  @Test func aHeaderBlockThatDoesNotEndEndsTheConnection() async throws {
    var limits = impatient
    limits.headerBlock = .milliseconds(50)
    let fixture = try await Fixture(limits: limits)
    let peer = try RawPeer(fixture.address)
    let half = RawPeer.frame(
      RawFrame.headers, stream: 1, RawPeer.block(TestMethods.echo.path))
    await peer.send(RawPeer.preface + half)
    #expect(await peer.endsOrderly())
    await fixture.stop()
  }

  @Test(arguments: [TestMethods.echo, TestMethods.count])
  func aRequestThatDoesNotEndIsGivenUp(method: MethodDescriptor) async throws {
    var limits = impatient
    limits.unaryBody = .milliseconds(50)
    let fixture = try await Fixture(limits: limits)
    let peer = try RawPeer(fixture.address)
    let session = try HTTP2Session(role: .client, limits: HTTP2Limits(), nowSeconds: 0)
    let stream = try session.request(
      HeaderBlock([
        (":method", "POST"), (":scheme", "http"), (":path", method.path), (":authority", "x"),
        ("content-type", "application/grpc"),
      ]))
    session.send(stream, [0, 0, 0, 0, 9, 1])
    var bytes: [UInt8] = []
    try session.produce(into: &bytes)
    await peer.send(bytes)
    var status: String?
    while status == nil, let more = await peer.read(), !more.isEmpty {
      try more.withUnsafeBytes { try session.receive($0, nowSeconds: 0) }
      var events: [HTTP2Event] = []
      session.takeEvents(into: &events)
      for case .headers(_, let block, _) in events { status = block["grpc-status"] }
    }
    #expect(status == "4")
    await fixture.stop()
  }

  @Test func aPeerThatNeverReadsIsEnded() async throws {
    var limits = impatient
    limits.handshake = .milliseconds(500)
    limits.stalledSocket = .milliseconds(100)
    let fixture = try await Fixture(limits: limits)
    let peer = try RawPeer(fixture.address)
    let windows: [UInt8] = [0, 4, 0x7f, 0xff, 0xff, 0xff]
    let update = RawPeer.frame(8, [0x7f, 0, 0, 0])
    await peer.send(
      RawPeer.preface + RawPeer.frame(RawFrame.settings, windows) + update
        + RawPeer.call(
          TestMethods.count.path, stream: 1, message: [10, 6] + Array("100000".utf8)))
    await fixture.seen.wait(for: "writer: CANCELLED")
    await fixture.stop()
    withExtendedLifetime(peer) {}
  }

  @Test func aConnectionWithoutStreamsIsAskedToGo() async throws {
    var limits = impatient
    limits.handshake = .milliseconds(500)
    limits.idle = .milliseconds(100)
    let fixture = try await Fixture(limits: limits)
    let peer = try RawPeer(fixture.address)
    await peer.send(RawPeer.preface + RawPeer.call(TestMethods.echo.path, stream: 1))
    #expect(await peer.frame(RawFrame.goAway)?.payload.prefix(4) == [0x7f, 0xff, 0xff, 0xff])
    let last = await peer.frame(RawFrame.goAway)
    #expect(last?.payload.prefix(4) == [0, 0, 0, 1] && last?.errorCode == 0)
    #expect(await peer.endsOrderly())
    await fixture.stop()
  }

  /// Housekeeping looks in many times while the one stream is open and silent.
  @Test func aConnectionWithASilentStreamIsNotIdle() async throws {
    var limits = impatient
    limits.handshake = .milliseconds(500)
    limits.idle = .milliseconds(50)
    let fixture = try await Fixture(limits: limits)
    let channel = fixture.channel()
    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    try await chat.write(Blob("x"))
    #expect(try await chat.next()?.text == "x")
    // A second connection that idles is gone before the first is looked at again.
    let idle = try RawPeer(fixture.address)
    await idle.send(RawPeer.preface)
    #expect(await idle.frame(RawFrame.goAway) != nil)
    #expect(await idle.endsOrderly())
    try await chat.write(Blob("y"))
    #expect(try await chat.next()?.text == "y")
    await fixture.stop()
  }

  @Test func connectionsOfOnePeerAreLimited() async throws {
    var limits = ConnectionLimits()
    limits.connectionsPerPeer = 2
    let fixture = try await Fixture(limits: limits)
    let first = try RawPeer(fixture.address)
    let second = try RawPeer(fixture.address)
    for peer in [first, second] {
      await peer.send(RawPeer.preface)
      #expect(await peer.frame(RawFrame.settings) != nil)
    }
    let third = try RawPeer(fixture.address)
    #expect(await third.read()?.isEmpty ?? true)
    await fixture.stop()
  }

  /// The rest of the flood lies unread in the server's socket: closing it at once would reset the
  /// connection and take the GOAWAY with it.
  @Test func aFloodIsToldWhyItIsEnded() async throws {
    let fixture = try await Fixture()
    let peer = try RawPeer(fixture.address)
    let ping = RawPeer.frame(RawFrame.ping, [UInt8](repeating: 1, count: 8))
    let flood = [[UInt8]](repeating: ping, count: 60_000).flatMap { $0 }
    await peer.send(RawPeer.preface + flood)
    #expect(await peer.frame(RawFrame.goAway)?.errorCode == 0xb)
    #expect(await peer.endsOrderly())
    await fixture.stop()
  }

  /// A client that measures its bandwidth pings once for each window of data. By then the call has
  /// long ended on the server; only its bytes are still on their way.
  @Test func pingsBetweenThePartsOfAResponseAreForgiven() async throws {
    let fixture = try await Fixture()
    let peer = try RawPeer(fixture.address)
    let thousand: [UInt8] = [0, 0, 0x03, 0xe8]
    await peer.send(
      RawPeer.preface + RawPeer.frame(RawFrame.settings, [0, 4] + thousand)
        + RawPeer.call(
          TestMethods.countThenFail.path, stream: 1, message: Blob("2000").protoBytes()))
    let onward =
      RawPeer.frame(RawFrame.ping, [UInt8](repeating: 1, count: 8))
      + RawPeer.frame(RawFrame.windowUpdate, stream: 1, thousand)
    var dataCount = 0
    while let frame = await peer.nextFrame(), frame.type != RawFrame.goAway {
      if frame.type == RawFrame.headers, frame.flags & RawFrame.endStream != 0 { break }
      guard frame.type == RawFrame.data else { continue }
      dataCount += 1
      await peer.send(onward)
    }
    #expect(dataCount > 10)
    await fixture.stop()
  }

  /// A client that has seen only the first GOAWAY may still begin calls, also when it has none.
  @Test func aCallBetweenTheTwoGoAwaysIsServed() async throws {
    var limits = ConnectionLimits()
    limits.goAwayPause = .seconds(3)
    let fixture = try await Fixture(limits: limits)
    let peer = try RawPeer(fixture.address)
    await peer.send(
      RawPeer.preface
        + RawPeer.frame(
          RawFrame.headers, flags: RawFrame.endHeaders, stream: 1,
          RawPeer.block(TestMethods.chat.path)))
    #expect(await peer.frame(RawFrame.settings) != nil)
    async let drained: Void = fixture.server.drain(grace: .seconds(8))
    #expect(await peer.frame(RawFrame.goAway)?.payload.prefix(4) == [0x7f, 0xff, 0xff, 0xff])
    await peer.send(
      RawPeer.frame(RawFrame.reset, stream: 1, [0, 0, 0, 8])
        + RawPeer.frame(RawFrame.ping, [UInt8](repeating: 1, count: 8)))
    #expect(await peer.frame(RawFrame.ping) != nil)
    await peer.send(RawPeer.call(TestMethods.echo.path, stream: 3))
    #expect(await peer.frame(RawFrame.data) { $0.stream == 3 } != nil)
    let last = await peer.frame(RawFrame.goAway)
    #expect(last?.payload.prefix(4) == [0, 0, 0, 3])
    #expect(await peer.endsOrderly())
    await drained
    await fixture.stop()
  }
}
