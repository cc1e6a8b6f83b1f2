// The change stream: commit order, whole transactions, nothing of aborted ones, a typed end; and
// the decoder fed byte by byte.

import Postgres
import Reactor
import Support
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ReplicationTests {
  private struct Stream: Sendable {
    let events = Mailbox<ReplicationEvent>()
    let ends = Mailbox<PostgresError>()
    let replication: LogicalReplication

    init(
      _ configuration: PostgresConfiguration, slot: String,
      _ adjust: (inout LogicalReplication.Settings) -> Void = { _ in }
    ) async throws {
      var settings = LogicalReplication.Settings(
        configuration, slotName: slot, publication: "usher_feed")
      adjust(&settings)
      let (events, ends) = (events, ends)
      replication = try await LogicalReplication.open(
        settings, on: TestLoops.next(), onEvent: { events.put($0) }, onEnd: { ends.put($0) })
    }
  }

  private func withPublication(
    _ body:
      @escaping @Sendable (PostgresConfiguration, PostgresConnection, String) async throws
      -> Void
  ) async throws {
    try await TestCluster.shared.withDatabase { string in
      let configuration = PostgresConfiguration(string)
      let connection = try await PostgresConnection.connect(configuration, on: TestLoops.next())
      // No tables: the publication is there for its name.
      try await connection.executeScript(
        "CREATE PUBLICATION usher_feed; CREATE TABLE t (n int4 PRIMARY KEY)")
      let slot = try await connection.query("SELECT current_database()").onlyRow()
        .decode(0, as: String.self)
      do {
        try await body(configuration, connection, "slot_\(slot)")
      } catch {
        await connection.close()
        throw error
      }
      await connection.close()
    }
  }

  private static let emit: PostgresStatement =
    "SELECT pg_logical_emit_message(true, $1, $2::bytea)"

  private static func contents(_ events: [ReplicationEvent]) -> [String] {
    events.map { event in
      switch event {
      case .message(let message):
        "\(message.prefix):\(String(decoding: message.content, as: UTF8.self))"
      case .commit: "commit"
      }
    }
  }

  @Test func messagesComeWholeInCommitOrder() async throws {
    try await withPublication { configuration, first, slot in
      let stream = try await Stream(configuration, slot: slot)
      let second = try await PostgresConnection.connect(configuration, on: first.loop)
      func emit(_ text: String, on connection: PostgresConnection) async throws(PostgresError) {
        _ = try await connection.query(
          Self.emit, [.text("usher.seat"), .bytea(Array(text.utf8))])
      }
      // Two transactions overlap: the one that began later commits first.
      try await first.executeScript("BEGIN; INSERT INTO t VALUES (1)")
      try await emit("a1", on: first)
      try await second.executeScript("BEGIN; INSERT INTO t VALUES (2)")
      try await emit("b1", on: second)
      try await emit("a2", on: first)
      try await emit("b2", on: second)
      try await second.executeScript("COMMIT")
      try await first.executeScript("COMMIT")
      // Rolled back: never heard of.
      try await first.executeScript("BEGIN")
      try await emit("never", on: first)
      try await first.executeScript("ROLLBACK")
      try await emit("", on: second)
      #expect(
        Self.contents(await stream.events.wait(for: 8)) == [
          "usher.seat:b1", "usher.seat:b2", "commit", "usher.seat:a1", "usher.seat:a2", "commit",
          "usher.seat:", "commit",
        ])
      let positions = stream.events.values.compactMap { event -> LogSequenceNumber? in
        if case .commit(let end, _) = event { end } else { nil }
      }
      #expect(positions == positions.sorted() && positions[0] > stream.replication.start)
      await second.close()
      await stream.replication.stop()
      #expect(await stream.ends.wait(for: 1).map(\.kind) == [.closed])
    }
  }

  @Test func manyLargeMessagesArrive() async throws {
    try await withPublication { configuration, connection, slot in
      let stream = try await Stream(configuration, slot: slot)
      for number in 0..<50 {
        let content = [UInt8](repeating: UInt8(number), count: number * 20_000)
        _ = try await connection.query(Self.emit, [.text("p"), .bytea(content)])
      }
      let events = await stream.events.wait(for: 100)
      for number in 0..<50 {
        guard case .message(let message) = events[number * 2] else {
          Issue.record("event \(number * 2) is no message")
          return
        }
        #expect(message.content == [UInt8](repeating: UInt8(number), count: number * 20_000))
        #expect(message.isTransactional)
      }
    }
  }

  @Test func idleStreamIsKeptAliveAndItsPositionMoves() async throws {
    try await withPublication { configuration, connection, slot in
      let stream = try await Stream(configuration, slot: slot) {
        $0.statusInterval = .seconds(1)
      }
      _ = try await connection.query(Self.emit, [.text("p"), .bytea([1])])
      guard case .commit(let end, _)? = await stream.events.wait(for: 2).last else {
        Issue.record("no commit")
        return
      }
      await stream.replication.confirm()
      var confirmed = LogSequenceNumber(rawValue: 0)
      while confirmed < end {
        let row = try await connection.query(
          "SELECT confirmed_flush_lsn::text, temporary FROM pg_replication_slots WHERE slot_name = $1",
          [.text(slot)]
        ).onlyRow()
        confirmed = try #require(LogSequenceNumber(try row.decode(0, as: String.self)))
        #expect(try row.decode(1, as: Bool.self))
      }
      // Longer than an idle stream may be silent, and it still lives.
      await stream.replication.loop.run { [loop = stream.replication.loop] in
        await withCheckedContinuation { continuation in
          loop.schedule(after: .milliseconds(3500)) { continuation.resume() }
        }
      }
      #expect(stream.ends.values.isEmpty)
    }
  }

  @Test func endIsToldAndTheOwnerMayReconnect() async throws {
    try await withPublication { configuration, connection, slot in
      let first = try await Stream(configuration, slot: slot)
      let taken = await failure { () async throws(PostgresError) in
        try await LogicalReplication.open(
          .init(configuration, slotName: slot, publication: "usher_feed"), on: TestLoops.next(),
          onEvent: { _ in }, onEnd: { _ in })
      }
      #expect(taken?.sqlState?.code == "42710")
      _ = try await connection.query(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1",
        [.text(slot)])
      let end = await first.ends.wait(for: 1)[0]
      #expect(end.isUnavailable)
      var second: Stream?
      while second == nil { second = try? await Stream(configuration, slot: slot) }
      _ = try await connection.query(Self.emit, [.text("p"), .bytea(Array("again".utf8))])
      #expect(
        Self.contents(try await #require(second).events.wait(for: 2)) == ["p:again", "commit"])
    }
  }

  @Test func startWaitsForTransactionsInFlightAndNoLongerThanAllowed() async throws {
    try await withPublication { configuration, connection, slot in
      // A transaction that has written keeps the slot waiting.
      try await connection.executeScript("BEGIN; INSERT INTO t VALUES (1)")
      let error = await failure { () async throws(PostgresError) in
        var settings = LogicalReplication.Settings(
          configuration, slotName: slot, publication: "usher_feed")
        settings.startTimeout = .milliseconds(200)
        return try await LogicalReplication.open(
          settings, on: TestLoops.next(), onEvent: { _ in }, onEnd: { _ in })
      }
      #expect(error?.kind == .connectTimeout)
      try await connection.executeScript("COMMIT")
    }
  }

  @Test(arguments: ["", "Upper", "a-b", "a'b", "a b", String(repeating: "a", count: 64)])
  func namesAreChecked(_ name: String) async {
    for (slot, publication) in [(name, "p"), ("s", name)] {
      let error = await failure { () async throws(PostgresError) in
        try await LogicalReplication.open(
          .init(PostgresConfiguration("host=/nowhere"), slotName: slot, publication: publication),
          on: TestLoops.next(), onEvent: { _ in }, onEnd: { _ in })
      }
      #expect(error?.kind == .invalidConfiguration)
    }
  }

  @Test func positionsReadAndWrite() {
    #expect(LogSequenceNumber("16/B374D848")?.rawValue == 0x16_b374_d848)
    #expect(LogSequenceNumber(rawValue: 0x16_b374_d848).description == "16/B374D848")
    for wrong in ["", "/", "1", "1/2/3", "1/100000000", "x/1", "-1/1"] {
      #expect(LogSequenceNumber(wrong) == nil, "\(wrong)")
    }
  }
}
