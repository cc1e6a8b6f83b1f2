// Calls that are repeated, and calls that are not, as servers of frames see them.

import Bytes
import HTTP2
import RPC
import RPCTransport
import Reactor
import Synchronization
import Testing

@Suite struct RepetitionTests {
  private static let policy = RetryPolicy(
    maxAttempts: 4, initialBackoff: .milliseconds(1), maxBackoff: .milliseconds(4))

  /// What a server saw of a call's attempts.
  private final class Attempts: Sendable {
    private let seen = Mutex<[String]>([])
    var all: [String] { seen.withLock { $0 } }

    /// Notes an attempt and returns its number, from 0.
    @discardableResult
    func note(_ headers: HeaderBlock) -> Int {
      seen.withLock {
        $0.append(headers["grpc-previous-rpc-attempts"] ?? "-")
        return $0.count - 1
      }
    }
  }

  private func channel(
    _ callers: Callers, _ server: ScriptedServer,
    _ change: (inout ChannelConfiguration) -> Void = { _ in }
  ) -> Channel {
    callers.channel(to: ChannelTarget(.tcp(server.address))) {
      $0.retry = Self.policy
      change(&$0)
    }
  }

  private func play(
    _ options: CallOptions = CallOptions(isSafe: true),
    configured change: (inout ChannelConfiguration) -> Void = { _ in },
    script: @escaping @Sendable (ScriptedConnection, Int) throws -> Void
  ) async throws -> Result<String, RPCError> {
    let callers = try Callers()
    let server = try ScriptedServer(script)
    let channel = channel(callers, server, change)
    let result: Result<String, RPCError>
    do throws(RPCError) {
      result = .success(try await Callers.who(channel, options))
    } catch {
      result = .failure(error)
    }
    await channel.close()
    server.stop()
    callers.loop.stop()
    return result
  }

  /// Fails every attempt below a number, then answers.
  private static func failing(
    _ count: Int, _ attempts: Attempts, _ trailers: [(String, String)] = []
  ) -> @Sendable (ScriptedConnection, Int) throws -> Void {
    { connection, _ in
      while true {
        let (stream, headers) = try connection.wholeRequest()
        if attempts.note(headers) < count {
          try connection.refuse(stream, status: 14, trailers)
        } else {
          try connection.answer(stream, "at last")
        }
      }
    }
  }

  @Test func aSafeCallIsRepeatedAndSaysHowOften() async throws {
    let attempts = Attempts()
    let result = try await play(script: Self.failing(3, attempts))
    #expect(result == .success("at last"))
    #expect(attempts.all == ["-", "1", "2", "3"])
  }

  @Test func attemptsComeToAnEnd() async throws {
    let attempts = Attempts()
    let result = try await play(script: Self.failing(100, attempts))
    #expect(throws: RPCError.self) { try result.get() }
    #expect(attempts.all.count == 4)
  }

  @Test func aCallThatIsNotSafeIsMadeOnce() async throws {
    let attempts = Attempts()
    let result = try await play(CallOptions(), script: Self.failing(1, attempts))
    #expect(throws: RPCError.self) { try result.get() }
    #expect(attempts.all == ["-"])
  }

  @Test func pushbackForbidsRepetition() async throws {
    let attempts = Attempts()
    let result = try await play(
      script: Self.failing(1, attempts, [("grpc-retry-pushback-ms", "-1")]))
    #expect(throws: RPCError.self) { try result.get() }
    #expect(attempts.all == ["-"])
  }

  /// Without the pushback the pause would be longer than the deadline.
  @Test func pushbackSetsThePause() async throws {
    let attempts = Attempts()
    let result = try await play(CallOptions(timeout: .seconds(30), isSafe: true)) {
      $0.retry?.initialBackoff = .seconds(60)
      $0.retry?.maxBackoff = .seconds(60)
    } script: { connection, turn in
      try Self.failing(1, attempts, [("grpc-retry-pushback-ms", "3")])(connection, turn)
    }
    #expect(result == .success("at last"))
  }

  @Test func headersOfTheResponseCommit() async throws {
    let attempts = Attempts()
    let result = try await play { connection, _ in
      let (stream, headers) = try connection.wholeRequest()
      attempts.note(headers)
      connection.session.respond(
        stream, HeaderBlock([(":status", "200"), ("content-type", "application/grpc")]),
        endStream: false)
      connection.session.end(stream, trailers: HeaderBlock([("grpc-status", "14")]))
      try connection.flush()
      try connection.serve("too late")
    }
    #expect(throws: RPCError.self) { try result.get() }
    #expect(attempts.all == ["-"])
  }

  @Test(arguments: [false, true])
  func aRefusedStreamIsRepeatedOnceWhateverTheCall(isSafe: Bool) async throws {
    let attempts = Attempts()
    let result = try await play(CallOptions(isSafe: isSafe)) { connection, _ in
      while true {
        let (stream, headers) = try connection.wholeRequest()
        if attempts.note(headers) < 2 {
          try connection.reset(stream, 7)
        } else {
          try connection.answer(stream, "at last")
        }
      }
    }
    if isSafe {
      #expect(result == .success("at last"))
      #expect(attempts.all == ["-", "-", "1"])
    } else {
      #expect(throws: RPCError.self) { try result.get() }
      #expect(attempts.all == ["-", "-"])
    }
  }

  /// The first connection says that it took no stream; the call moves to the second.
  @Test func aStreamThatAGoAwayLeavesOutMovesOn() async throws {
    let attempts = Attempts()
    let result = try await play(CallOptions()) { connection, turn in
      let (stream, headers) = try connection.wholeRequest()
      attempts.note(headers)
      guard turn == 0 else { return try connection.answer(stream, "second") }
      // GOAWAY, last stream 0, NO_ERROR.
      connection.sendRaw([0, 0, 8, 7, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8))
      while true { _ = try connection.next() }
    }
    #expect(result == .success("second"))
    #expect(attempts.all == ["-", "-"])
  }

  /// Calls in flight stay on a connection whose server leaves, and end there.
  @Test func aConnectionThatGoesAwayFinishesItsCalls() async throws {
    let result = try await play(CallOptions()) { connection, turn in
      let (stream, _) = try connection.wholeRequest()
      connection.session.goAway(errorCode: 0)
      try connection.flush()
      try connection.answer(stream, "connection \(turn)")
      while true { _ = try connection.next() }
    }
    #expect(result == .success("connection 0"))
  }

  @Test(arguments: [false, true])
  func aLostConnectionLosesOnlyWhatIsNotSafe(isSafe: Bool) async throws {
    let result = try await play(CallOptions(isSafe: isSafe)) { connection, turn in
      let (stream, _) = try connection.wholeRequest()
      if turn > 0 { try connection.answer(stream, "second") }
    }
    if isSafe {
      #expect(result == .success("second"))
    } else {
      let error = #expect(throws: RPCError.self) { try result.get() }
      #expect(error?.code == .unavailable)
      #expect(error?.message.hasPrefix("the connection was lost") == true)
    }
  }

  @Test func aServerInTroubleIsNotAskedAgain() async throws {
    let attempts = Attempts()
    let result = try await play(CallOptions(isSafe: true)) {
      $0.throttle = RetryThrottle(maxTokens: 2, tokenRatio: 0.1)
    } script: { connection, turn in
      try Self.failing(100, attempts)(connection, turn)
    }
    #expect(throws: RPCError.self) { try result.get() }
    #expect(attempts.all == ["-"])
  }

  /// Such headers could not be sent another time either, and must not cost the connection.
  @Test func aRequestThatCannotBeSentFails() async throws {
    var options = CallOptions(timeout: .seconds(30), isSafe: true)
    options.metadata.append("x-long", String(repeating: "&", count: 200_000))
    let result = try await play(options) { connection, _ in try connection.serve("never") }
    let error = #expect(throws: RPCError.self) { try result.get() }
    #expect(error?.code == .internal)
  }
}

extension Result where Success == String, Failure == RPCError {
  fileprivate static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.success(let left), .success(let right)): left == right
    case (.failure(let left), .failure(let right)): left == right
    default: false
    }
  }
}
