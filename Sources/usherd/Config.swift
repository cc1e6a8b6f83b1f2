// `usherd config`: shows or checks the settings as a server would see them.

import ArgumentParser

struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show or check the settings.", subcommands: [Print.self, Check.self])

  struct Print: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the effective settings, secrets hidden.")
    @OptionGroup var flags: SettingFlags

    func run() throws {
      let settings = try Failure.asConfiguration { try Settings(flags: flags) }
      for (name, value) in settings.printable { Runner.announce("\(name) = \(value)") }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check the settings and say nothing when they are good.")
    @OptionGroup var flags: SettingFlags

    func run() throws { _ = try Failure.asConfiguration { try Settings(flags: flags) } }
  }
}
