// What surrounds a client's calls: interceptors, metadata, keepalive, names, and calls that nobody
// reads to their end.

import Bytes
import HTTP2
import RPC
import RPCTransport
import Reactor
import Synchronization
import Testing

/// Notes what it sees under its name.
private final class Witness: ClientInterceptor {
  let name: String
  let seen: Observations
  let refusal: RPCError?

  init(_ name: String, _ seen: Observations, refusal: RPCError? = nil) {
    (self.name, self.seen, self.refusal) = (name, seen, refusal)
  }

  func callBegins(_ context: inout ClientContext) async throws(RPCError) {
    seen.note("\(name) begins \(context.method.method)")
    if let refusal { throw refusal }
    context.options.metadata.append("x-in", name)
    await Task.yield()
  }

  func callRepeats(_ context: ClientContext, _ error: RPCError, after pause: Duration) {
    seen.note("\(name) repeats")
  }

  func callEnded(_ context: ClientContext, _ code: StatusCode, took duration: Duration) {
    seen.note("\(name) ends \(context.method.method) \(code.name)")
  }
}

@Suite struct ClientInterceptorTests {
  private func channel(_ fixture: Fixture, _ chain: [any ClientInterceptor]) -> Channel {
    var configuration = ChannelConfiguration(
      target: ChannelTarget(.tcp(fixture.address)), tls: nil)
    configuration.interceptors = chain
    return Channel(loop: fixture.clientLoop, configuration: configuration)
  }

  @Test func oneChainSeesEveryKindOfCall() async throws {
    let fixture = try await Fixture()
    let seen = Observations()
    let channel = channel(fixture, [Witness("outer", seen), Witness("inner", seen)])
    let _: Blob = try await channel.unary(TestMethods.echo, Blob("x"), CallOptions())
    let count: ResponseReader<Blob> = try await channel.serverStreaming(
      TestMethods.countThenFail, Blob("0"), CallOptions())
    await #expect(throws: RPCError.self) { try await count.next() }
    let join: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.join, CallOptions())
    await join.finishWriting()
    while try await join.next() != nil {}
    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    chat.cancel()
    await seen.wait(for: "outer ends Chat CANCELLED")
    let ends = [
      ("Echo", "OK"), ("CountThenFail", "DATA_LOSS"), ("Join", "OK"), ("Chat", "CANCELLED"),
    ]
    #expect(
      seen.all
        == ends.flatMap { method, code in
          [
            "outer begins \(method)", "inner begins \(method)", "inner ends \(method) \(code)",
            "outer ends \(method) \(code)",
          ]
        })
    await fixture.stop()
  }

  @Test func whatAnInterceptorAddsTravels() async throws {
    let fixture = try await Fixture()
    let channel = channel(fixture, [Witness("added", Observations())])
    let metadata = ResponseMetadata()
    let _: Blob = try await channel.unary(
      TestMethods.metadata, Blob(), CallOptions(responseMetadata: metadata))
    #expect(metadata.initial["x-initial"] == "added")
    #expect(metadata.trailing["x-trailing"] == "end")
    await fixture.stop()
  }

  @Test func aRefusalEndsTheCallForThoseBefore() async throws {
    let fixture = try await Fixture()
    let seen = Observations()
    let channel = channel(
      fixture,
      [
        Witness("first", seen),
        Witness("second", seen, refusal: RPCError(.permissionDenied, "not today")),
        Witness("third", seen),
      ])
    let error = await #expect(throws: RPCError.self) {
      let _: Blob = try await channel.unary(TestMethods.echo, Blob(), CallOptions())
    }
    #expect(error == RPCError(.permissionDenied, "not today"))
    #expect(
      seen.all == ["first begins Echo", "second begins Echo", "first ends Echo PERMISSION_DENIED"])
    await fixture.stop()
  }

  @Test func repetitionsAreTold() async throws {
    let callers = try Callers()
    let server = try ScriptedServer { connection, _ in
      try connection.refuse(try connection.wholeRequest().stream, status: 14)
      try connection.serve("at last")
    }
    let seen = Observations()
    let channel = callers.channel(to: ChannelTarget(.tcp(server.address))) {
      $0.interceptors = [Witness("w", seen)]
      $0.retry = RetryPolicy(initialBackoff: .milliseconds(1))
    }
    #expect(try await Callers.who(channel, CallOptions(isSafe: true)) == "at last")
    await seen.wait(for: "w ends Who OK")
    #expect(seen.all == ["w begins Who", "w repeats", "w ends Who OK"])
    server.stop()
    callers.loop.stop()
  }
}

/// The server's chain, beside the client's: unary and streaming calls pass the same one.
@Suite struct ServerInterceptorTests {
  private final class Chain: ServerInterceptor {
    let name: String
    let seen: Observations

    init(name: String, seen: Observations) {
      self.name = name
      self.seen = seen
    }

    func callBegins(_ context: inout ServerContext) async throws(RPCError) {
      seen.note("\(name) begins \(context.method.method)")
    }

    func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration) {
      seen.note("\(name) ends \(context.method.method) \(code.name)")
    }
  }

  @Test func oneChainSeesEveryKindOfCall() async throws {
    let seen = Observations()
    let fixture = try await Fixture(
      interceptors: [Chain(name: "outer", seen: seen), Chain(name: "inner", seen: seen)])
    let channel = fixture.channel()
    let _: Blob = try await channel.unary(TestMethods.echo, Blob("x"), CallOptions())
    let count: ResponseReader<Blob> = try await channel.serverStreaming(
      TestMethods.countThenFail, Blob("0"), CallOptions())
    await #expect(throws: RPCError.self) { try await count.next() }
    let join: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.join, CallOptions())
    await join.finishWriting()
    while try await join.next() != nil {}
    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    try await chat.write(Blob("x"))
    _ = try await chat.next()
    chat.cancel()
    await seen.wait(for: "outer ends Chat CANCELLED")
    for (method, code) in [
      ("Echo", "OK"), ("CountThenFail", "DATA_LOSS"), ("Join", "OK"), ("Chat", "CANCELLED"),
    ] {
      #expect(
        seen.all.filter { $0.contains(" \(method)") } == [
          "outer begins \(method)", "inner begins \(method)", "inner ends \(method) \(code)",
          "outer ends \(method) \(code)",
        ])
    }
    await fixture.stop()
  }
}

@Suite struct ClientLifeTests {
  @Test func aReaderThatIsDroppedEndsItsCall() async throws {
    let fixture = try await Fixture()
    let channel = fixture.channel()
    do {
      let responses: ResponseReader<Blob> = try await channel.serverStreaming(
        TestMethods.count, Blob("10000"), CallOptions())
      _ = try await responses.next()
    }
    await fixture.seen.wait(for: "writer: CANCELLED")
    await fixture.stop()
  }

  @Test func aStreamThatIsDroppedIsReset() async throws {
    let seen = Observations()
    let callers = try Callers()
    let server = try ScriptedServer { connection, _ in
      _ = try connection.request()
      seen.note("asked")
      while true {
        if case .closed(_, let code) = try connection.next() { seen.note("closed \(code)") }
      }
    }
    let channel = callers.channel(to: ChannelTarget(.tcp(server.address)))
    do {
      let chat: ClientStream<Blob, Blob> = try await channel.openStream(
        TestMethods.chat, CallOptions())
      try await chat.write(Blob("x"))
      await seen.wait(for: "asked")
    }
    await seen.wait(for: "closed 8")
    server.stop()
    callers.loop.stop()
  }

  /// A server may answer before it has read everything; the rest of the stream must not stay open.
  @Test func anEarlyAnswerClosesTheStream() async throws {
    let seen = Observations()
    let callers = try Callers()
    let server = try ScriptedServer { connection, _ in
      let (stream, _) = try connection.request()
      // HEADERS with END_STREAM, and nothing that ends the client's half.
      try connection.refuse(stream, status: 9)
      while true {
        if case .closed(_, let code) = try connection.next() { seen.note("closed \(code)") }
      }
    }
    let channel = callers.channel(to: ChannelTarget(.tcp(server.address)))
    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    let error = await #expect(throws: RPCError.self) { try await chat.next() }
    #expect(error?.code == .failedPrecondition)
    await seen.wait(for: "closed 0")
    await channel.close()
    withExtendedLifetime(chat) {}
    server.stop()
    callers.loop.stop()
  }

  @Test func aSilentServerIsGivenUp() async throws {
    let callers = try Callers()
    let server = try ScriptedServer { connection, _ in
      _ = try connection.wholeRequest()
      // Reads nothing more, so that no ping is answered; the client ends the connection.
      connection.waitForHangUp()
    }
    let channel = callers.channel(to: ChannelTarget(.tcp(server.address))) {
      $0.keepalive = KeepaliveOptions(
        interval: .milliseconds(20), timeout: .milliseconds(200), floor: .zero)
    }
    let error = await #expect(throws: RPCError.self) {
      try await Callers.who(channel, CallOptions())
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("does not answer pings") == true)
    await channel.close()
    server.stop()
    callers.loop.stop()
  }

  @Test func theAuthorityCanBeAnother() async throws {
    let callers = try Callers()
    let server = try ScriptedServer { connection, _ in
      let (stream, headers) = try connection.wholeRequest()
      try connection.answer(stream, headers[":authority"] ?? "none")
    }
    let channel = callers.channel(to: ChannelTarget(.tcp(server.address))) {
      $0.authority = "usher.example:443"
    }
    #expect(try await Callers.who(channel) == "usher.example:443")
    await channel.close()
    server.stop()
    callers.loop.stop()
  }

  @Test(arguments: [("localhost", true), ("localhost:443", true), ("other.example", false)])
  func theAuthorityIsTheNameThatIsVerified(authority: String, isRight: Bool) async throws {
    let papers = try Papers()
    let fixture = try await Fixture(tls: try papers.server(names: ["localhost"]))
    var configuration = ChannelConfiguration(
      target: ChannelTarget(.tcp(fixture.address)), tls: try papers.client())
    configuration.authority = authority
    let channel = Channel(loop: fixture.clientLoop, configuration: configuration)
    do throws(RPCError) {
      let reply: Blob = try await channel.unary(TestMethods.echo, Blob("x"), CallOptions())
      #expect(isRight && reply.text == "x")
    } catch {
      #expect(!isRight && error.message.contains("certificate verify failed"))
    }
    await fixture.stop()
  }
}
