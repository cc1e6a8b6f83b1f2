// `usherd serve`: a node from the operator's settings, until SIGTERM.

import ArgumentParser
import CLinux
import Foundation
import Logging
import RPCTransport
import Reactor

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve from a database until SIGTERM or SIGINT.")

  @OptionGroup var flags: SettingFlags

  func run() async throws {
    let settings = try Failure.asConfiguration { try Settings(flags: flags) }
    if !settings.cleartext, settings.certificate.isEmpty || settings.key.isEmpty {
      throw Failure.configuration(
        "no certificate: set certificate and key, or cleartext=true for a trusted network")
    }
    try await Runner.run(settings) { node in
      let scheme = settings.cleartext ? "http" : "https"
      Runner.announce("ready \(scheme)://\(node.server.address)")
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
    try await whenReady(node)
    logger.notice("serving", metadata: ["address": "\(node.server.address)"])
    let signal = try await Signals.next(on: loops[0])
    logger.notice("draining", metadata: ["signal": "\(signal)"])
    await node.stop()
    logger.notice("stopped")
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
