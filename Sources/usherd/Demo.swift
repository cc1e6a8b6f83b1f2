// `usherd demo`: a town to sell in, with nothing to set up: a private PostgreSQL, certificates,
// credentials and two weeks of shows, all in one folder that a second start resumes.

import ArgumentParser
import BookingStore
import Foundation
import Logging
import Postgres
import RPCTransport
import Reactor
import Secrets
import TLS

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a demo town from a private database in a folder.")

  @Option(help: ArgumentHelp("Folder to keep everything in.", valueName: "dir"))
  var data = "usher-demo"
  @Flag(help: "Make the town a sandbox, in which partners move the clock and break calls.")
  var sandbox = false
  @OptionGroup var flags: SettingFlags

  /// All of a demo's clients come from one address, and with one key.
  private static var defaults: Settings {
    var settings = Settings()
    settings.connectionsPerPeer = ConnectionLimits().connections
    settings.sellingPerSecond = 0
    settings.anonymousPerSecond = 0
    settings.passwordsPerSecond = 0
    return settings
  }

  func run() async throws {
    var settings = try Failure.asConfiguration {
      try Settings(flags: flags, defaults: Self.defaults)
    }
    let folder: DemoFolder
    let loop: EventLoop
    let cluster: PrivateCluster
    do {
      folder = try DemoFolder(data, listenHosts: settings.listen.compactMap(\.tcp?.host))
      loop = try EventLoop(name: "demo")
      cluster = try PrivateCluster(
        PrivateCluster.Settings(folder: folder.path("postgres")), on: loop)
      try await cluster.start()
    } catch {
      throw Failure.start("\(error)")
    }
    do {
      try await DemoDatabase.prepare(
        cluster, folder.credentials, asSandbox: sandbox, on: loop)
    } catch {
      await cluster.stop()
      throw Failure.start("\(error)")
    }
    settings.database = cluster.connectionString(database: DemoDatabase.name)
    settings.certificate = folder.path("server.pem")
    settings.key = folder.path("server.key")
    settings.tokenKeys = folder.path("token_keys.pem")
    settings.anonymousReads = true
    do {
      try await Runner.run(settings) { [settings] node in
        Runner.announce("ready \(Runner.addresses(node, settings))")
      }
    } catch {
      await cluster.stop()
      throw error
    }
    await cluster.stop()
  }
}

/// Keys of the demo, as `credentials.json` has them.
struct DemoCredentials: Codable {
  let partnerKey: String
  let adminKey: String

  enum CodingKeys: String, CodingKey {
    case partnerKey = "partner_key"
    case adminKey = "admin_key"
  }

  static func random() -> DemoCredentials {
    DemoCredentials(
      partnerKey: APIKeySecret.make(forOperator: false),
      adminKey: APIKeySecret.make(forOperator: true))
  }
}

/// The files of a demo beside its database: certificates and credentials, made once.
struct DemoFolder {
  private let url: URL
  let credentials: DemoCredentials

  init(_ path: String, listenHosts: [String]) throws {
    url = URL(filePath: path).absoluteURL.standardizedFileURL
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw StartError(description: "cannot make the folder \(url.path)")
    }
    credentials = try Self.credentials(url.appending(path: "credentials.json"))
    try issueCertificates(listenHosts)
    try makeTokenKeys()
  }

  func path(_ name: String) -> String { url.appending(path: name).path }

  private static func credentials(_ file: URL) throws -> DemoCredentials {
    if let data = FileManager.default.contents(atPath: file.path) {
      guard let known = try? JSONDecoder().decode(DemoCredentials.self, from: data) else {
        throw StartError(description: "\(file.path) is damaged; delete it to get new keys")
      }
      return known
    }
    let made = DemoCredentials.random()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try PrivateFile.write(try encoder.encode(made), to: file.path)
    return made
  }

  private func makeTokenKeys() throws {
    let file = path("token_keys.pem")
    guard !FileManager.default.fileExists(atPath: file) else { return }
    try PrivateFile.write(Data(try TokenKeys.makePEM().utf8), to: file)
  }

  private func issueCertificates(_ listenHosts: [String]) throws {
    let files = ["ca.pem", "server.pem", "server.key"].map(path)
    if files.allSatisfy(FileManager.default.fileExists(atPath:)) { return }
    var names = ["localhost", "127.0.0.1", "::1", ProcessInfo.processInfo.hostName]
    let wildcards = ["0.0.0.0", "::"]
    names += Set(listenHosts).subtracting(names).subtracting(wildcards).sorted()
    try PrivateAuthority.issue(
      names: names, authorityFile: files[0], certificateFile: files[1], keyFile: files[2])
  }
}

/// The demo's database: schema, town, partner and keys.
enum DemoDatabase {
  static let name = "usher"

  static func prepare(
    _ cluster: PrivateCluster, _ credentials: DemoCredentials, asSandbox: Bool,
    on loop: EventLoop
  ) async throws {
    try await cluster.createDatabase(name)
    var configuration = PostgresConfiguration(cluster.connectionString(database: name))
    configuration.statementTimeout = nil
    _ = try await Migrations.migrator().up(configuration, on: loop)
    let connection = try await PostgresConnection.connect(configuration, on: loop)
    if asSandbox { try await Migrate.makeSandbox(connection) }
    let store = CredentialStore(connection)
    let partner = try await store.addPartner(named: "Demo partner")
    try await store.addKey(
      credentials.partnerKey, partnerID: partner, scopes: ["sell", "manage", "report"])
    let operators = try await store.addPartner(named: "Demo operator")
    try await store.addKey(
      credentials.adminKey, partnerID: operators, scopes: ["sell", "admin"])
    let days = Int32(Date().timeIntervalSince1970 / 86_400)
    _ = try await TownSeed.apply(to: connection, today: PostgresDate(unixDays: days))
    _ = try await connection.query(ownTown, [.int8(partner)])
    await connection.close()
  }

  /// The town's theatres are the demo partner's.
  private static let ownTown = PostgresStatement(
    name: "own_town", sql: "update theatre set partner_id = $1 where partner_id is null")
}
