// The configuration file: named profiles of settings. Holds no secret, only the names of files
// that do, and is readable by its owner alone all the same.

import Foundation

/// Contents of `~/.config/usher/config.json`.
struct ProfileFile: Codable, Equatable {
  static let defaultName = "default"

  /// The profile used without `--profile`; nil means `default`.
  var current: String?
  /// Settings by profile.
  var profiles: [String: [String: String]] = [:]

  /// Where the file is: `$XDG_CONFIG_HOME/usher/config.json`, by default under `~/.config`. As the
  /// XDG specification demands, a relative XDG_CONFIG_HOME is ignored.
  static func path(_ environment: [String: String]) -> String {
    if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
      return base + "/usher/config.json"
    }
    let home = environment["HOME"] ?? NSHomeDirectory()
    return home + "/.config/usher/config.json"
  }

  /// Reads the file; one that does not exist is empty.
  static func load(_ path: String) throws(Failure) -> ProfileFile {
    guard FileManager.default.fileExists(atPath: path) else { return ProfileFile() }
    do {
      let bytes = try BoundedFile.read(path, limitBytes: Limits.configurationBytes)
      let file = try JSONDecoder().decode(ProfileFile.self, from: Data(bytes))
      try file.validate()
      return file
    } catch let failure as Failure {
      throw Failure(.usage, "cannot use \(path): \(failure.message)", hint: failure.hint)
    } catch {
      throw Failure(
        .usage, "cannot use \(path): it is not a configuration file",
        hint: "Mend or remove it; 'usher config set' writes a new one.")
    }
  }

  private func validate() throws(Failure) {
    for (name, settings) in profiles {
      for key in settings.keys where SettingKey(rawValue: key) == nil {
        throw Failure(
          .usage, "profile '\(name)' has an unknown setting '\(key)'",
          hint: "Settings are \(SettingKey.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
    }
  }

  /// Writes the file as a whole: a new file beside it, then a rename.
  func save(_ path: String) throws(Failure) {
    let folder = (path as NSString).deletingLastPathComponent
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let bytes = try encoder.encode(self) + Data("\n".utf8)
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      try BoundedFile.replace([UInt8](bytes), at: path, mode: 0o600)
    } catch {
      throw Failure(.other, "cannot write \(path): \(BoundedFile.reason(error))")
    }
  }

  /// The name of the profile that counts.
  func name(chosen: String?) -> String { chosen ?? current ?? Self.defaultName }

  /// A profile's settings. The default profile needs not exist; any other must.
  func settings(_ name: String) throws(Failure) -> [SettingKey: String] {
    guard let found = profiles[name] else {
      guard name != Self.defaultName else { return [:] }
      let known = profiles.keys.sorted().joined(separator: ", ")
      throw Failure(
        .usage, "there is no profile '\(name)'",
        hint: known.isEmpty
          ? "Make it: usher config set --profile \(name) server HOST:PORT"
          : "Profiles are \(known).")
    }
    return Dictionary(
      uniqueKeysWithValues: found.compactMap { key, value in
        SettingKey(rawValue: key).map { ($0, value) }
      })
  }
}
