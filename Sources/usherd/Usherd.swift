// The command line of the server: which subcommands there are. Each has its own file.

import ArgumentParser

@main struct Usherd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usherd",
    abstract: "The Usher seat-selling server.",
    version: "0.1.0",
    subcommands: [
      Serve.self, Demo.self, Migrate.self, CreateKey.self, Verify.self, Config.self, Errors.self,
    ])
}
