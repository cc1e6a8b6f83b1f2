// channel-probe: one channel of the real client runtime, driven by lines on standard input, so that
// tests in other languages can put it before servers that live, die and fall ill.

import ArgumentParser
import Glibc
import InteropProtos
import RPC
import RPCTransport
import Reactor

extension BalancingPolicy: ExpressibleByArgument {
  /// Reads the name that gRPC's configuration has for the policy.
  public init?(argument: String) {
    switch argument {
    case "pick_first": self = .pickFirst
    case "round_robin": self = .roundRobin
    default: return nil
    }
  }
}

@main struct ChannelProbe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "channel-probe",
    abstract: "Makes calls of grpc.testing.TestService as it is told.",
    discussion: """
      Lines on standard input, each answered by one on standard output:
        call    a call that fails fast: the server's id, or the name of its code
        safe    the same, marked as safe to repeat
        wait    a call that waits for a connection
        state   the channel's connectivity state
      """)

  @Argument(help: "The channel's target, in gRPC's name syntax.")
  var target: String
  @Option(help: "pick_first or round_robin.")
  var policy = BalancingPolicy.pickFirst
  @Option(help: "The service whose health to watch.")
  var health: String?
  @Option(help: "Attempts of a safe call.")
  var attempts = 1

  func run() async throws {
    guard let place = ChannelTarget(target) else {
      throw ValidationError("'\(target)' is no target")
    }
    var configuration = ChannelConfiguration(target: place, tls: nil)
    configuration.balancing = policy
    configuration.healthService = health
    configuration.retry = RetryPolicy(maxAttempts: attempts, initialBackoff: .milliseconds(20))
    configuration.backoff.base = .milliseconds(50)
    configuration.backoff.max = .milliseconds(500)
    let channel = Channel(loop: try EventLoop(name: "probe"), configuration: configuration)
    while let line = readLine() {
      print(await Self.answer(line, channel))
      fflush(nil)
    }
    await channel.close()
  }

  private static func answer(_ line: String, _ channel: Channel) async -> String {
    switch line {
    case "call": await call(channel, CallOptions(timeout: .seconds(30)))
    case "safe": await call(channel, CallOptions(timeout: .seconds(30), isSafe: true))
    case "wait": await call(channel, CallOptions(timeout: .seconds(60), waitForReady: true))
    case "state": "\(await channel.state())"
    default: "unknown command"
    }
  }

  private static func call(_ channel: Channel, _ options: CallOptions) async -> String {
    do throws(RPCError) {
      let response = try await Grpc.Testing.TestServiceClient(channel).unaryCall(
        Grpc.Testing.SimpleRequest(fillServerId: true), options: options)
      return response.serverId
    } catch {
      return error.code.name
    }
  }
}
