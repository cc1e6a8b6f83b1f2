// `usherd serve`: a node from the operator's settings, until SIGTERM.

import ArgumentParser
import CLinux
import Foundation
import Logging
import RPCTransport
import Reactor

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve from a database until SIGTERM or SIGINT.",
    discussion: "SIGHUP reads certificates, keys, token keys and revocation lists anew.")

  @OptionGroup var flags: SettingFlags

  func run() async throws {
    let settings = try Failure.asConfiguration { try Settings(flags: flags) }
    if settings.needsCertificate, settings.certificate.isEmpty || settings.key.isEmpty {
      throw Failure.configuration(
        "no certificate: set certificate and key, or cleartext=true for a trusted network")
    }
    try await Runner.run(settings) { node in
      Runner.announce("ready \(Runner.addresses(node, settings))")
    }
  }
}

/// Runs a node from start to signal.
enum Runner {
  static func run(
    _ settings: Settings, whenReady: @Sendable (Node) async throws -> Void
  ) async throws {
    ProcessLimits.prepare()
    let loops = try makeLoops(settings.loops)
    let logger = makeLogger(settings)
    let node: Node
    do {
      node = try await Node.start(settings, on: loops, logger: logger)
    } catch {
      throw Failure.start("\(error)")
    }
    // Before anyone hears that the node is ready, and sends one.
    let signals = try Signals(on: loops[0])
    try await whenReady(node)
    logger.notice("serving", metadata: ["addresses": "\(addresses(node, settings))"])
    let signal = try await waitForEnd(signals, node, logger)
    logger.notice("draining", metadata: ["signal": "\(signal)"])
    await node.stop()
    logger.notice("stopped")
  }

  /// Serves until a signal to end; returns which. SIGHUP reloads.
  private static func waitForEnd(
    _ signals: Signals, _ node: Node, _ logger: Logger
  ) async throws -> Int32 {
    while true {
      let signal = await signals.next()
      guard signal == SIGHUP else { return signal }
      await node.reloadCertificates(logger)
    }
  }

  /// Where the node listens, as URLs.
  static func addresses(_ node: Node, _ settings: Settings) -> String {
    node.server.endpoints.map { endpoint in
      let scheme = settings.cleartext ? "http" : "https"
      return endpoint.tcp.map { "\(scheme)://\($0)" } ?? "\(endpoint)"
    }.joined(separator: " ")
  }

  static func makeLoops(_ count: Int) throws -> [EventLoop] {
    try (0..<count).map { try EventLoop(name: "loop-\($0)") }
  }

  static func makeLogger(_ settings: Settings) -> Logger {
    var logger = Logger(label: "usherd") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = settings.logLevel
    return logger
  }

  /// One line on standard output, at once.
  static func announce(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
  }
}

/// How the program ends when it cannot do what it was asked, by sysexits.h.
enum Failure {
  static func configuration(_ message: String) -> ExitCode { say(message, 78) }
  static func start(_ message: String) -> ExitCode { say(message, 69) }

  static func asConfiguration<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch { throw configuration("\(error)") }
  }

  private static func say(_ message: String, _ code: Int32) -> ExitCode {
    FileHandle.standardError.write(Data("usherd: \(message)\n".utf8))
    return ExitCode(code)
  }
}
