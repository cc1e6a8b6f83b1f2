// A PostgreSQL of our own in a data folder, for the demo and the tests: made once, started, stopped,
// resumed after any kind of death. Knows nothing of what is stored in it.

internal import Glibc
package import Reactor
internal import Synchronization

/// A private PostgreSQL cluster, reachable through a Unix socket only.
///
/// It never runs as root: started by root, it drops to an unprivileged account. It ends with the
/// process that started it (a parent-death signal asks for a fast shutdown). One process at a time
/// may own a folder.
package final class PrivateCluster: Sendable {
  package struct Settings: Sendable {
    /// Holds `data/`, `postgres.log` and `lock`. Absolute. Started by root, the unprivileged
    /// account must be able to enter it.
    package var folder: String
    /// The account to drop to when started by root; `nobody` when it does not exist.
    package var account = "postgres"
    /// Where `initdb` and `postgres` are; nil searches.
    package var binFolder: String?
    /// Extra server settings, over the defaults.
    package var parameters: [String: String] = [:]
    /// Whether `initdb` waits for the disk. Off only where a crash of the machine does not matter.
    package var syncsOnInit = true

    package init(folder: String) { self.folder = folder }
  }

  /// How to stop, in PostgreSQL's words.
  package enum StopMode: Sendable {
    /// Sessions are ended, transactions rolled back, a checkpoint written.
    case fast
    /// As a crash: recovery at the next start.
    case immediate
  }

  struct State {
    var child: ChildProcess?
    var lockFD: Int32 = -1
  }

  /// The database superuser of the cluster.
  package static let user = "usher"

  package let settings: Settings
  let loop: EventLoop
  let account: Account?
  let binFolder: String
  let socketFolder: String
  let state = Mutex(State())

  var dataFolder: String { "\(settings.folder)/data" }
  var logPath: String { "\(settings.folder)/postgres.log" }

  /// Finds the programs and the account; touches nothing yet.
  package init(_ settings: Settings, on loop: EventLoop) throws(PostgresError) {
    guard settings.folder.hasPrefix("/") else {
      throw PostgresError(.cluster, "the cluster's folder must be an absolute path")
    }
    self.settings = settings
    self.loop = loop
    account = try Account.forCluster(preferred: settings.account)
    binFolder = try ServerBinaries.find(explicit: settings.binFolder)
    socketFolder = Self.socketFolder(for: settings.folder)
  }

  /// The data folder itself, unless its path is too long for a socket or has a comma, which libpq
  /// takes for a list of hosts.
  private static func socketFolder(for folder: String) -> String {
    let inside = "\(folder)/data"
    let isShort = "\(inside)/.s.PGSQL.5432.lock".utf8.count <= Limits.socketPathBytes
    if isShort && !inside.contains(",") { return inside }
    // FNV-1a: only has to differ between the folders of one machine.
    let hash = folder.utf8.reduce(14_695_981_039_346_656_037 as UInt64) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    return "/tmp/usher-\(String(hash, radix: 16))"
  }

  deinit {
    state.withLock { state in
      state.child?.signal(SIGINT)
      if state.lockFD >= 0 { close(state.lockFD) }
    }
  }

  // MARK: Using

  /// A libpq connection string for a database of the cluster.
  package func connectionString(database: String) -> String {
    "host=\(Self.quoted(socketFolder)) port=\(port) user=\(Self.user)"
      + " dbname=\(Self.quoted(database))"
  }

  /// Names the socket; a TCP port only where `listen_addresses` was set.
  var port: String { settings.parameters["port"] ?? "5432" }

  private static func quoted(_ value: String) -> String {
    let escaped = value.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] }
    return "'\(String(escaped))'"
  }

  /// Whether the server process runs.
  package var isRunning: Bool {
    state.withLock { $0.child.map { $0.exitCode == nil } ?? false }
  }

  /// The postmaster's process id, nil when it is not running.
  package var processID: Int32? {
    state.withLock { state in
      state.child.flatMap { $0.exitCode == nil ? $0.processID : nil }
    }
  }

  /// Creates a database unless it exists.
  package func createDatabase(
    _ name: String, template: String? = nil
  ) async throws(PostgresError) {
    let origin = template.map { " TEMPLATE \(Self.identifier($0))" } ?? ""
    do {
      try await administer("CREATE DATABASE \(Self.identifier(name))\(origin)")
    } catch {
      guard error.sqlState?.code == "42P04" else { throw error }
    }
  }

  /// Drops a database, ending its sessions.
  package func dropDatabase(_ name: String) async throws(PostgresError) {
    try await administer("DROP DATABASE IF EXISTS \(Self.identifier(name)) WITH (FORCE)")
  }

  private static func identifier(_ name: String) -> String {
    "\"\(name.flatMap { $0 == "\"" ? ["\"", "\""] : [$0] }.map(String.init).joined())\""
  }

  private func administer(_ sql: String) async throws(PostgresError) {
    let connection = try await connect()
    do {
      try await connection.executeScript(sql)
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
  }

  func connect() async throws(PostgresError) -> PostgresConnection {
    var configuration = PostgresConfiguration(connectionString(database: "postgres"))
    // Copying a template takes its time on a busy machine.
    configuration.statementTimeout = Limits.clusterStart
    return try await PostgresConnection.connect(configuration, on: loop)
  }
}
