// interop-server: gRPC's interoperability TestService on the real runtime, for clients in any
// language. Its flags are those that the public suites give to every implementation's server.

import ArgumentParser
import Glibc
import InteropProtos
import Logging
import RPC
import RPCTransport
import Reactor
import TLS

@main struct InteropServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interop-server",
    abstract: "Serves grpc.testing.TestService until it is killed.")

  @Option(name: .customLong("port"), help: "Port on the loopback address; 0 takes a free one.")
  var port: UInt16 = 0
  @Option(name: .customLong("host"), help: "Address to listen on.")
  var host = "127.0.0.1"
  @Option(name: .customLong("use_tls"), help: "Serve over TLS (true or false).")
  var useTLS = false
  @Option(name: .customLong("tls_cert"), help: "PEM certificate chain.")
  var certificate: String?
  @Option(name: .customLong("tls_key"), help: "PEM private key.")
  var key: String?
  @Option(name: .customLong("limit"), help: "A limit of connections, in ms or as a number.")
  var limits: [LimitFlag] = []
  @Option(
    name: .customLong("log_level"), help: "trace, debug, info, notice, warning, error.",
    transform: { Logger.Level(rawValue: $0) ?? .warning })
  var logLevel = Logger.Level.warning
  @Flag(
    name: .customLong("h2spec-path"),
    help: "Print a path that answers with DATA whatever the request, and end.")
  var printsH2specPath = false

  func validate() throws {
    guard useTLS == (certificate != nil), useTLS == (key != nil) else {
      throw ValidationError("--use_tls=true goes with --tls_cert and --tls_key")
    }
  }

  func run() async throws {
    if printsH2specPath { return Self.say(Grpc.Testing.TestServiceMethods.emptyCall.path) }
    let loops = try (0..<2).map { try EventLoop(name: "loop-\($0)") }
    let server = try Server(
      loops: loops, router: Self.router(), configuration: try settings(), logger: logger())
    await server.start()
    Self.say("\(server.address)")
    // Nothing resumes this: the process lives until it is killed.
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
  }

  private func settings() throws -> ServerConfiguration {
    var tls: TLSContext?
    if let certificate, let key {
      tls = try TLSContext(serverCertificateFile: certificate, keyFile: key)
    }
    var settings = ServerConfiguration(address: HostPort(host: host, port: port), tls: tls)
    // Soak tests come from one address, with many channels or for long.
    settings.limits.connectionsPerPeer = settings.limits.connections
    for limit in limits { limit.apply(to: &settings.limits) }
    return settings
  }

  private static func router() -> Router {
    var router = Router(interceptors: [MetadataEcho()])
    router.register(TestService())
    return router
  }

  private func logger() -> Logger {
    var logger = Logger(label: "interop-server") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = logLevel
    return logger
  }

  /// One line on standard output, at once.
  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}
