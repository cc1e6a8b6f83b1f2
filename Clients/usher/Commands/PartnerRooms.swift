// `usher partner auditorium` and `usher partner layout`: rooms and their seats.

import ArgumentParser
import UsherProtos

struct AuditoriumCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "auditorium", abstract: "Makes, renames, lists and closes auditoriums.",
    subcommands: [Create.self, Rename.self, List.self, Close.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes an auditorium; it needs a layout to have shows.")
    @Argument(help: "The theatre's id.") var theatre: Int64
    @Argument(help: "Its name; no two auditoriums of a theatre have the same.") var name: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.CreateAuditoriumRequest(theatreId: theatre, name: name)
        let answer = try await session.act(request, session.partner.createAuditorium)
        let made = answer.auditorium ?? .init()
        try session.output.print(
          answer,
          lines: [
            session.output.style.clean("Auditorium \(made.auditoriumId), \(made.name)."),
            "  next: usher partner layout import \(made.auditoriumId) FILE"
              + session.settings.repeatedFlags,
          ])
      }
    }
  }

  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives an auditorium another name.")
    @Argument(help: "The auditorium's id.") var auditorium: Int64
    @Argument(help: "Its new name.") var name: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.RenameAuditoriumRequest(auditoriumId: auditorium, name: name)
        let answer = try await session.act(request, session.partner.renameAuditorium)
        let renamed = answer.auditorium ?? .init()
        try session.output.print(
          answer,
          lines: [
            session.output.style.clean("Auditorium \(renamed.auditoriumId), \(renamed.name).")
          ])
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the auditoriums of a theatre by name.")
    @Argument(help: "The theatre's id.") var theatre: Int64
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "auditoriums", PartnerTables.auditoriums, session,
          Usher.V1.ListAuditoriumsRequest(theatreId: theatre), session.partner.listAuditoriums)
      }
    }
  }
}

struct LayoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layout", abstract: "Imports and shows the seats of auditoriums.",
    subcommands: [Import.self, Show.self, Versions.self])

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes the next version of an auditorium's layout from a file.",
      discussion: """
        The file is a drawing in JSON, one string per row of seats, or a list of seats; \
        Clients/usher/FILES.md describes both. Shows that there are keep the seats they have; new \
        ones get the new layout. --dry-run tells what would change.
        """)
    @Argument(help: "The auditorium's id.") var auditorium: Int64
    @Argument(help: "The file; - is standard input.", completion: .file(extensions: ["json"]))
    var file: String
    @Flag(help: "Only tell what would change.") var dryRun = false
    @Option(
      help: ArgumentHelp(
        "Refuse when the newest version is another; 0 for none.", valueName: "version"))
    var expect: Int32?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.ImportLayoutRequest(
          auditoriumId: auditorium, layout: try LayoutFile.read(file), dryRun: dryRun,
          expectedVersion: expect)
        let answer = try await session.act(request, session.partner.importLayout)
        try session.output.print(
          answer, lines: PartnerTables.lines(answer, isDryRun: dryRun, session.output.style))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Draws a layout.")
    @Argument(help: "The auditorium's id.") var auditorium: Int64
    @Option(name: .customLong("layout-version"), help: "Which one; the newest without.")
    var version: Int32 = 0
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.GetLayoutRequest(auditoriumId: auditorium, layoutVersion: version)
        let answer = try await session.read(request, session.partner.getLayout)
        try session.output.print(
          answer,
          lines: PartnerTables.drawing(
            answer.layout ?? .init(), session.output.style, width: Console.width))
      }
    }
  }

  struct Versions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the versions of an auditorium's layout, newest first.")
    @Argument(help: "The auditorium's id.") var auditorium: Int64
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "versions", PartnerTables.versions, session,
          Usher.V1.ListLayoutVersionsRequest(auditoriumId: auditorium),
          session.partner.listLayoutVersions)
      }
    }
  }
}
