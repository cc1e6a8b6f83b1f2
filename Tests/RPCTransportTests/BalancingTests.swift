// A channel over several servers: spreading, failing over, resolving again, going idle.

import Bytes
import Dispatch
import HTTP2
import RPC
import RPCTransport
import Reactor
import Synchronization
import Testing

@Suite struct BalancingTests {
  /// Nothing listens there.
  private static let nowhere = Endpoint.tcp(HostPort(host: "127.0.0.1", port: 1))

  private static func named() throws -> ChannelTarget {
    try #require(ChannelTarget("dns:///usher.test:7443"))
  }

  private func backends(_ names: String...) async throws -> [Backend] {
    var backends: [Backend] = []
    for name in names { backends.append(try await Backend(name)) }
    return backends
  }

  @Test func roundRobinTakesServersInTurn() async throws {
    let callers = try Callers()
    let backends = try await backends("a", "b", "c")
    let channel = callers.channel(to: ChannelTarget(backends.map(\.endpoint))) {
      $0.balancing = .roundRobin
    }
    #expect(try await Callers.settles(channel, on: ["a", "b", "c"]))
    var counts: [String: Int] = [:]
    for _ in 0..<30 { counts[try await Callers.who(channel), default: 0] += 1 }
    #expect(counts == ["a": 10, "b": 10, "c": 10])
    for backend in backends { await backend.stop() }
    callers.loop.stop()
  }

  @Test func pickFirstPassesOverADeadAddressAndStays() async throws {
    let callers = try Callers()
    let backends = try await backends("a", "b")
    let channel = callers.channel(
      to: ChannelTarget([Self.nowhere] + backends.map(\.endpoint)))
    for _ in 0..<5 { #expect(try await Callers.who(channel, CallOptions()) == "a") }
    #expect(backends[1].server.connectionCount == 0)
    await backends[0].stop()
    #expect(try await Callers.who(channel) == "b")
    await backends[1].stop()
    callers.loop.stop()
  }

  /// A server that leaves in good order costs no call: what it has not taken goes to others.
  @Test func noCallIsLostWhenAServerLeaves() async throws {
    let callers = try Callers()
    let backends = try await backends("a", "b", "c")
    let channel = callers.channel(to: ChannelTarget(backends.map(\.endpoint))) {
      $0.balancing = .roundRobin
    }
    #expect(try await Callers.settles(channel, on: ["a", "b", "c"]))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<50 { _ = try await Callers.who(channel, CallOptions()) }
        }
      }
      group.addTask { await backends[2].server.drain(grace: .seconds(10)) }
      try await group.waitForAll()
    }
    #expect(try await Callers.settles(channel, on: ["a", "b"]))
    for backend in backends { await backend.stop() }
    callers.loop.stop()
  }

  @Test func addressesAreAskedForAgainWhenAServerLeaves() async throws {
    let callers = try Callers()
    let backends = try await backends("a", "b")
    let present = Mutex(backends[0].endpoint)
    let channel = callers.channel(to: try Self.named()) {
      $0.lookUp = { _ in [present.withLock { $0 }] }
    }
    #expect(try await Callers.who(channel) == "a")
    present.withLock { $0 = backends[1].endpoint }
    await backends[0].stop()
    #expect(try await Callers.who(channel) == "b")
    await backends[1].stop()
    callers.loop.stop()
  }

  @Test func aNameThatIsNotThereYetIsAskedForAgain() async throws {
    let callers = try Callers()
    let backend = try await Backend("a")
    let asked = Mutex(0)
    let endpoint = backend.endpoint
    let channel = callers.channel(to: try Self.named()) {
      $0.lookUp = { _ in
        asked.withLock {
          $0 += 1
          return $0 < 3 ? [] : [endpoint]
        }
      }
    }
    let error = await #expect(throws: RPCError.self) {
      try await Callers.who(channel, CallOptions())
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("cannot resolve usher.test:7443") == true)
    #expect(try await Callers.who(channel) == "a")
    await backend.stop()
    callers.loop.stop()
  }

  @Test func aCallThatWaitsIsServedWhenAServerComes() async throws {
    let callers = try Callers()
    let backend = try await Backend("late")
    let present = Mutex(Self.nowhere)
    let channel = callers.channel(to: try Self.named()) {
      $0.lookUp = { _ in [present.withLock { $0 }] }
    }
    async let waiting = Callers.who(channel)
    await Callers.wait(channel, for: .transientFailure)
    let refused = await #expect(throws: RPCError.self) {
      try await Callers.who(channel, CallOptions())
    }
    #expect(refused?.code == .unavailable)
    present.withLock { $0 = backend.endpoint }
    #expect(try await waiting == "late")
    await backend.stop()
    callers.loop.stop()
  }

  @Test func theDeadlineCoversTheWaitAndTellsWhatItWasFor() async throws {
    let callers = try Callers()
    let channel = callers.channel(to: ChannelTarget(Self.nowhere))
    await channel.connect()
    await Callers.wait(channel, for: .transientFailure)
    let error = await #expect(throws: RPCError.self) {
      try await Callers.who(channel, CallOptions(timeout: .milliseconds(60), waitForReady: true))
    }
    #expect(error?.code == .deadlineExceeded)
    #expect(error?.message.contains("cannot connect to 127.0.0.1:1") == true)
    callers.loop.stop()
  }

  @Test func theStateGoesFromIdleToReadyToShutdown() async throws {
    let callers = try Callers()
    let backend = try await Backend("a")
    let endpoint = backend.endpoint
    let isSeen = DispatchSemaphore(value: 0)
    let channel = callers.channel(to: try Self.named()) {
      $0.lookUp = { _ in
        isSeen.wait()
        return [endpoint]
      }
    }
    #expect(await channel.state() == .idle)
    await channel.connect()
    #expect(await channel.stateChange(from: .idle) == .connecting)
    isSeen.signal()
    #expect(await channel.stateChange(from: .connecting) == .ready)
    await channel.close()
    #expect(await channel.state() == .shutdown)
    let error = await #expect(throws: RPCError.self) { try await Callers.who(channel) }
    #expect(error?.code == .cancelled)
    await backend.stop()
    callers.loop.stop()
  }

  @Test func aChannelWithoutCallsGoesIdleAndComesBack() async throws {
    let callers = try Callers()
    let backend = try await Backend("a")
    let channel = callers.channel(to: ChannelTarget(backend.endpoint)) {
      $0.idleTimeout = .milliseconds(20)
    }
    for _ in 0..<2 {
      #expect(try await Callers.who(channel) == "a")
      await Callers.wait(channel, for: .idle)
    }
    await backend.stop()
    callers.loop.stop()
  }

  @Test func waitingCallsAreLimited() async throws {
    let callers = try Callers()
    let channel = callers.channel(to: ChannelTarget(Self.nowhere))
    let errors = await callers.loop.run { () async -> [RPCError] in
      let context = ClientContext(Backend.who, CallOptions(waitForReady: true))
      let calls = (0..<10_000).map { _ in channel.open(context) }
      var errors: [RPCError] = []
      do throws(RPCError) { _ = try await channel.open(context).nextMessage() } catch {
        errors.append(error)
      }
      for call in calls { call.abandon(.cancelled) }
      return errors
    }
    #expect(errors.map(\.code) == [.resourceExhausted])
    callers.loop.stop()
  }
}

@Suite struct HealthWatchTests {
  private func channel(_ callers: Callers, _ backends: [Backend]) -> Channel {
    callers.channel(to: ChannelTarget(backends.map(\.endpoint))) {
      $0.balancing = .roundRobin
      $0.healthService = "usher.v1"
    }
  }

  @Test func serversThatDoNotServeAreAvoidedUntilTheyDo() async throws {
    let callers = try Callers()
    let well = try await Backend("well", health: .serving)
    let ill = try await Backend("ill", health: .notServing)
    let channel = channel(callers, [well, ill])
    for _ in 0..<50 { #expect(try await Callers.who(channel) == "well") }
    ill.feel(.serving)
    #expect(try await Callers.settles(channel, on: ["well", "ill"]))
    well.feel(.unknown)
    #expect(try await Callers.settles(channel, on: ["ill"]))
    for backend in [well, ill] { await backend.stop() }
    callers.loop.stop()
  }

  @Test func whenNobodyServesCallsFailOrWait() async throws {
    let callers = try Callers()
    let ill = try await Backend("ill", health: .notServing)
    let channel = channel(callers, [ill])
    let error = await #expect(throws: RPCError.self) {
      try await Callers.who(channel, CallOptions())
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("does not serve") == true)
    async let waiting = Callers.who(channel)
    await Callers.wait(channel, for: .transientFailure)
    ill.feel(.serving)
    #expect(try await waiting == "ill")
    await ill.stop()
    callers.loop.stop()
  }

  @Test func aServerWithoutAHealthServiceIsHealthy() async throws {
    let callers = try Callers()
    let backend = try await Backend("plain")
    #expect(try await Callers.who(channel(callers, [backend]), CallOptions()) == "plain")
    await backend.stop()
    callers.loop.stop()
  }

  @Test func aWatchThatBreaksIsBegunAgain() async throws {
    let callers = try Callers()
    let server = try ScriptedServer { connection, _ in
      let first = try connection.wholeRequest()
      #expect(first.headers[":path"] == "/grpc.health.v1.Health/Watch")
      try connection.refuse(first.stream, status: 2)
      let second = try connection.wholeRequest()
      connection.session.respond(
        second.stream,
        HeaderBlock([(":status", "200"), ("content-type", "application/grpc")]), endStream: false)
      connection.session.send(second.stream, [0, 0, 0, 0, 2, 8, 1])
      try connection.flush()
      try connection.serve("healthy")
    }
    let channel = callers.channel(to: ChannelTarget(.tcp(server.address))) {
      $0.balancing = .roundRobin
      $0.healthService = ""
    }
    #expect(try await Callers.who(channel) == "healthy")
    server.stop()
    callers.loop.stop()
  }
}
