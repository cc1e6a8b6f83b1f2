// A bare server for the benchmarks: the real runtime, two unary methods, no interceptors. What it
// answers is what the peers' servers answer; a comparison is only as good as that.

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
    var configuration = ServerConfiguration(address: address, tls: tls)
    // The load comes from one address.
    configuration.limits.connectionsPerPeer = configuration.limits.connections
    let server = try Server(
      loops: [try EventLoop(name: "echo")], router: router(), configuration: configuration,
      logger: Logger(label: "echo", factory: { _ in SwiftLogNoOpLogHandler() }))
    await server.start()
    FileHandle.standardOutput.write(Data("ready \(server.address)\n".utf8))
    while true { try await Task.sleep(for: .seconds(3_600)) }
  }

  static func router() -> Router {
    var router = Router()
    let echo = MethodDescriptor(
      service: "bench.Echo", method: "Unary", kind: .unary, sideEffects: false)
    router.unary(echo) { (request: Google.Protobuf.BytesValue, _) in request }
    let check = Grpc.Health.V1.HealthMethods.check
    // The answer of usherd's health service, without what stands before it there.
    router.unary(check) { (_: Grpc.Health.V1.HealthCheckRequest, _) in
      Grpc.Health.V1.HealthCheckResponse(status: .serving)
    }
    return router
  }
}
