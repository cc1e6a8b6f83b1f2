// interop-client: plays gRPC's public interoperability cases against a TestService server in any
// language, on the real client runtime. Its flags are those that the public suites give to every
// implementation's client.

import ArgumentParser
import Glibc
import RPCTransport
import Reactor
import TLS

@main struct InteropClient: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interop-client",
    abstract: "Plays interoperability cases; ends with 1 when one fails.",
    discussion: "Cases: " + InteropCase.allCases.map(\.rawValue).joined(separator: " "))

  @Option(name: .customLong("server_host"), help: "Host of the server.")
  var host = "localhost"
  @Option(
    name: .customLong("server_host_override"),
    help: "Name of the server for its certificate and :authority, if not its host.")
  var hostOverride: String?
  @Option(name: .customLong("server_port"), help: "Port of the server.")
  var port: UInt16
  @Option(name: .customLong("use_tls"), help: "Connect over TLS (true or false).")
  var useTLS = false
  @Option(name: .customLong("ca_file"), help: "PEM certificates to trust; else the system's.")
  var authority: String?
  @Option(
    name: .customLong("use_test_ca"),
    help: "Trust the suite's test authority (true or false); its file goes to --ca_file.")
  var usesTestAuthority = false
  @Option(name: .customLong("test_case"), help: "Name of a case, or names joined by commas.")
  var names: String

  func validate() throws {
    guard !usesTestAuthority || authority != nil else {
      throw ValidationError("--use_test_ca=true goes with --ca_file")
    }
  }

  func run() async throws {
    let cases = try names.split(separator: ",").map { name in
      guard let found = InteropCase(rawValue: String(name)) else {
        throw ValidationError("unknown case \(name)")
      }
      return found
    }
    var configuration = ChannelConfiguration(
      target: ChannelTarget(.tcp(HostPort(host: host, port: port))),
      tls: useTLS ? try TLSContext(trustedCertificateFile: authority) : nil)
    configuration.authority = hostOverride
    let channel = Channel(loop: try EventLoop(name: "client"), configuration: configuration)
    var hasFailed = false
    for name in cases where await !Self.play(name, on: channel) { hasFailed = true }
    await channel.close()
    if hasFailed { throw ExitCode.failure }
  }

  private static func play(_ name: InteropCase, on channel: Channel) async -> Bool {
    do {
      try await name.play(InteropPeer(channel))
      say("ok \(name.rawValue)")
      return true
    } catch {
      say("failed \(name.rawValue): \(error)")
      return false
    }
  }

  /// One line on standard output, at once.
  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}
