// `usher config` through the binary: files, modes, profiles.

import Foundation
import Testing

@Suite struct ConfigCommandTests {
  @Test func setGetUse() async throws {
    let cli = try CommandLine()
    let path = cli.home + "/.config/usher/config.json"
    #expect(try await cli.run(["config", "path"]).out == path + "\n")
    #expect(try await cli.run(["config", "set", "server", "h:1"]).code == 0)
    #expect(
      try await cli.run(["config", "set", "--profile", "stage", "server", "s:2"]).code == 0)
    #expect(try await cli.run(["config", "get", "server"]).out == "h:1\n")
    #expect(
      try await cli.run(["config", "get", "server"], ["USHER_PROFILE": "stage"]).out == "s:2\n")
    #expect(try await cli.run(["config", "use", "stage"]).code == 0)
    #expect(try await cli.run(["config", "get"]).out == "profile stage\nserver = s:2\n")
    #expect(try await cli.run(["config", "get", "-o", "jsonl"]).out == #"{"server":"s:2"}"# + "\n")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
    #expect(mode as? Int == 0o600)
    let folder = (path as NSString).deletingLastPathComponent
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["config.json"])
  }

  @Test func filesAreKeptAsAbsolutePaths() async throws {
    let cli = try CommandLine()
    _ = try await cli.run(["config", "set", "ca", "~/ca.pem"])
    let path = try await cli.run(["config", "get", "ca"]).out
    #expect(path.hasPrefix("/") && path.hasSuffix("/ca.pem\n"))
  }

  @Test func xdgDecidesThePlaceUnlessRelative() async throws {
    let cli = try CommandLine()
    let absolute = try await cli.run(["config", "path"], ["XDG_CONFIG_HOME": "/x"])
    #expect(absolute.out == "/x/usher/config.json\n")
    let relative = try await cli.run(["config", "path"], ["XDG_CONFIG_HOME": "x"])
    #expect(relative.out == cli.home + "/.config/usher/config.json\n")
  }

  @Test(arguments: [
    (["config", "set", "token", "secret"], Int32(64), "Keys are not kept here"),
    (["config", "set", "colour", "x"], 64, "there is no setting 'colour'"),
    (["config", "set", "timeout", "soon"], 64, "'soon' is no time limit"),
    (["config", "set", "output", "xml"], 64, "'xml' is none of table, json, jsonl"),
    (["config", "set", "server", "nowhere"], 64, "'nowhere' is no server address"),
    (["config", "get", "server"], 5, "profile 'default' has no setting 'server'"),
    (["config", "use", "nobody"], 64, "there is no profile 'nobody'"),
    (["config", "get", "--profile", "nobody"], 64, "there is no profile 'nobody'"),
  ])
  func refusals(_ arguments: [String], _ code: Int32, _ message: String) async throws {
    let run = try await CommandLine().run(arguments)
    #expect(run.code == code)
    #expect(run.err.contains(message))
    #expect(run.out.isEmpty)
  }

  @Test(arguments: ["{", #"{"profiles":{"default":{"serverr":"h:1"}}}"#, ""])
  func brokenFilesAreNamed(_ text: String) async throws {
    let cli = try CommandLine()
    let folder = cli.home + "/.config/usher"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try text.write(toFile: folder + "/config.json", atomically: true, encoding: .utf8)
    let run = try await cli.run(["cities"])
    #expect(run.code == 64)
    #expect(run.err.contains("cannot use \(folder)/config.json"))
  }
}
