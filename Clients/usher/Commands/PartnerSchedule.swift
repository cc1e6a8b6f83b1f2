// `usher partner schedule`: whole programmes from files.

import ArgumentParser
import ProtoWire
import UsherProtos

struct ScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Uploads a theatre's programme from a file.",
    subcommands: [Upload.self])

  struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Puts each row of a file into a theatre's programme.",
      discussion: """
        A file is CSV with a heading, or JSON with a row a line; Clients/usher/FILES.md describes both. Each \
        row has the partner's own reference: the same reference is the same show, so a file may be sent \
        again, whole or changed. A row that is refused is told with its line and stops no other.

        --whole-from and --whole-until say that the file is the theatre's whole programme of that time; \
        shows that it does not name are listed, and with --withdraw cancelled where nobody has seats; that \
        asks first when it runs in a terminal, and a file that is - needs --yes.
        """)
    @Argument(help: "The theatre's id.") var theatre: Int64
    @Argument(
      help: "The file; - is standard input.", completion: .file(extensions: ["csv", "json"]))
    var file: String
    @Option(help: "csv or json, where the file's name does not say so.")
    var format: RowFormat?
    @Option(
      help: ArgumentHelp(
        "The file is the whole programme from this time, as 2027-03-28T00:00:00+01:00 …",
        valueName: "time"),
      transform: Moment.init)
    var wholeFrom: Moment?
    @Option(
      help: ArgumentHelp("… to before this time.", valueName: "time"), transform: Moment.init)
    var wholeUntil: Moment?
    @Flag(help: "Cancel what the file does not name, where nobody has seats.") var withdraw = false
    @Flag(help: "Tell of every row, not only of those that are refused.") var all = false
    @OptionGroup var danger: DangerOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard (wholeFrom == nil) == (wholeUntil == nil) else {
        throw ValidationError("--whole-from and --whole-until go together.")
      }
      guard !withdraw || wholeFrom != nil else {
        throw ValidationError("--withdraw needs --whole-from and --whole-until.")
      }
      if withdraw { try danger.checkRows(of: file) }
    }

    func run() async throws {
      try await global.perform(waits: true) { (session) throws(Failure) in
        let session =
          withdraw
          ? try danger.confirm("Cancel all shows that \(file) does not name?", session) : session
        let span = wholeFrom.map {
          Usher.V1.ScheduleSpan(
            from: $0.timestamp, until: wholeUntil?.timestamp, withdraw: withdraw)
        }
        var upload = ScheduleUpload(
          session, try ScheduleFile(file, format), theatre: theatre, whole: span)
        var text = ScheduleText(session.output, tellsAll: all)
        defer { text.clear() }
        try await upload.run(&text)
        try text.end()
      }
    }
  }
}
