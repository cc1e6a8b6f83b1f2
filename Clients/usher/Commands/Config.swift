// `usher config`: reads and changes profiles.

import ArgumentParser
import Foundation

struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads and changes the settings that are kept in profiles.",
    discussion: """
      Settings are \(SettingKey.allCases.map(\.rawValue).joined(separator: ", ")). Each has a flag \
      and a variable, for example --token-file and USHER_TOKEN_FILE; flags come before variables, \
      variables before the profile. Keys themselves are never kept: name the file they are in.
      """,
    subcommands: [Get.self, Set.self, Unset.self, Use.self, Path.self])

  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a setting of the profile, or all of them.")
    @Argument(
      help: "The setting; all when left away.",
      completion: .list(SettingKey.allCases.map(\.rawValue)))
    var setting: String?
    @OptionGroup var printing: OutputOptions

    func run() throws {
      try printing.perform { (sources, output) throws(Failure) in
        guard let setting else { return try printAll(sources, output) }
        let key = try SettingKey.named(setting)
        guard let value = sources.profile[key] else {
          throw Failure(
            .notFound, "profile '\(sources.profileName)' has no setting '\(setting)'",
            next: "usher config set \(setting) VALUE")
        }
        try output.print(lines: [value])
      }
    }

    private func printAll(_ sources: SettingSources, _ output: Output) throws(Failure) {
      let pairs = SettingKey.allCases.compactMap { key in
        sources.profile[key].map { (key.rawValue, $0) }
      }
      guard output.presentation.output == .table else {
        let object = Dictionary(uniqueKeysWithValues: pairs)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try output.print(json: (try? encoder.encode(object)).map { [UInt8]($0) } ?? [])
      }
      try output.print(lines: ["profile \(sources.profileName)"] + pairs.map { "\($0) = \($1)" })
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keeps a setting in the profile; makes the profile if there is none.")
    @Argument(completion: .list(SettingKey.allCases.map(\.rawValue))) var setting: String
    @Argument(help: "The value; names of files are kept as absolute paths.") var value: String
    @OptionGroup var printing: OutputOptions

    func run() throws {
      try printing.change { (file, name) throws(Failure) in
        let key = try SettingKey.named(setting)
        file.profiles[name, default: [:]][key.rawValue] = try key.checked(value)
      }
    }
  }

  struct Unset: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Removes a setting from the profile.")
    @Argument(completion: .list(SettingKey.allCases.map(\.rawValue))) var setting: String
    @OptionGroup var printing: OutputOptions

    func run() throws {
      try printing.change { (file, name) throws(Failure) in
        let key = try SettingKey.named(setting)
        file.profiles[name]?[key.rawValue] = nil
      }
    }
  }

  struct Use: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a profile the one used without --profile.")
    @Argument(completion: .custom { _, _, _ in ProfileFile.knownNames() }) var name: String
    @OptionGroup var printing: OutputOptions

    func run() throws {
      try printing.change { (file, _) throws(Failure) in
        _ = try file.settings(name)
        file.current = name
      }
    }
  }

  struct Path: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints where the configuration file is.")

    func run() throws {
      print(ProfileFile.path(ProcessInfo.processInfo.environment))
    }
  }
}

extension OutputOptions {
  /// Changes the file. The profile that is to be changed needs not exist yet.
  fileprivate func change(
    _ body: (inout ProfileFile, _ profile: String) throws(Failure) -> Void
  ) throws {
    do throws(Failure) {
      let environment = ProcessInfo.processInfo.environment
      let path = ProfileFile.path(environment)
      var file = try ProfileFile.load(path)
      let variable = environment["USHER_PROFILE"].flatMap { $0.isEmpty ? nil : $0 }
      try body(&file, file.name(chosen: profile ?? variable))
      try file.save(path)
    } catch {
      Output(Presentation().orAsked).failure(error)
      throw ExitCode(error.exit.rawValue)
    }
  }
}

extension SettingKey {
  static func named(_ text: String) throws(Failure) -> SettingKey {
    if let key = SettingKey(rawValue: text) { return key }
    let isSecret = ["token", "partner-key"].contains(text)
    throw Failure(
      .usage, "there is no setting '\(text)'",
      hint: isSecret
        ? "Keys are not kept here: put it into a file and set token-file, or use USHER_TOKEN."
        : "Settings are \(SettingKey.allCases.map(\.rawValue).joined(separator: ", ")).")
  }

  /// The value as it is kept, refused when it could never be used.
  func checked(_ value: String) throws(Failure) -> String {
    var sources = SettingSources()
    sources.profile[self] = isPath ? Self.absolute(value) : value
    switch self {
    case .server:
      let isCleartext = value.lowercased().hasPrefix("http://")
      _ = try ServerAddress(value, from: "server", insecure: isCleartext)
    case .insecure: _ = try sources.boolean(self)
    case .timeout: _ = try sources.duration(self)
    case .output:
      let format: OutputFormat? = try sources.choice(self)
      guard format != .csv else {
        throw Failure(
          .usage, "csv is for lists, and most commands print none",
          hint: "Ask for it where it is wanted, with -o csv.")
      }
    case .color: let _: ColorChoice? = try sources.choice(self)
    case .clientKey:
      // Who takes this setting for the partner's key must not find it on disk.
      guard !value.hasPrefix("usher_") else {
        throw Failure(
          .usage, "the setting 'client-key' names the file of a certificate's private key",
          hint: "A partner's key goes into a file: set token-file, or use USHER_TOKEN.")
      }
    case .authority: _ = try sources.authority()
    case .ca, .clientCert, .tokenFile: break
    }
    return sources.profile[self] ?? value
  }

  private static func absolute(_ path: String) -> String {
    let expanded = (path as NSString).expandingTildeInPath
    return expanded.hasPrefix("/")
      ? expanded
      : (FileManager.default.currentDirectoryPath as NSString).appendingPathComponent(expanded)
  }
}
