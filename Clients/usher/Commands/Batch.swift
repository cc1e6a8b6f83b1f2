// `usher batch`: many holds or cancellations from a file.

import ArgumentParser
import ProtoWire
import UsherProtos

struct Batch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Holds seats or cancels bookings as a file says.",
    discussion: """
      A file is CSV with a heading, or JSON with a row a line; Clients/usher/FILES.md describes both. Every \
      row is told with its line. One that is refused stops no other, unless --atomic wants all or none.

      Each row is a request with an id of its own, which follows from the command's request id and from \
      what the row wants: the same command under the same --request-id does nothing twice, also when lines \
      were mended or moved.

        usher batch hold groups.csv
        usher batch hold - --format json --atomic < groups.jsonl
        usher batch cancel rained-off.csv --yes
      """,
    subcommands: [HoldBatch.self, CancelBatch.self])

  struct HoldBatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "hold", abstract: "Holds the seats of each row for a few minutes.")
    @OptionGroup var batch: BatchOptions
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(waits: true) { (session) throws(Failure) in
        let id = request.id
        let rows = try batch.rows(HoldColumns.self, under: id)
        try await batch.run(
          rows, under: id, Repetition.command(CommandLine.arguments, id), "held", session,
          session.bookings.batchHoldSeats)
      }
    }
  }

  struct CancelBatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "cancel", abstract: "Cancels the booking of each row, or some seats of it.",
      discussion: """
        Asks first when it runs in a terminal. Rows from standard input leave nobody to ask: - needs --yes.
        """)
    @OptionGroup var batch: BatchOptions
    @OptionGroup var danger: DangerOptions
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      try danger.checkRows(of: batch.file)
    }

    func run() async throws {
      try await global.perform(waits: true) { (session) throws(Failure) in
        let id = request.id
        let rows = try batch.rows(CancelColumns.self, under: id)
        let session = try danger.confirm(
          "Cancel what \(rows.rows.count) rows of \(batch.file) name?", session)
        // Whoever has agreed is not asked again.
        let again = Repetition.command(
          CommandLine.arguments, id, adding: danger.yes ? [] : ["--yes"])
        try await batch.run(
          rows, under: id, again, "cancelled", session, session.bookings.batchCancelBookings)
      }
    }
  }
}

/// What all batches share.
struct BatchOptions: ParsableArguments {
  @Argument(
    help: "The file; - is standard input.", completion: .file(extensions: ["csv", "json", "jsonl"]))
  var file: String
  @Option(help: "csv or json, where the file's name does not say so.") var format: RowFormat?
  @Flag(help: "All rows or none, of which there are 50 at most.") var atomic = false

  /// The rows of the file, read to its end.
  func rows<Columns: RowColumns>(
    _ columns: Columns.Type, under id: String
  ) throws(Failure) -> BatchRows<Columns.Row> where Columns.Row: BatchItem {
    var rows = BatchRows<Columns.Row>(under: id)
    try rows.read(try RowFile<Columns>(file, format))
    return rows
  }

  func run<Request: BatchRequest, Answer: BatchAnswer>(
    _ rows: BatchRows<Request.Item>, under id: String, _ again: String, _ act: String,
    _ session: Session, _ call: @escaping Call<Request, Answer>
  ) async throws(Failure) {
    let run = BatchRun(
      session: session, rows: rows, isAtomic: atomic, requestId: id, repetition: again, call: call)
    var text = BatchText(session.output, act)
    defer { text.clear() }
    try await run.run(&text)
  }
}
