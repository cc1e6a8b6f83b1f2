// A channel's waiters and its end.

import RPC
import RPCTransport
import Reactor
import Testing

@Suite struct ChannelTests {
  @Test func cancellingACallThatWaitsForAConnectionEndsIt() async throws {
    let loop = try EventLoop(name: "client")
    // Nothing listens on port 1 of the loopback: the channel backs off, the call waits on.
    let channel = Channel(loop: loop, target: HostPort(host: "127.0.0.1", port: 1), tls: nil)
    let task = loop.spawn {
      let error = await #expect(throws: RPCError.self) {
        let _: Blob = try await channel.unary(
          TestMethods.echo, Blob(), CallOptions(waitForReady: true))
      }
      #expect(error?.code == .cancelled)
    }
    task.cancel()
    await task.value
    loop.stop()
  }

  @Test func closingAChannelLetsItsCallsFinish() async throws {
    let fixture = try await Fixture()
    let channel = fixture.channel()
    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    try await chat.write(Blob("x"))
    #expect(try await chat.next()?.text == "x")
    await channel.close()
    try await chat.write(Blob("y"))
    #expect(try await chat.next()?.text == "y")
    await chat.finishWriting()
    #expect(try await chat.next() == nil)
    let error = await #expect(throws: RPCError.self) {
      let _: Blob = try await channel.unary(TestMethods.echo, Blob(), CallOptions())
    }
    #expect(error?.code == .cancelled)
    await fixture.stop()
  }
}
