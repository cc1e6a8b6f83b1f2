// `usher watch`: a show's map as it changes.

import ArgumentParser
import UsherProtos

struct Watch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows a show's seats as they change.",
    discussion: """
      In a terminal a map that stays up to date; arrow keys move it where it does not fit, q or \
      Ctrl-C ends. Elsewhere a line per event, or with -o jsonl a JSON object: a snapshot first, \
      then every change, and bookmarks while nothing happens. A lost connection is made again and \
      the missed changes are fetched.
      """)

  @Argument(help: "The show's id.") var show: Int64
  @Flag(help: "Print the map as it is now, and end.") var once = false
  @Option(help: ArgumentHelp("End after this many changes.", valueName: "count"))
  var changes: Int?
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    try Hold.check(show: show)
    if let changes, changes < 1 { throw ValidationError("--changes takes at least 1.") }
    guard !once || changes == nil else {
      throw ValidationError("--once and --changes contradict each other.")
    }
  }

  func run() async throws {
    try await global.perform(waits: !once) { (session) throws(Failure) in
      var end = Watcher.End.never
      if once { end = .firstEvent }
      if let changes { end = .changes(changes) }
      let sink = try await sink(session)
      defer { sink.close() }
      var watcher = Watcher(session: session, showId: show, sink: sink, end: end)
      try await watcher.run()
    }
  }

  private func sink(_ session: Session) async throws(Failure) -> any WatchSink {
    let output = session.output
    guard output.presentation.output == .table else { return JSONSink(output: output) }
    guard once || Console.isCanvas else {
      return LineSink(output: output)
    }
    let show = try await session.show(show)
    if once { return StillSink(output: output, show: show) }
    return LiveScreen(show: show, style: output.style)
  }
}
