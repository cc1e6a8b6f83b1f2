// The options every command has, and how they become settings.

import ArgumentParser
import Foundation

/// Where results go and how they look; also for commands that do not connect.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: "How to print: a table, JSON, a JSON value per line, or, of lists, CSV.")
  var output: OutputFormat?

  @Flag(help: "The same as -o jsonl.")
  var json = false

  @Flag(help: .hidden)
  var csv = false

  @Option(help: "When to colour. Colour never says what a letter does not say too.")
  var color: ColorChoice?

  @Flag(help: "The same as --color never.")
  var noColor = false

  @Option(
    help: ArgumentHelp("The profile to use.", valueName: "name"),
    completion: .custom { _, _, _ in ProfileFile.knownNames() })
  var profile: String?

  mutating func validate() throws {
    if noColor, let color, color != .never {
      throw ValidationError("--no-color and --color \(color.rawValue) contradict each other.")
    }
    if json, let output, output != .jsonl {
      throw ValidationError("--json and -o \(output.rawValue) contradict each other.")
    }
    if csv, json || (output ?? .csv) != .csv {
      throw ValidationError("--csv and what else is said of output contradict each other.")
    }
  }

  /// What is set by flags, environment and profile.
  func sources() throws(Failure) -> SettingSources {
    var sources = SettingSources()
    sources.environment = ProcessInfo.processInfo.environment
    sources.flags[.output] = (json ? .jsonl : csv ? .csv : output)?.rawValue
    sources.flags[.color] = noColor ? ColorChoice.never.rawValue : color?.rawValue
    let file = try ProfileFile.load(ProfileFile.path(sources.environment))
    let variable = sources.environment["USHER_PROFILE"].flatMap { $0.isEmpty ? nil : $0 }
    sources.profileName = file.name(chosen: profile ?? variable)
    sources.profile = try file.settings(sources.profileName)
    return sources
  }
}

/// Where to connect; for commands that do.
struct GlobalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server: HOST:PORT, https://HOST:PORT or unix:PATH.", valueName: "server"))
  var server: String?

  @Option(
    help: ArgumentHelp(
      "PEM file of the authority to trust instead of the system's.",
      valueName: "file"),
    completion: .file(extensions: ["pem", "crt", "cer"]))
  var ca: String?

  @Option(
    help: ArgumentHelp(
      "PEM file of this client's certificate, for servers that ask for one.", valueName: "file"),
    completion: .file(extensions: ["pem", "crt", "cer"]))
  var clientCert: String?

  @Option(
    help: ArgumentHelp("PEM file of that certificate's private key.", valueName: "file"),
    completion: .file(extensions: ["pem", "key"]))
  var clientKey: String?

  @Option(
    help: ArgumentHelp(
      "The server's name when it is not the address's: for its certificate and :authority.",
      valueName: "name"))
  var authority: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Speak cleartext HTTP/2 (h2c): anyone on the way can read and change it, key included.")
  var insecure: Bool?

  @Option(
    help: ArgumentHelp(
      "File with the partner's key, or the demo's credentials.json; - is standard input.",
      valueName: "file"),
    completion: .file())
  var tokenFile: String?

  @Option(
    help: ArgumentHelp(
      "Time for the whole command, for example 500ms, 30s, 2m (30s; watch, wait and bench: none).",
      valueName: "time"))
  var timeout: String?

  @OptionGroup var printing: OutputOptions

  func sources() throws(Failure) -> SettingSources {
    var sources = try printing.sources()
    sources.flags[.server] = server
    sources.flags[.ca] = ca
    sources.flags[.clientCert] = clientCert
    sources.flags[.clientKey] = clientKey
    sources.flags[.authority] = authority
    sources.flags[.insecure] = insecure.map { $0 ? "true" : "false" }
    sources.flags[.tokenFile] = tokenFile
    sources.flags[.timeout] = timeout
    return sources
  }
}

extension ProfileFile {
  /// The names of the profiles, for completion; none when the file cannot be read.
  static func knownNames() -> [String] {
    let path = path(ProcessInfo.processInfo.environment)
    return (try? load(path))?.profiles.keys.sorted() ?? []
  }
}
