// Calls of every kind between our client and our server, over cleartext and TLS.

import Logging
import RPC
import RPCTransport
import Synchronization
import TLS
import Testing

@Suite struct CallTests {
  private func call(
    _ channel: Channel, _ method: MethodDescriptor, _ request: Blob, timeout: Duration? = nil,
    metadata: Metadata = Metadata()
  ) async throws(RPCError) -> Blob {
    try await channel.unary(method, request, CallOptions(metadata: metadata, timeout: timeout))
  }

  @Test func unaryEchoOverCleartext() async throws {
    let fixture = try await Fixture()
    let reply = try await call(fixture.channel(), TestMethods.echo, Blob("hello"))
    #expect(reply.text == "hello")
    await fixture.stop()
  }

  @Test func unaryEchoOverTLS() async throws {
    let papers = try Papers()
    let fixture = try await Fixture(tls: try papers.server(names: ["127.0.0.1", "localhost"]))
    let trust = try papers.client()
    for host in ["127.0.0.1", "localhost"] {
      let channel = fixture.channel(tls: trust, host: host)
      #expect(try await call(channel, TestMethods.echo, Blob("hello")).text == "hello")
    }
    await fixture.stop()
  }

  @Test func aServerThatIsNotTrustedIsUnavailable() async throws {
    let fixture = try await Fixture(tls: try Papers().server())
    let channel = fixture.channel(tls: try TLSContext(trustedCertificateFile: nil))
    let error = await #expect(throws: RPCError.self) {
      try await call(channel, TestMethods.echo, Blob("hello"))
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("certificate verify failed") == true)
    await fixture.stop()
  }

  @Test(arguments: [0, 1, 16_384, 65_535, 65_536, 1_000_000, 4_000_000])
  func messagesOfAnySizeTravel(byteCount: Int) async throws {
    let fixture = try await Fixture()
    let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(try await call(fixture.channel(), TestMethods.echo, Blob(bytes)).bytes == bytes)
    await fixture.stop()
  }

  @Test(arguments: [0, 1, 100, 100_000])
  func compressedMessagesTravelBothWays(byteCount: Int) async throws {
    let fixture = try await Fixture()
    let bytes = [UInt8](repeating: 7, count: byteCount)
    for method in [TestMethods.echo, TestMethods.echoCompressed] {
      for compresses in [false, true] {
        let reply: Blob = try await fixture.channel().unary(
          method, Blob(bytes), CallOptions(compressesRequests: compresses))
        #expect(reply.bytes == bytes)
      }
    }
    await fixture.stop()
  }

  @Test func aSmallMessageThatInflatesOverTheLimitIsRefused() async throws {
    let fixture = try await Fixture()
    let bomb = Blob([UInt8](repeating: 0, count: 5 << 20))
    let error = await #expect(throws: RPCError.self) {
      let _: Blob = try await fixture.channel().unary(
        TestMethods.echo, bomb, CallOptions(compressesRequests: true))
    }
    #expect(error?.code == .resourceExhausted)
    #expect(error?.message.contains("inflates") == true)
    await fixture.stop()
  }

  @Test func aMessageOverTheLimitIsRefusedAtItsPrefix() async throws {
    let fixture = try await Fixture()
    let error = await #expect(throws: RPCError.self) {
      try await call(
        fixture.channel(), TestMethods.echo, Blob([UInt8](repeating: 1, count: 5 << 20)))
    }
    #expect(error?.code == .resourceExhausted)
    await fixture.stop()
  }

  @Test func statusMessageAndDetailsArrive() async throws {
    let fixture = try await Fixture()
    let text = "seat F12 – verkauft 100 % \n"
    let error = await #expect(throws: RPCError.self) {
      try await call(fixture.channel(), TestMethods.fail, Blob(text))
    }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message == text)
    #expect(error?.details == [1, 2, 3])
    await fixture.stop()
  }

  /// The details that fit are kept, and with them the trailers stay under what clients accept.
  @Test func statusesAreCutToWhatTrailersHold() async throws {
    let fixture = try await Fixture()
    let short: [UInt8] = [8, 15, 0x1a, 2, 0x12, 0]
    let long: [UInt8] = [0x1a, 0xf7, 0x1f] + [UInt8](repeating: 7, count: 4_087)
    let longer = [0x1a, 0xf8, 0x1f] + long.dropFirst(3) + [7]
    for (sent, received) in [
      (short + long, short + long), (short + long + [0x1a, 0], short + long),
      (short + longer, short),
    ] {
      let error = await #expect(throws: RPCError.self) {
        try await call(fixture.channel(), TestMethods.failAtLength, Blob(sent))
      }
      #expect(error?.details == received)
      #expect(error?.message == String(repeating: "座", count: 227))
    }
    await fixture.stop()
  }

  @Test func unknownMethodIsUnimplemented() async throws {
    let fixture = try await Fixture()
    let error = await #expect(throws: RPCError.self) {
      try await call(fixture.channel(), TestMethods.make("Nothing", .unary), Blob())
    }
    #expect(error?.code == .unimplemented)
    await fixture.stop()
  }

  @Test func metadataTravelsBothWays() async throws {
    let fixture = try await Fixture()
    var metadata = Metadata()
    metadata.append("x-in", "value")
    metadata.append("x-data-bin", binary: [0, 255, 7])
    let reply = try await call(
      fixture.channel(), TestMethods.metadata, Blob(), metadata: metadata)
    #expect(reply.bytes == [0, 255, 7])
    await fixture.stop()
  }

  @Test func theDeadlineEndsTheCallOnBothSides() async throws {
    let fixture = try await Fixture()
    let error = await #expect(throws: RPCError.self) {
      try await call(
        fixture.channel(), TestMethods.sleep, Blob(), timeout: .milliseconds(200))
    }
    #expect(error?.code == .deadlineExceeded)
    // On a machine so busy that the call never began there is nothing to cancel.
    if fixture.seen.has("began") { await fixture.seen.wait(for: "cancelled") }
    await fixture.stop()
  }

  @Test func cancellingTheTaskCancelsTheHandler() async throws {
    let fixture = try await Fixture()
    let channel = fixture.channel()
    _ = try await call(channel, TestMethods.echo, Blob())
    let error = await withTaskGroup(of: RPCError?.self) { group in
      group.addTask {
        do throws(RPCError) {
          _ = try await call(channel, TestMethods.sleep, Blob())
          return nil
        } catch { return error }
      }
      await Task.yield()
      group.cancelAll()
      return await group.next() ?? nil
    }
    #expect(error?.code == .cancelled)
    await fixture.stop()
  }

  @Test func clientAndBidirectionalStreams() async throws {
    let fixture = try await Fixture()
    let channel = fixture.channel()
    let join: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.join, CallOptions())
    for part in ["a", "b", "c"] { try await join.write(Blob(part)) }
    await join.finishWriting()
    #expect(try await join.next()?.text == "abc")
    #expect(try await join.next() == nil)

    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    for part in ["x", "y"] {
      try await chat.write(Blob(part))
      #expect(try await chat.next()?.text == part)
    }
    await chat.finishWriting()
    #expect(try await chat.next() == nil)
    await fixture.stop()
  }

  @Test func aSlowReaderStopsItsProducer() async throws {
    let fixture = try await Fixture()
    let channel = fixture.channel()
    let responses: ResponseReader<Blob> = try await channel.serverStreaming(
      TestMethods.count, Blob("10000"), CallOptions())
    _ = try await responses.next()
    // Calls beside the stalled one prove that the loops have had every chance to go on.
    for _ in 0..<20 { _ = try await call(channel, TestMethods.echo, Blob("beside")) }
    let written = fixture.seen.written.withLock { $0 }
    #expect(written < 100, "1,000 messages of 10 kB, nobody reads: \(written) written")
    var count = 1
    while try await responses.next() != nil { count += 1 }
    #expect(count == 1_000)
    await fixture.stop()
  }

  @Test func messagesBeforeAnErrorAreDeliveredFirst() async throws {
    let fixture = try await Fixture()
    let responses: ResponseReader<Blob> = try await fixture.channel().serverStreaming(
      TestMethods.countThenFail, Blob("5"), CallOptions())
    var texts: [String] = []
    let error = await #expect(throws: RPCError.self) {
      while let next = try await responses.next() { texts.append(next.text) }
    }
    #expect(error == RPCError(.dataLoss, "after the messages"))
    #expect(texts == ["0", "1", "2", "3", "4"])
    await fixture.stop()
  }

  @Test func abandonedStreamsStopTheirProducer() async throws {
    let fixture = try await Fixture()
    let responses: ResponseReader<Blob> = try await fixture.channel().serverStreaming(
      TestMethods.count, Blob("10000"), CallOptions())
    _ = try await responses.next()
    responses.cancel()
    await fixture.seen.wait(for: "writer: CANCELLED")
    await fixture.stop()
  }

  @Test func drainingEndsStreamsWithUnavailableAndRefusesNewConnections() async throws {
    let fixture = try await Fixture()
    let channel = fixture.channel()
    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    try await chat.write(Blob("x"))
    #expect(try await chat.next()?.text == "x")
    await fixture.server.drain(grace: .seconds(5))
    let error = await #expect(throws: RPCError.self) { try await chat.next() }
    #expect(error?.code == .unavailable)
    #expect(fixture.server.connectionCount == 0)
    let refused = await #expect(throws: RPCError.self) {
      try await call(fixture.channel(), TestMethods.echo, Blob())
    }
    #expect(refused?.code == .unavailable)
    await fixture.stop()
  }

  @Test func manyCallsAtOnceOnManyConnections() async throws {
    let fixture = try await Fixture()
    let channels = (0..<8).map { _ in fixture.channel() }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<400 {
        group.addTask {
          try await self.call(channels[index % 8], TestMethods.echo, Blob("\(index)")).text
            == "\(index)"
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
    await fixture.stop()
  }

  @Test func aPortInUseIsRefused() async throws {
    let fixture = try await Fixture()
    let error = #expect(throws: ServerError.self) {
      try Server(
        loops: [], router: Router(),
        configuration: ServerConfiguration(address: fixture.address, tls: nil),
        logger: .init(label: "test"))
    }
    #expect(error?.description == "cannot listen on \(fixture.address): address already in use")
    await fixture.stop()
  }
}
