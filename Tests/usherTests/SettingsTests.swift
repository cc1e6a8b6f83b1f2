// Where settings come from and which one counts.

import Foundation
import RPCTransport
import Testing

@testable import usher

@Suite struct SettingsTests {
  @Test func flagsBeforeEnvironmentBeforeProfile() throws {
    var sources = SettingSources()
    #expect(sources.value(.server) == nil)
    sources.profile = [.server: "profile:1", .timeout: "1s"]
    #expect(sources.value(.server)?.text == "profile:1")
    sources.environment = ["USHER_SERVER": "environment:2", "USHER_TIMEOUT": ""]
    #expect(sources.value(.server)?.text == "environment:2")
    #expect(sources.value(.timeout)?.text == "1s")
    sources.flags = [.server: "flag:3"]
    #expect(try ConnectionSettings(sources).address.target.description == "flag:3")
  }

  @Test func variablesOfSettings() {
    #expect(SettingKey.tokenFile.variable == "USHER_TOKEN_FILE")
    #expect(SettingKey.ca.variable == "USHER_CA")
  }

  @Test(
    arguments: [
      (nil, nil, "xterm", true, true), (nil, nil, "xterm", false, false),
      (nil, nil, "dumb", true, false), (nil, "1", "xterm", true, false),
      (nil, "", "xterm", true, true), ("always", "1", "dumb", false, true),
      ("auto", "1", "xterm", true, false), ("never", nil, "xterm", true, false),
    ] as [(String?, String?, String, Bool, Bool)])
  func colour(
    _ flag: String?, _ noColor: String?, _ term: String, _ isTerminal: Bool, _ expected: Bool
  ) throws {
    var sources = SettingSources()
    sources.flags[.color] = flag
    sources.environment = ["TERM": term]
    sources.environment["NO_COLOR"] = noColor
    #expect(try Presentation(sources, isTerminal: isTerminal).style.colour == expected)
  }

  @Test func noColorBeatsAProfileThatAlwaysColours() throws {
    var sources = SettingSources(environment: ["NO_COLOR": "1"], profile: [.color: "always"])
    #expect(try !Presentation(sources, isTerminal: true).style.colour)
    sources.environment["USHER_COLOR"] = "always"
    #expect(try Presentation(sources, isTerminal: true).style.colour)
  }

  @Test(arguments: [
    (["LANG": "en_GB.UTF-8"], true), (["LANG": "C.utf8"], true),
    (["LANG": "de_DE.UTF-8@euro"], true),
    (["LANG": "C"], false), ([:], false), (["LC_ALL": "C", "LANG": "en_GB.UTF-8"], false),
    (["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true),
  ])
  func locales(_ environment: [String: String], _ expected: Bool) {
    #expect(Presentation.speaksUTF8(environment) == expected)
  }

  @Test(arguments: [
    ("30s", Duration.seconds(30)), ("500ms", .milliseconds(500)), ("2m", .seconds(120)),
    ("1h", .seconds(3_600)), ("1.5", .milliseconds(1_500)), ("24h", .seconds(86_400)),
  ])
  func timeLimits(_ text: String, _ expected: Duration) {
    #expect(TimeLimit.parse(text) == expected)
  }

  @Test(arguments: ["", "s", "0", "-1s", "25h", "1d", "1e3", "inf", "nan", "0x10", ".", "1 s"])
  func noTimeLimits(_ text: String) { #expect(TimeLimit.parse(text) == nil) }

  @Test(
    arguments: [
      ("h:1", false, "h", 1, false), ("h:1", true, "h", 1, true),
      ("https://h:1/", false, "h", 1, false), ("https://h", false, "h", 443, false),
      ("http://h", true, "h", 80, true), ("[::1]:7", false, "::1", 7, false),
      ("HTTPS://h:1", false, "h", 1, false),
    ] as [(String, Bool, String, UInt16, Bool)])
  func addresses(
    _ text: String, _ insecure: Bool, _ host: String, _ port: UInt16, _ isCleartext: Bool
  ) throws {
    let address = try ServerAddress(text, from: "--server", insecure: insecure)
    #expect(address.target == .tcp(HostPort(host: host, port: port)))
    #expect(address.isCleartext == isCleartext)
  }

  @Test(arguments: [
    ("http://h:1", false), ("https://h:1", true), ("h", false), (":1", false), ("h:0", false),
    ("h:65536", false), ("ftp://h:1", false), ("https://h:1/path", false), ("", false),
    ("a b:1", false),
  ])
  func noAddresses(_ text: String, _ insecure: Bool) {
    #expect(throws: Failure.self) {
      try ServerAddress(text, from: "--server", insecure: insecure)
    }
  }

  @Test func aValueThatMakesNoSenseIsRefusedWithItsOrigin() {
    let sources = SettingSources(
      environment: ["USHER_TIMEOUT": "soon"], profile: [.server: "h:1", .insecure: "maybe"])
    let timeout = #expect(throws: Failure.self) { try sources.duration(.timeout) }
    #expect(timeout?.message == "USHER_TIMEOUT: 'soon' is no time limit")
    let insecure = #expect(throws: Failure.self) { try ConnectionSettings(sources) }
    #expect(
      insecure?.message
        == "setting 'insecure' of profile 'default': 'maybe' is neither true nor false")
    #expect(insecure?.exit == .usage)
  }

  @Test func keysAreOneWordAndNeverPrinted() throws {
    let token = try Token("  usher_pk_1\n", from: "USHER_TOKEN")
    #expect(token.secret == "usher_pk_1")
    #expect(!"\(token)".contains("usher_pk_1"))
    for text in ["", " \n", "two words", "ünicode"] {
      #expect(throws: Failure.self) { try Token(text, from: "USHER_TOKEN") }
    }
  }

  @Test func namesFindIds() throws {
    let all = [(Int64(1), "Berlin"), (2, "Bern"), (3, "São Paulo"), (4, "Bergen op Zoom")]
    func pick(_ text: String) throws(Failure) -> Int64 {
      try Lookup.pick(text, kind: "city", list: "usher cities", among: all)
    }
    #expect(try pick("bern") == 2)
    #expect(try pick("sao") == 3)
    #expect(try pick("zoom") == 4)
    #expect((#expect(throws: Failure.self) { try pick("ber") })?.exit == .usage)
    #expect((#expect(throws: Failure.self) { try pick("Paris") })?.exit == .notFound)
    // There may be others behind the end of a list that is cut.
    func pickOfMany(_ text: String) throws(Failure) -> Int64 {
      try Lookup.pick(text, kind: "city", list: "usher cities", among: all, isCut: true)
    }
    #expect(try pickOfMany("berlin") == 1)
    for text in ["zoom", "Paris"] {
      #expect((#expect(throws: Failure.self) { try pickOfMany(text) })?.exit == .usage)
    }
  }

  @Test(
    arguments: [
      ("1917", .id(1917)), ("id:1917", .id(1917)), ("name:1917", .name("1917")),
      ("Up", .name("Up")), ("id:x", .name("id:x")), ("name:", .name("")),
    ] as [(String, Lookup.Wish)])
  func numbersAreIdsUnlessTheyAreCalledNames(_ text: String, _ wish: Lookup.Wish) {
    #expect(Lookup.Wish(text) == wish)
  }

  @Test func whatNeedsNoTokenReadsNone() throws {
    let sources = SettingSources(flags: [.server: "a:1", .tokenFile: "/nowhere/token"])
    #expect(throws: Failure.self) { try ConnectionSettings(sources) }
    #expect(try ConnectionSettings(sources, isOpen: true).token == nil)
  }

  @Test func theServersVariablesAreNotTheClients() throws {
    let sources = SettingSources(
      flags: [.server: "a:1"], environment: ["USHER_KEY": "server.key", "USHER_CERT": "s.pem"])
    #expect(try ConnectionSettings(sources).certificate == nil)
    #expect(SettingKey.clientKey.variable == "USHER_CLIENT_KEY")
  }

  @Test(arguments: [
    ("unix:/run/usherd.sock", "/run/usherd.sock"), ("unix:///run/usherd.sock", "/run/usherd.sock"),
    ("unix:here.sock", "here.sock"),
  ])
  func aUnixSocketIsCleartextThatNobodyReads(_ text: String, _ path: String) throws {
    for insecure in [false, true] {
      let address = try ServerAddress(text, from: "--server", insecure: insecure)
      #expect(address.target == .unix(path: path))
      #expect(address.isCleartext && !address.isExposed)
    }
  }

  @Test(arguments: ["unix:", "unix://host/path", "unix:/" + String(repeating: "x", count: 107)])
  func aPathThatCannotBeASocketsIsRefused(_ text: String) {
    let failure = #expect(throws: Failure.self) {
      try ServerAddress(text, from: "--server", insecure: false)
    }
    #expect(failure?.message == "--server: '\(text)' is no socket's path")
  }

  @Test func aCertificateAndItsKeyComeTogether() throws {
    var sources = SettingSources(flags: [.server: "a:1", .clientCert: "c.pem"])
    #expect(throws: Failure.self) { try ConnectionSettings(sources) }
    sources.flags[.clientKey] = "k.pem"
    let settings = try ConnectionSettings(sources)
    #expect(settings.certificate?.file == "c.pem" && settings.certificate?.keyFile == "k.pem")
    #expect(settings.repeatedFlags == " --server a:1 --client-cert c.pem --client-key k.pem")
    sources.flags[.clientCert] = nil
    #expect(throws: Failure.self) { try ConnectionSettings(sources) }
  }

  @Test(arguments: [
    ("usher.example", true), ("usher.example:443", true), ("[::1]:7443", true), ("", false),
    ("a b", false), ("https://usher.example", false), ("a,b", false), ("müller", false),
    (String(repeating: "a", count: 261), false),
  ])
  func theServersName(text: String, isName: Bool) throws {
    var sources = SettingSources()
    sources.flags = [.server: "10.0.0.1:7443", .authority: text]
    guard isName else {
      #expect(throws: Failure.self) { try ConnectionSettings(sources) }
      return
    }
    let settings = try ConnectionSettings(sources)
    #expect(settings.authority == text)
    #expect(settings.repeatedFlags.contains("--authority"))
  }
}
