// One private PostgreSQL per test process, started by the first test that needs it and gone with the
// process. Every test gets a database of its own.

import Glibc
package import Postgres
package import Reactor
import Synchronization

/// The test process's PostgreSQL.
package actor TestCluster {
  package static let shared = TestCluster()

  private let loop = TestLoops.next()
  private var starting: Task<PrivateCluster, any Error>?
  private var templates: [String: Task<Void, any Error>] = [:]
  private var databaseCount = 0
  /// Databases in use: more at once only make PostgreSQL's answers, and so every test, late.
  private var openCount = 0
  private static let mostOpen = 8
  private var waiters: [CheckedContinuation<Void, Never>] = []

  /// The running cluster; the first call makes it.
  package func cluster() async throws -> PrivateCluster {
    if let starting { return try await starting.value }
    let task = Task { [loop] in try await Self.make(on: loop) }
    starting = task
    return try await task.value
  }

  private static func make(on loop: EventLoop) async throws -> PrivateCluster {
    let folder = try TestFolder.make()
    let cluster = try make(in: folder, on: loop)
    TestExit.clean(cluster, folder)
    try await cluster.start()
    return cluster
  }

  /// A cluster of a test's own, not started, small and quick to make.
  package static func make(
    in folder: String, on loop: EventLoop, _ parameters: [String: String] = [:]
  ) throws(PostgresError) -> PrivateCluster {
    var settings = PrivateCluster.Settings(folder: folder)
    settings.syncsOnInit = false
    settings.parameters = ["shared_buffers": "32MB", "deadlock_timeout": "200ms"]
      .merging(parameters) { _, given in given }
    return try PrivateCluster(settings, on: loop)
  }

  /// Runs a body with a new, empty database, dropped afterwards.
  package func withDatabase<Value: Sendable>(
    _ body: @Sendable (_ connectionString: String) async throws -> Value
  ) async throws -> Value {
    try await withDatabase(template: nil, prepare: { _ in }, body)
  }

  /// Runs a body with a new copy of a template database. The first use of a template name makes the
  /// template with `prepare` (which must close its connections); later uses only copy it.
  package func withDatabase<Value: Sendable>(
    template: String?,
    prepare: @escaping @Sendable (_ connectionString: String) async throws -> Void,
    _ body: @Sendable (_ connectionString: String) async throws -> Value
  ) async throws -> Value {
    let cluster = try await cluster()
    if let template { try await make(template, in: cluster, prepare) }
    await enter()
    defer { leave() }
    databaseCount += 1
    let name = "test_\(databaseCount)"
    try await cluster.createDatabase(name, template: template)
    let outcome: Result<Value, any Error>
    do {
      outcome = .success(try await body(cluster.connectionString(database: name)))
    } catch {
      outcome = .failure(error)
    }
    // A test that left the cluster unusable is told so by its own failure.
    try? await cluster.dropDatabase(name)
    return try outcome.get()
  }

  private func enter() async {
    guard openCount == Self.mostOpen else {
      openCount += 1
      return
    }
    await withCheckedContinuation { waiters.append($0) }
  }

  /// The place goes to who waited longest.
  private func leave() {
    if waiters.isEmpty { openCount -= 1 } else { waiters.removeFirst().resume() }
  }

  private func make(
    _ template: String, in cluster: PrivateCluster,
    _ prepare: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    if let known = templates[template] { return try await known.value }
    let task = Task {
      try await cluster.createDatabase(template)
      try await prepare(cluster.connectionString(database: template))
    }
    templates[template] = task
    try await task.value
  }
}

/// Short temporary folders: a Unix socket's path has little room.
package enum TestFolder {
  /// Makes a folder that every account may enter; tests that need one of their own remove it with
  /// ``remove(_:)``.
  package static func make() throws -> String {
    var template = Array("/tmp/usher-XXXXXX".utf8CString)
    guard let path = mkdtemp(&template).map({ String(cString: $0) }) else {
      throw SystemError.last("mkdtemp")
    }
    chmod(path, 0o755)
    return path
  }

  /// Removes a folder and all in it.
  package static func remove(_ path: String) {
    precondition(path.hasPrefix("/tmp/usher-"), "not a folder of the tests")
    _ = system("rm -rf '\(path)'")
  }
}

/// Stops clusters when the test process exits. A process that is killed leaves it to the cluster's
/// parent-death signal.
package enum TestExit {
  private static let doomed = Mutex<[(PrivateCluster, String)]>([])
  private static let isRegistered = Mutex(false)

  /// Stops the cluster and removes its folder at exit.
  package static func clean(_ cluster: PrivateCluster, _ folder: String) {
    doomed.withLock { $0.append((cluster, folder)) }
    isRegistered.withLock { isRegistered in
      if !isRegistered { atexit { TestExit.run() } }
      isRegistered = true
    }
  }

  private static func run() {
    for (cluster, folder) in doomed.withLock({ $0 }) {
      cluster.abandon()
      // No loop to wait on any more: the process is ending.
      for _ in 0..<200 where cluster.isRunning { usleep(10_000) }
      TestFolder.remove(folder)
    }
  }
}
