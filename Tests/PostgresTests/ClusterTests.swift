// The private cluster: made, resumed after every kind of death, owned by one process, and gone with
// its parent.

import Glibc
import Postgres
import Reactor
import Support
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ClusterTests {
  private func withFolder(
    _ body: @Sendable (String, EventLoop) async throws -> Void
  ) async throws {
    let folder = try TestFolder.make()
    defer { TestFolder.remove(folder) }
    try await body(folder, TestLoops.next())
  }

  private func query(_ sql: String, in cluster: PrivateCluster, on loop: EventLoop) async throws {
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(cluster.connectionString(database: "shop")), on: loop)
    let error = await failure { () async throws(PostgresError) in
      try await connection.executeScript(sql)
    }
    await connection.close()
    if let error { throw error }
  }

  @Test func resumesAfterEveryKindOfStop() async throws {
    try await withFolder { folder, loop in
      let cluster = try TestCluster.make(in: folder, on: loop)
      try await cluster.start()
      try await cluster.createDatabase("shop")
      try await cluster.createDatabase("shop")
      try await query("CREATE TABLE sold (n int4)", in: cluster, on: loop)
      for (number, stop) in [StopKind.fast, .immediate, .killed].enumerated() {
        try await query("INSERT INTO sold VALUES (\(number))", in: cluster, on: loop)
        try await stop.apply(to: cluster)
        #expect(!cluster.isRunning)
        try await cluster.start()
      }
      try await query(
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM sold) = 3; END $$", in: cluster, on: loop)
      await cluster.stop()
    }
  }

  private enum StopKind {
    case fast, immediate, killed

    func apply(to cluster: PrivateCluster) async throws {
      switch self {
      case .fast: await cluster.stop(.fast)
      case .immediate: await cluster.stop(.immediate)
      case .killed:
        let processID = try #require(cluster.processID)
        kill(processID, SIGKILL)
        while cluster.isRunning { await Task.yield() }
      }
    }
  }

  @Test func oneOwnerAtATime() async throws {
    try await withFolder { folder, loop in
      let first = try TestCluster.make(in: folder, on: loop)
      let second = try TestCluster.make(in: folder, on: loop)
      try await first.start()
      let error = await failure { () async throws(PostgresError) in try await second.start() }
      #expect(error?.kind == .cluster)
      #expect(error?.detail == "another process uses \(folder)")
      await first.stop()
      try await second.start()
      await second.stop()
    }
  }

  /// The server of an owner that died without its parent-death signal is stopped, not joined.
  @Test func leftoverServerIsReplaced() async throws {
    try await withFolder { folder, loop in
      let first = try TestCluster.make(in: folder, on: loop)
      try await first.start()
      let old = try #require(first.processID)
      // As if the owner had vanished: its lock is gone, its server runs on.
      first.disown()
      let second = try TestCluster.make(in: folder, on: loop)
      try await second.start()
      #expect(second.processID != old)
      #expect(kill(old, 0) != 0)
      await second.stop()
    }
  }

  @Test func pidFileOfAnUnrelatedProcessIsNoObstacle() async throws {
    try await withFolder { folder, loop in
      let cluster = try TestCluster.make(in: folder, on: loop)
      try await cluster.start()
      await cluster.stop()
      let file = try #require(fopen("\(folder)/data/postmaster.pid", "w"))
      fputs("\(getpid())\n\(folder)/data\n", file)
      fclose(file)
      try await cluster.start()
      await cluster.stop()
    }
  }

  @Test func failureToStartQuotesTheLog() async throws {
    try await withFolder { folder, loop in
      let cluster = try TestCluster.make(in: folder, on: loop, ["shared_buffers": "nonsense"])
      let error = await failure { () async throws(PostgresError) in try await cluster.start() }
      #expect(error?.kind == .cluster)
      #expect(error?.serverMessage?.contains("shared_buffers") == true)
      #expect(!cluster.isRunning)
    }
  }

  @Test func folderOfAnotherVersionIsRefused() async throws {
    try await withFolder { folder, loop in
      mkdir("\(folder)/data", 0o700)
      let file = try #require(fopen("\(folder)/data/PG_VERSION", "w"))
      fputs("9\n", file)
      fclose(file)
      let cluster = try TestCluster.make(in: folder, on: loop)
      let error = await failure { () async throws(PostgresError) in try await cluster.start() }
      #expect(error?.detail == "\(folder)/data was made by PostgreSQL 9")
    }
  }

  @Test func longAndOddPathsWork() async throws {
    try await withFolder { folder, loop in
      let deep = "\(folder)/it's, \\ a place/" + String(repeating: "x", count: 100)
      let cluster = try TestCluster.make(in: deep, on: loop)
      try await cluster.start()
      try await cluster.createDatabase("it's \"odd\" \\ too")
      await cluster.stop()
    }
  }

  @Test(.enabled(if: geteuid() == 0))
  func folderClosedToTheAccountIsRefused() async throws {
    try await withFolder { folder, loop in
      chmod(folder, 0o700)
      let cluster = try TestCluster.make(in: "\(folder)/inside", on: loop)
      let error = await failure { () async throws(PostgresError) in try await cluster.start() }
      #expect(error?.detail.hasSuffix("cannot enter \(folder)/inside") == true)
    }
  }

  @Test func badFoldersAreRefused() async throws {
    let loop = TestLoops.next()
    #expect(throws: PostgresError.self) { try TestCluster.make(in: "relative", on: loop) }
    let cluster = try TestCluster.make(in: "/proc/nowhere", on: loop)
    let error = await failure { () async throws(PostgresError) in try await cluster.start() }
    #expect(error?.kind == .cluster)
  }
}
