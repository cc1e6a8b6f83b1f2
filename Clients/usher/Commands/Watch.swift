// `usher watch`: a show's map as it changes, or the counts of many shows.

import ArgumentParser
import UsherProtos

struct Watch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows a show's seats as they change, or how many are left of many shows.",
    discussion: """
      Of one show, in a terminal, a map that stays up to date; arrow keys move it where it does \
      not fit, q or Ctrl-C ends. Elsewhere a line per event, or with -o jsonl a JSON object: a \
      snapshot first, then every change, and bookmarks while nothing happens. A lost connection is \
      made again and the missed changes are fetched.

      Of several shows, or of a theatre's shows to come, the counts of free, held and sold seats: \
      all of them first, then a row for each that changed, or with -o jsonl an object per event.

        usher watch 512
        usher watch 512 513 514
        usher watch --theatre Metropol
      """)

  @Argument(help: "The show's id, or the ids of several.") var show: [Int64] = []
  @Option(
    help: ArgumentHelp(
      "Instead: all shows to come at this theatre, its id or name.", valueName: "theatre"))
  var theatre: String?
  @Flag(help: "Print what there is now, and end.") var once = false
  @Option(help: ArgumentHelp("End after this many changes.", valueName: "count"))
  var changes: Int?
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard show.isEmpty != (theatre == nil) else {
      throw ValidationError("Name shows, or a theatre with --theatre.")
    }
    for show in show { try Hold.check(show: show) }
    guard show.count <= Limits.watchedShows else {
      throw ValidationError("At most \(Limits.watchedShows) shows can be watched at once.")
    }
    guard Set(show).count == show.count else { throw ValidationError("Name each show once.") }
    if let changes, changes < 1 { throw ValidationError("--changes takes at least 1.") }
    guard !once || changes == nil else {
      throw ValidationError("--once and --changes contradict each other.")
    }
  }

  private var end: Watcher.End {
    if once { return .firstEvent }
    return changes.map(Watcher.End.changes) ?? .never
  }

  func run() async throws {
    try await global.perform(waits: !once) { (session) throws(Failure) in
      guard theatre == nil, show.count == 1 else { return try await watchCounts(session) }
      let sink = try await sink(session)
      defer { sink.close() }
      var watcher = Watcher(session: session, showId: show[0], sink: sink, end: end)
      try await watcher.run()
    }
  }

  private func watchCounts(_ session: Session) async throws(Failure) {
    let request = Usher.V1.WatchShowsRequest(
      theatreId: try await session.theatreId(theatre), showIds: show)
    var watcher = ShowsWatcher(session: session, request: request, end: end)
    try await watcher.run()
  }

  private func sink(_ session: Session) async throws(Failure) -> any WatchSink {
    let output = session.output
    guard output.presentation.output == .table else { return JSONSink(output: output) }
    guard once || Console.isCanvas else {
      return LineSink(output: output)
    }
    let terms = try await session.show(show[0])
    if once { return StillSink(output: output, terms: terms) }
    return LiveScreen(terms, style: output.style)
  }
}
