// A bare server for the benchmarks: the real runtime, unary methods and a topic to follow, no
// interceptors. What it answers is what the peers' servers answer; a comparison is only as good as
// that.

import Foundation
import Logging
import RPC
import RPCTransport
import Reactor
import TLS
import UsherProtos

/// `EchoServer HOST:PORT [CERTIFICATE KEY]`; cleartext without a certificate. One loop. Serves
/// until it is told to end.
@main struct EchoServer {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst().map { $0 }
    guard arguments.count == 1 || arguments.count == 3, let address = HostPort(arguments[0]) else {
      FileHandle.standardError.write(Data("EchoServer HOST:PORT [CERTIFICATE KEY]\n".utf8))
      exit(64)
    }
    var tls: TLSContext?
    if arguments.count == 3 {
      tls = try TLSContext(serverCertificateFile: arguments[1], keyFile: arguments[2])
    }
    let loop = try EventLoop(name: "echo")
    var configuration = ServerConfiguration(address: address, tls: tls)
    // The load comes from one address.
    configuration.limits.connectionsPerPeer = configuration.limits.connections
    let server = try Server(
      loops: [loop], router: router(topicOn: loop), configuration: configuration,
      logger: Logger(label: "echo", factory: { _ in SwiftLogNoOpLogHandler() }))
    await server.start()
    FileHandle.standardOutput.write(Data("ready \(server.address)\n".utf8))
    while true { try await Task.sleep(for: .seconds(3_600)) }
  }

  static func router(topicOn loop: EventLoop) -> Router {
    var router = Router()
    let topic = BroadcastTopic([loop], laggards: RPCError(.resourceExhausted, "too slow"))
    router.serverStreaming(method("Follow", .serverStreaming)) {
      (
        _: Google.Protobuf.BytesValue, responses: ResponseWriter<Google.Protobuf.BytesValue>,
        context
      )
        async throws(RPCError) in
      try topic.on(context.loop).join(
        responses.call, opening: [news([UInt8](repeating: 0, count: messageBytes))])
    }
    router.unary(method("Publish", .unary)) { (request: Google.Protobuf.BytesValue, _) in
      topic.publish(
        stride(from: 0, to: request.value.count, by: messageBytes).map { start in
          news(Array(request.value[start...].prefix(messageBytes)))
        })
      return Google.Protobuf.BytesValue()
    }
    router.unary(method("Unary", .unary)) { (request: Google.Protobuf.BytesValue, _) in request }
    // An answer of the size that is asked for, encoded for each call.
    let stock = [UInt8](repeating: 0x78, count: 1 << 20)
    router.unary(method("Reply", .unary)) { (request: Google.Protobuf.Int64Value, _) in
      let count = max(0, min(stock.count, Int(request.value)))
      return Google.Protobuf.BytesValue(value: Array(stock[..<count]))
    }
    let check = Grpc.Health.V1.HealthMethods.check
    // The answer of usherd's health service, without what stands before it there.
    router.unary(check) { (_: Grpc.Health.V1.HealthCheckRequest, _) in
      Grpc.Health.V1.HealthCheckResponse(status: .serving)
    }
    return router
  }

  /// Bytes that followers are told at a time; a longer publish is several messages.
  static let messageBytes = 57

  static func news(_ bytes: [UInt8]) -> SharedEnvelope {
    SharedEnvelope(Google.Protobuf.BytesValue(value: bytes))
  }

  static func method(_ name: String, _ kind: MethodDescriptor.Kind) -> MethodDescriptor {
    MethodDescriptor(service: "bench.Echo", method: name, kind: kind, sideEffects: false)
  }
}
