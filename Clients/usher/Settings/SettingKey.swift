// The settings that flags, environment and profiles share: their names and where a value is from.

/// A setting. The raw value is its name in the configuration file and, with dashes, as a flag.
enum SettingKey: String, CaseIterable {
  case server
  case ca
  case clientCert = "client-cert"
  case clientKey = "client-key"
  case authority
  case insecure
  case tokenFile = "token-file"
  case timeout
  case output
  case color

  /// The environment variable, for example `USHER_TOKEN_FILE`.
  var variable: String {
    "USHER_" + rawValue.uppercased().replacing("-", with: "_")
  }

  /// Whether the value names a file.
  var isPath: Bool { [.ca, .clientCert, .clientKey, .tokenFile].contains(self) }
}

/// All values that were given for the settings, by origin.
struct SettingSources: Sendable {
  var flags: [SettingKey: String] = [:]
  var environment: [String: String] = [:]
  var profile: [SettingKey: String] = [:]
  var profileName = ProfileFile.defaultName

  /// The value that counts and what to call its origin in a message: flags before environment
  /// before profile. An empty variable counts as none.
  func value(_ key: SettingKey) -> (text: String, origin: String)? {
    if let text = flags[key] { return (text, "--\(key.rawValue)") }
    if let text = environment[key.variable], !text.isEmpty { return (text, key.variable) }
    if let text = profile[key] {
      return (text, "setting '\(key.rawValue)' of profile '\(profileName)'")
    }
    return nil
  }
}
