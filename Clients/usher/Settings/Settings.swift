// Everything a command needs to know before it connects, decided from flags, environment and
// profile. Reading is strict: a value that makes no sense is refused with its origin.

import ArgumentParser

/// How results are printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// For people.
  case table
  /// One indented JSON value.
  case json
  /// One JSON value per line: one per result or event.
  case jsonl
  /// Comma-separated values with a heading, of lists alone.
  case csv

  /// Whether a person reads what is said beside results.
  var isRead: Bool { self == .table || self == .csv }
  /// Whether each item is printed as soon as it is there.
  var isStream: Bool { self == .jsonl || self == .csv }
}

/// When output is coloured.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument, Sendable {
  case auto, always, never
}

/// How to print, known even when it is not known where to connect.
struct Presentation: Sendable, Equatable {
  var output = OutputFormat.table
  var style = Style(colour: false, unicode: false)

  init() {}

  /// `isTerminal`: whether standard output is one.
  init(_ sources: SettingSources, isTerminal: Bool) throws(Failure) {
    output = try sources.choice(.output) ?? .table
    let choice: ColorChoice? = try sources.choice(.color)
    style = Style(
      colour: Self.wantsColour(choice, sources, isTerminal: isTerminal),
      unicode: Self.speaksUTF8(sources.environment))
  }

  /// A flag or USHER_COLOR decides; then NO_COLOR (any value but empty); then the profile; `auto`
  /// colours a terminal that is not dumb.
  private static func wantsColour(
    _ choice: ColorChoice?, _ sources: SettingSources, isTerminal: Bool
  ) -> Bool {
    let environment = sources.environment
    let isExplicit =
      sources.flags[.color] != nil
      || environment[SettingKey.color.variable].map { !$0.isEmpty } ?? false
    if !isExplicit, let value = environment["NO_COLOR"], !value.isEmpty { return false }
    switch choice ?? .auto {
    case .always: return true
    case .never: return false
    case .auto:
      let isRefused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
      return isTerminal && !isRefused && environment["TERM"] != "dumb"
    }
  }

  /// Whether the locale is UTF-8, judged as the C library does: LC_ALL, LC_CTYPE, LANG.
  static func speaksUTF8(_ environment: [String: String]) -> Bool {
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy
      .compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
    let name = locale.lowercased()
    return name.hasSuffix("utf-8") || name.hasSuffix("utf8")
      || name.contains("utf-8@") || name.contains("utf8@")
  }
}

/// Where to connect and with what.
struct ConnectionSettings: Sendable {
  let address: ServerAddress
  let trustedCertificateFile: String?
  /// The server's name where it is not the address's.
  let authority: String?
  /// The certificate to show and its key; nil shows none.
  let certificate: (file: String, keyFile: String)?
  let token: Token?
  /// Nil when nobody set one.
  let timeout: Duration?
  /// Global flags of this command line, quoted for a shell, to repeat in a suggested command.
  let repeatedFlags: String

  /// `isOpen`: for methods that need no token, which is not even read then.
  init(_ sources: SettingSources, isOpen: Bool = false) throws(Failure) {
    guard let server = sources.value(.server) else {
      throw Failure(
        .usage, "no server is set",
        hint: "Give --server HOST:PORT, set USHER_SERVER, or keep it in the profile:",
        next: "usher config set server HOST:PORT")
    }
    address = try ServerAddress(
      server.text, from: server.origin, insecure: try sources.boolean(.insecure))
    trustedCertificateFile = sources.value(.ca)?.text
    authority = try sources.authority()
    certificate = try Self.certificate(sources)
    token = isOpen ? nil : try Self.token(sources)
    timeout = try sources.duration(.timeout)
    repeatedFlags = Self.flags(sources)
  }

  private static func certificate(
    _ sources: SettingSources
  ) throws(Failure) -> (file: String, keyFile: String)? {
    switch (sources.value(.clientCert), sources.value(.clientKey)) {
    case (nil, nil): return nil
    case (let certificate?, let key?): return (certificate.text, key.text)
    case (let one?, nil):
      throw Failure(
        .usage, "\(one.origin): a certificate needs its private key",
        hint: "Name the key's file too: --client-key FILE.")
    case (nil, let one?):
      throw Failure(
        .usage, "\(one.origin): a private key needs its certificate",
        hint:
          "Name the certificate's file too: --client-cert FILE. A partner's key goes into --token-file."
      )
    }
  }

  /// A file named by a flag beats the key in the environment; that beats a file named by the
  /// environment or the profile.
  private static func token(_ sources: SettingSources) throws(Failure) -> Token? {
    if let path = sources.flags[.tokenFile] { return try Token(file: path) }
    if let key = sources.environment["USHER_TOKEN"], !key.isEmpty {
      return try Token(key, from: "USHER_TOKEN")
    }
    return try sources.value(.tokenFile).map { (path) throws(Failure) in
      try Token(file: path.text)
    }
  }

  private static func flags(_ sources: SettingSources) -> String {
    var words: [String] = []
    for key in [SettingKey.server, .ca, .clientCert, .clientKey, .authority, .tokenFile] {
      guard let value = sources.flags[key] else { continue }
      words += ["--\(key.rawValue)", Shell.quote(value)]
    }
    if sources.flags[.insecure] == "true" { words.append("--insecure") }
    return words.map { " " + $0 }.joined()
  }
}

extension SettingSources {
  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ key: SettingKey
  ) throws(Failure) -> Choice? {
    guard let (text, origin) = value(key) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure(.usage, "\(origin): '\(text)' is none of \(all)")
    }
    return choice
  }

  func boolean(_ key: SettingKey) throws(Failure) -> Bool {
    guard let (text, origin) = value(key) else { return false }
    switch text.lowercased() {
    case "true", "1", "yes", "on": return true
    case "false", "0", "no", "off": return false
    default: throw Failure(.usage, "\(origin): '\(text)' is neither true nor false")
    }
  }

  /// A host name, with or without a port.
  func authority() throws(Failure) -> String? {
    guard let (text, origin) = value(.authority) else { return nil }
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"/@,".utf8.contains($0) }
    guard isPlain, !text.isEmpty, text.utf8.count <= 260 else {
      throw Failure(
        .usage, "\(origin): '\(text)' is no server's name", hint: "Write NAME or NAME:PORT.")
    }
    return text
  }

  func duration(_ key: SettingKey) throws(Failure) -> Duration? {
    guard let (text, origin) = value(key) else { return nil }
    guard let duration = TimeLimit.parse(text) else {
      throw Failure(
        .usage, "\(origin): '\(text)' is no time limit",
        hint: "Write for example 500ms, 30s or 2m; at most a day.")
    }
    return duration
  }
}

enum Shell {
  /// A word that a POSIX shell reads as this text.
  static func quote(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.isASCII
          && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
            || "-_./:@%+=,".unicodeScalars.contains($0))
      }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
