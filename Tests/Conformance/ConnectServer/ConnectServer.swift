// connect-server: the server under test for the runner of connectrpc's conformance suite, on the real
// runtime. The runner says on standard input what server it wants, learns on standard output where it
// is, and ends it by SIGTERM. Standard input ends right after the request and means nothing.

import ConnectProtos
import Foundation
import Logging
import RPC
import RPCTransport
import Reactor
import TLS

typealias Suite = Connectrpc.Conformance.V1

/// Why the wanted server cannot be had.
struct Refusal: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

@main struct ConnectServer {
  static let host = "127.0.0.1"

  static func main() async throws {
    do {
      try await serve(try Handshake.read(Suite.ServerCompatRequest.self))
    } catch {
      FileHandle.standardError.write(Data("connect-server: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func serve(_ wanted: Suite.ServerCompatRequest) async throws {
    guard wanted.protocol == .grpc, wanted.httpVersion == .httpVersion2 else {
      throw Refusal("only gRPC over HTTP/2 is spoken here")
    }
    let credentials = wanted.useTls ? try Credentials(wanted) : nil
    var settings = ServerConfiguration(
      address: HostPort(host: host, port: 0), tls: credentials?.context)
    // The runner's calls all come from one address.
    settings.limits.connectionsPerPeer = settings.limits.connections
    let loops = try (0..<2).map { try EventLoop(name: "loop-\($0)") }
    let server = try Server(
      loops: loops, router: router(wanted), configuration: settings, logger: logger())
    await server.start()
    try Handshake.write(
      Suite.ServerCompatResponse(
        host: host, port: UInt32(server.address.tcp?.port ?? 0),
        pemCert: credentials?.certificateForClients ?? []))
    // Nothing resumes this: the process lives until it is killed.
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
  }

  private static func router(_ wanted: Suite.ServerCompatRequest) -> Router {
    var router = Router()
    router.register(ConformanceService())
    if wanted.messageReceiveLimit > 0 {
      router.limitRequests(
        ofService: Suite.ConformanceServiceMethods.unary.service,
        toBytes: Int(wanted.messageReceiveLimit))
    }
    return router
  }

  private static func logger() -> Logger {
    var logger = Logger(label: "connect-server") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    return logger
  }
}
