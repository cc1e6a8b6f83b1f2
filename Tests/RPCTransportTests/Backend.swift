// Several servers of one service, each of which can be told apart, made to fail and to feel ill.

import Foundation
import Logging
import ProtoWire
import RPC
import RPCTransport
import Reactor
import Synchronization

/// `grpc.health.v1.HealthCheckResponse.ServingStatus`
enum Serving: UInt8, Sendable {
  case unknown = 0
  case serving = 1
  case notServing = 2
}

/// One server with a name.
final class Backend: Sendable {
  static let who = MethodDescriptor(
    service: "test.Who", method: "Who", kind: .unary, sideEffects: true)
  private static let watch = MethodDescriptor(
    service: "grpc.health.v1.Health", method: "Watch", kind: .serverStreaming, sideEffects: false)

  let server: Server
  let name: String
  private let loop: EventLoop
  private let health: HealthBox
  var endpoint: Endpoint { server.address }

  /// `health` nil has no health service.
  init(_ name: String, health serving: Serving? = nil) async throws {
    self.name = name
    loop = try EventLoop(name: name)
    health = HealthBox(serving ?? .unknown)
    var router = Router()
    router.unary(Self.who) { (_: Blob, _) in Blob(name) }
    if serving != nil {
      router.serverStreaming(Self.watch) {
        [health] (_: Blob, responses: ResponseWriter<Blob>, _) async throws(RPCError) in
        for await serving in health.watch() {
          let message: [UInt8] = serving == .unknown ? [] : [8, serving.rawValue]
          try await responses.write(envelope: [0, 0, 0, 0, UInt8(message.count)] + message)
        }
      }
    }
    server = try Server(
      loops: [loop], router: router,
      configuration: ServerConfiguration(
        endpoints: [.tcp(HostPort(host: "127.0.0.1", port: 0))], tls: nil),
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    await server.start()
  }

  func feel(_ serving: Serving) { health.set(serving) }

  func stop() async {
    await server.drain(grace: .zero)
    loop.stop()
  }
}

/// A server's health and those who watch it.
private final class HealthBox: Sendable {
  private struct State {
    var serving: Serving
    var watchers: [AsyncStream<Serving>.Continuation] = []
  }
  private let state: Mutex<State>

  init(_ serving: Serving) { state = Mutex(State(serving: serving)) }

  func watch() -> AsyncStream<Serving> {
    AsyncStream { continuation in
      state.withLock { state in
        continuation.yield(state.serving)
        state.watchers.append(continuation)
      }
    }
  }

  func set(_ serving: Serving) {
    state.withLock { state in
      state.serving = serving
      for watcher in state.watchers { watcher.yield(serving) }
    }
  }
}

/// Channels to backends, on a loop of their own.
final class Callers: Sendable {
  let loop: EventLoop

  init() throws { loop = try EventLoop(name: "client") }

  /// A channel whose pauses are short enough to wait for.
  func channel(
    to target: ChannelTarget, _ change: (inout ChannelConfiguration) -> Void = { _ in }
  ) -> Channel {
    var configuration = ChannelConfiguration(target: target, tls: nil)
    configuration.backoff.base = .milliseconds(10)
    configuration.backoff.max = .milliseconds(50)
    configuration.resolutionInterval = .milliseconds(10)
    change(&configuration)
    return Channel(loop: loop, configuration: configuration)
  }

  static func who(
    _ channel: Channel, _ options: CallOptions = CallOptions(waitForReady: true)
  ) async throws(RPCError) -> String {
    let reply: Blob = try await channel.unary(Backend.who, Blob(), options)
    return reply.text
  }

  /// Calls until the answers have come from exactly these; false when they do not after many calls.
  static func settles(_ channel: Channel, on names: Set<String>) async throws -> Bool {
    for _ in 0..<2_000 {
      var seen: Set<String> = []
      for _ in 0..<(3 * names.count) { seen.insert(try await who(channel)) }
      if seen == names { return true }
      await Task.yield()
    }
    return false
  }

  /// Waits until the channel has a state.
  static func wait(_ channel: Channel, for wanted: ConnectivityState) async {
    var state = await channel.state()
    while state != wanted { state = await channel.stateChange(from: state) }
  }
}
