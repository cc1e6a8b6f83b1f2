// A server with one method of each kind, and channels to it, for the transport's tests.

import Logging
import ProtoWire
import RPC
import RPCTransport
import Reactor
import Synchronization
import TLS

/// A message that is nothing but bytes (field 1).
struct Blob: ProtoMessage {
  static var protoName: String { "test.Blob" }
  var bytes: [UInt8] = []
  var unknownFields = UnknownFields()

  init() {}
  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(_ text: String) { bytes = Array(text.utf8) }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  func encodedByteCount() -> Int {
    bytes.isEmpty ? 0 : 1 + BytesCodec.byteCount(bytes)
  }

  func encode(into writer: inout ProtoWriter) {
    if !bytes.isEmpty { writer.field(BytesCodec.self, bytes, tag: 10) }
  }

  mutating func merge(from reader: inout ProtoReader) throws(ProtoDecodingError) {
    while true {
      let tag = try reader.nextTag()
      guard tag != 0 else { return }
      guard tag == 10 else { throw ProtoDecodingError(.invalidFieldNumber, at: 0) }
      bytes = try reader.readBytes()
    }
  }
}

enum TestMethods {
  static func make(_ name: String, _ kind: MethodDescriptor.Kind) -> MethodDescriptor {
    MethodDescriptor(service: "test.Test", method: name, kind: kind, sideEffects: false)
  }
  static let echo = make("Echo", .unary)
  static let echoCompressed = make("EchoCompressed", .unary)
  static let fail = make("Fail", .unary)
  static let failAtLength = make("FailAtLength", .unary)
  static let identity = make("Identity", .unary)
  static let sleep = make("Sleep", .unary)
  static let metadata = make("Metadata", .unary)
  static let count = make("Count", .serverStreaming)
  static let countThenFail = make("CountThenFail", .serverStreaming)
  static let join = make("Join", .clientStreaming)
  static let chat = make("Chat", .bidirectional)
}

/// What the server's handlers saw.
final class Observations: Sendable {
  private struct State {
    var values: [String] = []
    var waiters: [(String, CheckedContinuation<Void, Never>)] = []
  }
  private let state = Mutex(State())
  let written = Mutex(0)

  func note(_ value: String) {
    let ready = state.withLock { state in
      state.values.append(value)
      defer { state.waiters.removeAll { $0.0 == value } }
      return state.waiters.filter { $0.0 == value }
    }
    for waiter in ready { waiter.1.resume() }
  }

  /// Everything, in order.
  var all: [String] { state.withLock { $0.values } }

  func has(_ value: String) -> Bool { state.withLock { $0.values.contains(value) } }

  /// Returns once the value has been noted.
  func wait(for value: String) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if !state.values.contains(value) { state.waiters.append((value, continuation)) }
        return state.values.contains(value)
      }
      if isThere { continuation.resume() }
    }
  }
}

/// A running server and the loops of both sides.
final class Fixture: Sendable {
  let server: Server
  let seen = Observations()
  private let loops: [EventLoop]
  let clientLoop: EventLoop
  let address: HostPort

  init(
    tls: TLSContext? = nil, loopCount: Int = 2, limits: ConnectionLimits = ConnectionLimits(),
    listen: [Endpoint] = [.tcp(HostPort(host: "127.0.0.1", port: 0))],
    interceptors: [any ServerInterceptor] = []
  ) async throws {
    loops = try (0..<loopCount).map { try EventLoop(name: "server-\($0)") }
    clientLoop = try EventLoop(name: "client")
    var configuration = ServerConfiguration(endpoints: listen, tls: tls)
    configuration.limits = limits
    server = try Server(
      loops: loops, router: Self.router(seen, interceptors), configuration: configuration,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    address = server.address.tcp ?? HostPort(host: "", port: 0)
    await server.start()
  }

  func channel(tls: TLSContext? = nil, host: String = "127.0.0.1") -> Channel {
    Channel(loop: clientLoop, target: HostPort(host: host, port: address.port), tls: tls)
  }

  func stop() async {
    await server.drain(grace: .zero)
    for loop in loops + [clientLoop] { loop.stop() }
  }

  private static func router(
    _ seen: Observations, _ interceptors: [any ServerInterceptor]
  ) -> Router {
    var router = Router(interceptors: interceptors)
    router.unary(TestMethods.echo) { (request: Blob, _) in request }
    router.unary(TestMethods.echoCompressed) { (request: Blob, context) in
      context.compressResponses()
      return request
    }
    router.unary(TestMethods.fail) { (request: Blob, _) async throws(RPCError) -> Blob in
      throw RPCError(.failedPrecondition, request.text, details: [1, 2, 3])
    }
    router.unary(TestMethods.failAtLength) { (request: Blob, _) async throws(RPCError) -> Blob in
      throw RPCError(
        .dataLoss, String(repeating: "座", count: 3_000), details: request.bytes)
    }
    router.unary(TestMethods.identity) { (_: Blob, context) in
      guard let identity = context.identity else { return Blob("nobody") }
      return Blob("\(identity.subject) \(identity.uris) \(identity.fingerprint.count)")
    }
    router.unary(TestMethods.sleep) { (request: Blob, context) in
      seen.note("began")
      await withTaskCancellationHandler {
        try? await Task.sleep(for: .seconds(60))
      } onCancel: {
        seen.note("cancelled")
      }
      return request
    }
    router.unary(TestMethods.metadata) { (request: Blob, context) in
      context.addInitialMetadata("x-initial", context.metadata["x-in"] ?? "none")
      context.addTrailer("x-trailing", "end")
      return Blob(context.metadata.binaryValues("x-data-bin").first ?? [])
    }
    router.serverStreaming(TestMethods.count) {
      (request: Blob, responses: ResponseWriter<Blob>, context) async throws(RPCError) in
      let size = Int(request.text) ?? 0
      do throws(RPCError) {
        for _ in 0..<1_000 {
          try await responses.write(Blob([UInt8](repeating: 7, count: size)))
          seen.written.withLock { $0 += 1 }
        }
      } catch {
        seen.note("writer: \(error.code.name)")
        throw error
      }
    }
    router.serverStreaming(TestMethods.countThenFail) {
      (request: Blob, responses: ResponseWriter<Blob>, context) async throws(RPCError) in
      for number in 0..<(Int(request.text) ?? 0) { try await responses.write(Blob("\(number)")) }
      throw RPCError(.dataLoss, "after the messages")
    }
    router.clientStreaming(TestMethods.join) {
      (requests: RequestReader<Blob>, context) async throws(RPCError) -> Blob in
      var all: [UInt8] = []
      while let next = try await requests.next() { all += next.bytes }
      return Blob(all)
    }
    router.bidirectional(TestMethods.chat) {
      (requests: RequestReader<Blob>, responses: ResponseWriter<Blob>, context)
        async throws(RPCError) in
      while let next = try await requests.next() { try await responses.write(next) }
    }
    return router
  }
}
