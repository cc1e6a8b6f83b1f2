// Bytes of a server into a client that has one call of each shape under way.

import Foundation
import RPC
import RPCTransport
import Reactor
import UsherProtos

enum ClientFuzz {
  /// Waits until all three calls have sent their headers, answers them with the input and is gone;
  /// whoever comes again finds the door shut. Each call must come to its end.
  static func run(_ input: [UInt8]) {
    let end = FuzzClient.shared.begin()
    let peer = FuzzClient.shared.listener.accept()
    peer.send([0, 0, 0, 4, 0, 0, 0, 0, 0])
    var requests = FrameScanner()
    var callCount = 0
    // The first 24 bytes are no frame but the preface.
    var prefaceBytes = 24
    while callCount < 3, let bytes = peer.receive() {
      let skipped = min(prefaceBytes, bytes.count)
      prefaceBytes -= skipped
      callCount += requests.take(bytes.dropFirst(skipped)).count { $0.type == 1 }
    }
    precondition(callCount == 3, "a client that does not call")
    peer.send(input)
    peer.endSending()
    while peer.receive() != nil {}
    FuzzClient.shared.listener.refuseAll(until: end)
  }
}

/// One loop for all inputs, and a channel for each.
private final class FuzzClient: Sendable {
  private typealias Message = Google.Rpc.Status

  static let shared = FuzzClient()
  /// Long enough to be one.
  private static let pause = Duration.microseconds(50)
  let listener = UnixListener(fuzzPath("client"))
  private let loop: EventLoop
  private let pipeEnds: (read: Int32, write: Int32)

  private init() {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0)
    pipeEnds = (ends[0], ends[1])
    do {
      loop = try EventLoop(name: "fuzz client")
    } catch {
      preconditionFailure("no loop: \(error)")
    }
  }

  /// Starts the calls of one input. The descriptor becomes readable by one byte at the end of all.
  func begin() -> Int32 {
    loop.spawn { [self] in
      var configuration = ChannelConfiguration(
        target: ChannelTarget(.unix(path: listener.path)), tls: nil)
      configuration.backoff.base = Self.pause
      configuration.backoff.max = Self.pause
      configuration.retry = RetryPolicy(
        maxAttempts: 3, initialBackoff: Self.pause, maxBackoff: Self.pause)
      let channel = Channel(loop: loop, configuration: configuration)
      await withTaskGroup(of: Void.self) { calls in
        calls.addTask { await Self.unary(channel) }
        calls.addTask { await Self.serverStreaming(channel) }
        calls.addTask { await Self.bidirectional(channel) }
      }
      await channel.close()
      var byte: UInt8 = 1
      precondition(write(pipeEnds.write, &byte, 1) == 1)
    }
    return pipeEnds.read
  }

  /// A repetition that a status may put off, but not for longer than this.
  private static var options: CallOptions {
    CallOptions(
      metadata: Metadata(), timeout: .seconds(5), compressesRequests: true, isSafe: true,
      retryPolicy: RetryPolicy(
        maxAttempts: 3, initialBackoff: Self.pause, maxBackoff: Self.pause),
      responseMetadata: ResponseMetadata())
  }

  private static func method(_ name: String, _ kind: MethodDescriptor.Kind) -> MethodDescriptor {
    MethodDescriptor(service: "t", method: name, kind: kind, sideEffects: false)
  }

  private static func unary(_ channel: Channel) async {
    let options = options
    do throws(RPCError) {
      let _: Message = try await channel.unary(method("U", .unary), Message(), options)
    } catch {
      precondition(error.code != .ok)
      _ = error.description
    }
    _ = options.responseMetadata?.initial.fields
    _ = options.responseMetadata?.trailing.fields
  }

  private static func serverStreaming(_ channel: Channel) async {
    do throws(RPCError) {
      let responses: ResponseReader<Message> = try await channel.serverStreaming(
        method("S", .serverStreaming), Message(), options)
      while try await responses.next() != nil {}
    } catch {
      precondition(error.code != .ok)
    }
  }

  private static func bidirectional(_ channel: Channel) async {
    do throws(RPCError) {
      let stream: ClientStream<Message, Message> = try await channel.openStream(
        method("B", .bidirectional), options)
      try await stream.write(Message(code: 1))
      while let response = try await stream.next() { try await stream.write(response) }
      _ = await stream.metadata()
    } catch {
      precondition(error.code != .ok)
    }
  }
}
