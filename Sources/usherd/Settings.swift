// What an operator can set, by flag, environment or file, in this order of precedence.

import ArgumentParser
import Foundation
import Logging
import RPCTransport
import Secrets
import TLS

/// Names of the settings. A flag is `--drain-seconds`, the environment `USHER_DRAIN_SECONDS`, the
/// file's key `drain_seconds`.
enum SettingKey: String, CaseIterable {
  case listen
  case database
  case certificate
  case key
  case clientAuth = "client_auth"
  case clientCA = "client_ca"
  case clientCRL = "client_crl"
  case tokenKeys = "token_keys"
  case cleartext
  case anonymousReads = "anonymous_reads"
  case reflection
  case loops
  case laneWorkers = "lane_workers"
  case poolConnections = "pool_connections"
  case connectionsPerPeer = "connections_per_peer"
  case sellingPerSecond = "selling_per_second"
  case reportingPerSecond = "reporting_per_second"
  case anonymousPerSecond = "anonymous_per_second"
  case passwordsPerSecond = "passwords_per_second"
  case logLevel = "log_level"
  case drainSeconds = "drain_seconds"
  case allowUnsafeDurability = "allow_unsafe_durability"

  var environmentName: String { "USHER_\(rawValue.uppercased())" }

  /// Never printed.
  var isSecret: Bool { self == .database }
}

/// A setting that cannot be used, in words for the operator.
struct SettingsError: Error, CustomStringConvertible {
  let description: String
}

/// The flags that every server subcommand takes.
struct SettingFlags: ParsableArguments {
  @Option(help: ArgumentHelp("JSON file with settings.", valueName: "file"))
  var config: String?
  @Option(
    help: ArgumentHelp(
      "Where to listen: host:port and unix:path, separated by commas.", valueName: "addresses"))
  var listen: String?
  @Option(help: ArgumentHelp("libpq connection string of the database.", valueName: "string"))
  var database: String?
  @Option(help: ArgumentHelp("PEM certificate chain.", valueName: "file"))
  var certificate: String?
  @Option(help: ArgumentHelp("PEM private key.", valueName: "file"))
  var key: String?
  @Option(
    help: ArgumentHelp("Client certificates: off, request or require.", valueName: "demand"))
  var clientAuth: String?
  @Option(
    name: .customLong("client-ca"),
    help: ArgumentHelp("PEM authorities of client certificates.", valueName: "file"))
  var clientCA: String?
  @Option(
    name: .customLong("client-crl"),
    help: ArgumentHelp("PEM lists of revoked client certificates.", valueName: "file"))
  var clientCRL: String?
  @Option(
    help: ArgumentHelp(
      "PEM file of Ed25519 keys: the first signs customers' tokens, all are trusted.",
      valueName: "file"))
  var tokenKeys: String?
  @Option(help: ArgumentHelp("Serve without TLS (true or false).", valueName: "bool"))
  var cleartext: String?
  @Option(help: ArgumentHelp("Let anyone read (true or false).", valueName: "bool"))
  var anonymousReads: String?
  @Option(help: ArgumentHelp("Offer server reflection (true or false).", valueName: "bool"))
  var reflection: String?
  @Option(help: ArgumentHelp("Event loops; default one per core.", valueName: "n"))
  var loops: String?
  @Option(help: ArgumentHelp("Connections that sell seats.", valueName: "n"))
  var laneWorkers: String?
  @Option(help: ArgumentHelp("Most database connections per loop for reads.", valueName: "n"))
  var poolConnections: String?
  @Option(help: ArgumentHelp("Most client connections from one address.", valueName: "n"))
  var connectionsPerPeer: String?
  @Option(
    help: ArgumentHelp(
      "Most calls per second and key that sell or read what is on sale; 0: any.", valueName: "n"))
  var sellingPerSecond: String?
  @Option(
    help: ArgumentHelp(
      "Most calls per second and key that report and manage; 0: any.", valueName: "n"))
  var reportingPerSecond: String?
  @Option(
    help: ArgumentHelp(
      "Most calls per second from an address without a credential; 0: any.", valueName: "n"))
  var anonymousPerSecond: String?
  @Option(
    help: ArgumentHelp(
      "Most passwords per second from an address; 0: any.", valueName: "n"))
  var passwordsPerSecond: String?
  @Option(
    help: ArgumentHelp("trace, debug, info, notice, warning, error, critical.", valueName: "level"))
  var logLevel: String?
  @Option(help: ArgumentHelp("Time for calls to finish on SIGTERM.", valueName: "seconds"))
  var drainSeconds: String?
  @Option(help: ArgumentHelp("Serve although fsync is off (true or false).", valueName: "bool"))
  var allowUnsafeDurability: String?

  var given: [SettingKey: String] {
    let pairs: [(SettingKey, String?)] = [
      (.listen, listen), (.database, database), (.certificate, certificate), (.key, key),
      (.tokenKeys, tokenKeys),
      (.clientAuth, clientAuth), (.clientCA, clientCA), (.clientCRL, clientCRL),
      (.cleartext, cleartext), (.anonymousReads, anonymousReads), (.reflection, reflection),
      (.loops, loops), (.laneWorkers, laneWorkers), (.poolConnections, poolConnections),
      (.connectionsPerPeer, connectionsPerPeer), (.sellingPerSecond, sellingPerSecond),
      (.reportingPerSecond, reportingPerSecond), (.anonymousPerSecond, anonymousPerSecond),
      (.passwordsPerSecond, passwordsPerSecond), (.logLevel, logLevel),
      (.drainSeconds, drainSeconds),
      (.allowUnsafeDurability, allowUnsafeDurability),
    ]
    return pairs.reduce(into: [:]) { if let value = $1.1 { $0[$1.0] = value } }
  }
}

/// All settings, checked.
struct Settings: Sendable {
  var listen = [Endpoint.tcp(HostPort(host: "127.0.0.1", port: 7443))]
  var database = ""
  var certificate = ""
  var key = ""
  var clientAuth = ClientTrust.Demand.off
  var clientCA = ""
  var clientCRL = ""
  var tokenKeys = ""
  var cleartext = false
  var anonymousReads = false
  var reflection = true
  var loops = ProcessInfo.processInfo.activeProcessorCount
  var laneWorkers = 2
  var poolConnections = 4
  var connectionsPerPeer = ConnectionLimits().connectionsPerPeer
  /// Above what a partner's busiest shop sends; below what a node can do, so that one partner's loop
  /// without a pause leaves room for the others.
  var sellingPerSecond = 5_000
  /// A report is a scan of thousands of rows.
  var reportingPerSecond = 200
  /// What a household reads by hand, behind one address.
  var anonymousPerSecond = 100
  /// A quarter of what a node hashes, in one household or office.
  var passwordsPerSecond = 5
  var logLevel = Logger.Level.info
  var drainSeconds = 30
  var allowUnsafeDurability = false

  init() {}

  /// Merges the sources over the defaults. Throws in words for the operator.
  init(
    flags: SettingFlags, defaults: Settings = Settings(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(SettingsError) {
    self = defaults
    var values: [SettingKey: String] = [:]
    if let file = flags.config ?? environment["USHER_CONFIG"] {
      values = try SettingsFile.read(file)
    }
    for key in SettingKey.allCases {
      if let value = environment[key.environmentName] { values[key] = value }
    }
    values.merge(flags.given) { $1 }
    for (key, value) in values { try set(key, value) }
    try checkClientCertificates()
  }

  /// An authority that nobody is asked about, or a demand that nothing can meet, is a slip of the
  /// pen that would leave a server more open, or more closed, than its operator thinks.
  private func checkClientCertificates() throws(SettingsError) {
    if clientAuth == .off, !clientCA.isEmpty || !clientCRL.isEmpty {
      throw Self.wrong(.clientAuth, "must be request or require when client_ca is set")
    }
    guard clientAuth != .off else { return }
    if clientCA.isEmpty { throw Self.wrong(.clientCA, "is needed for client_auth") }
    if cleartext { throw Self.wrong(.clientAuth, "needs TLS: cleartext must be false") }
  }

  private mutating func set(_ key: SettingKey, _ value: String) throws(SettingsError) {
    switch key {
    case .listen:
      listen = try value.split(separator: ",", omittingEmptySubsequences: false)
        .map { (part) throws(SettingsError) in
          guard let endpoint = Endpoint(String(part)) else {
            throw Self.wrong(
              key, "must be HOST:PORT or unix:PATH, for example 127.0.0.1:7443")
          }
          return endpoint
        }
    case .database: database = value
    case .certificate: certificate = value
    case .key: self.key = value
    case .clientAuth:
      guard let demand = ClientTrust.Demand(rawValue: value) else {
        throw Self.wrong(key, "must be off, request or require")
      }
      clientAuth = demand
    case .clientCA: clientCA = value
    case .clientCRL: clientCRL = value
    case .tokenKeys: tokenKeys = value
    case .cleartext: cleartext = try Self.bool(key, value)
    case .anonymousReads: anonymousReads = try Self.bool(key, value)
    case .reflection: reflection = try Self.bool(key, value)
    case .loops: loops = try Self.number(key, value, 1...256)
    case .laneWorkers: laneWorkers = try Self.number(key, value, 1...64)
    case .poolConnections: poolConnections = try Self.number(key, value, 1...100)
    case .connectionsPerPeer: connectionsPerPeer = try Self.number(key, value, 1...10_000)
    case .sellingPerSecond: sellingPerSecond = try Self.number(key, value, 0...1_000_000)
    case .reportingPerSecond: reportingPerSecond = try Self.number(key, value, 0...1_000_000)
    case .anonymousPerSecond: anonymousPerSecond = try Self.number(key, value, 0...1_000_000)
    case .passwordsPerSecond: passwordsPerSecond = try Self.number(key, value, 0...1_000_000)
    case .logLevel:
      guard let level = Logger.Level(rawValue: value) else {
        throw Self.wrong(key, "must be trace, debug, info, notice, warning, error or critical")
      }
      logLevel = level
    case .drainSeconds: drainSeconds = try Self.number(key, value, 0...3_600)
    case .allowUnsafeDurability: allowUnsafeDurability = try Self.bool(key, value)
    }
  }

  /// Whether anything of this server is to be encrypted.
  var needsCertificate: Bool { !cleartext && listen.contains { $0.tcp != nil } }

  /// Reads the files of TLS; nil when nothing is to be encrypted.
  func tls() throws(TLSError) -> TLSContext? {
    guard needsCertificate else { return nil }
    return try TLSContext(
      serverCertificateFile: certificate, keyFile: key,
      clients: ClientTrust(
        clientAuth, authorityFile: clientCA,
        revocationFile: clientCRL.isEmpty ? nil : clientCRL))
  }

  /// Reads the keys of customers' tokens; nil without any, and then there are no accounts.
  func tokenKeyring() throws(SettingsError) -> TokenKeyring? {
    guard !tokenKeys.isEmpty else { return nil }
    do throws(SecretsError) {
      return try TokenKeyring(file: tokenKeys)
    } catch {
      guard case .keyFile(let reason) = error else { throw Self.wrong(.tokenKeys, "failed") }
      throw Self.wrong(.tokenKeys, reason)
    }
  }

  /// The settings as the operator would write them, secrets hidden.
  var printable: [(name: String, value: String)] {
    let values: [SettingKey: String] = [
      .listen: listen.map(\.description).joined(separator: ","),
      .database: database, .certificate: certificate, .key: key,
      .clientAuth: clientAuth.rawValue, .clientCA: clientCA, .clientCRL: clientCRL,
      .tokenKeys: tokenKeys, .cleartext: "\(cleartext)", .anonymousReads: "\(anonymousReads)",
      .reflection: "\(reflection)", .loops: "\(loops)", .laneWorkers: "\(laneWorkers)",
      .poolConnections: "\(poolConnections)",
      .connectionsPerPeer: "\(connectionsPerPeer)",
      .sellingPerSecond: "\(sellingPerSecond)", .reportingPerSecond: "\(reportingPerSecond)",
      .anonymousPerSecond: "\(anonymousPerSecond)",
      .passwordsPerSecond: "\(passwordsPerSecond)",
      .logLevel: logLevel.rawValue,
      .drainSeconds: "\(drainSeconds)", .allowUnsafeDurability: "\(allowUnsafeDurability)",
    ]
    return SettingKey.allCases.map { key in
      let value = values[key] ?? ""
      return (key.rawValue, key.isSecret && !value.isEmpty ? "(set, hidden)" : value)
    }
  }

  private static func wrong(_ key: SettingKey, _ hint: String) -> SettingsError {
    SettingsError(description: "setting \(key.rawValue) \(hint)")
  }

  private static func bool(_ key: SettingKey, _ value: String) throws(SettingsError) -> Bool {
    switch value.lowercased() {
    case "true", "1", "yes", "on": return true
    case "false", "0", "no", "off": return false
    default: throw wrong(key, "must be true or false")
    }
  }

  private static func number(
    _ key: SettingKey, _ value: String, _ range: ClosedRange<Int>
  ) throws(SettingsError) -> Int {
    guard let number = Int(value), range.contains(number) else {
      throw wrong(key, "must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

/// The JSON form of the settings.
enum SettingsFile {
  /// A name that is a device's or a pipe's may have no end; settings have some thousand bytes.
  private static let byteCountAtMost = 1 << 20

  static func read(_ path: String) throws(SettingsError) -> [SettingKey: String] {
    let read = FileHandle(forReadingAtPath: path).flatMap {
      try? $0.read(upToCount: byteCountAtMost + 1) ?? Data()
    }
    guard let data = read, data.count <= byteCountAtMost else {
      throw SettingsError(description: "cannot read the configuration file \(path)")
    }
    guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw SettingsError(description: "the configuration file \(path) is not a JSON object")
    }
    var values: [SettingKey: String] = [:]
    for (name, value) in object.sorted(by: { $0.key < $1.key }) {
      guard let key = SettingKey(rawValue: name) else {
        let known = SettingKey.allCases.map(\.rawValue).joined(separator: ", ")
        throw SettingsError(
          description: "unknown configuration key \"\(name)\" in \(path); known keys: \(known)")
      }
      values[key] = try text(value, key, path)
    }
    return values
  }

  private static func text(
    _ value: Any, _ key: SettingKey, _ path: String
  ) throws(SettingsError) -> String {
    if let text = value as? String { return text }
    if let number = value as? NSNumber {
      return isBool(number) ? (number.boolValue ? "true" : "false") : number.stringValue
    }
    throw SettingsError(
      description: "configuration key \"\(key.rawValue)\" in \(path) must be text, number or bool")
  }

  /// JSON's true and false arrive as numbers of C's smallest type.
  private static func isBool(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
  }
}
