// `usher bench`: loads a server with our own client and tells what it bore.

import ArgumentParser
import Foundation
import RPC
import Reactor
import UsherProtos

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Loads a server, holds and sells its seats, and measures.",
    discussion: """
      Needs a key, and sells real seats: meant for servers of one's own. Ends after so many turns or \
      seconds, whichever comes first, or with Ctrl-C; turns under way go on to their end. The report \
      comes in any case, and the command fails when nothing succeeded. Calls are not repeated; \
      latencies are those that the client sees. At the end every hold is given back that can be; the \
      report says what stays. What it sells has the payment reference '\(Limits.benchPayment)'.

        usher bench rush 512 --turns 5000 --in-flight 64
        usher bench mixed --seconds 30
        usher bench watch 512 --watchers 1000 --json
        usher bench wait 512 --in-flight 50
      """,
    subcommands: [BenchRush.self, BenchMixed.self, BenchWatch.self, BenchWait.self])
}

/// How much of a load, and from where.
struct BenchOptions: ParsableArguments {
  @Option(help: "End after this many turns.") var turns = 1_000
  @Option(help: "End after this many seconds.") var seconds = 10.0
  @Option(
    name: .customLong("in-flight"),
    help: "Turns under way at a time; \(Self.usualInFlight) if not told.")
  var givenInFlight: Int?
  @Option(
    help: "Connections at least; there is one for every \(Limits.benchStreams) calls under way.")
  var connections = 1
  @Option(help: "Seats of each hold.") var seats = 2
  @OptionGroup var danger: DangerOptions
  @OptionGroup var global: GlobalOptions

  private static let usualInFlight = 16

  var inFlight: Int { givenInFlight ?? Self.usualInFlight }

  func validate() throws {
    try Self.check("--turns", turns, 1...Limits.benchTurns)
    try Self.check("--in-flight", inFlight, 1...Limits.benchInFlight)
    try Self.check("--connections", connections, 1...Limits.benchConnections)
    try Self.check("--seats", seats, 1...Limits.seatsPerHold)
    guard seconds > 0, seconds <= Limits.benchSeconds else {
      throw ValidationError("--seconds takes more than 0 and up to \(Int(Limits.benchSeconds)).")
    }
    guard global.timeout == nil else {
      throw ValidationError("--timeout is for other commands: --turns and --seconds end a load.")
    }
  }

  static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError("\(name) takes \(range.lowerBound) to \(range.upperBound).")
    }
  }

  /// Runs a load, clears up, prints what came of it, and fails when nothing did. So many calls are
  /// under way at a time, streams among them; as many as turns if not told.
  func measure(
    _ name: String, calls: Int? = nil, _ load: (BenchRun) async throws(Failure) -> Void
  ) async throws {
    try await global.perform(waits: true) { (session) throws(Failure) in
      try confirmDanger(session)
      let run = BenchRun(
        try sessions(session, calls: calls ?? inFlight),
        BenchPlan(turnCount: turns, seconds: seconds, inFlight: inFlight, seats: seats))
      let (result, interruption) = await Signals.stopping({ run.stop() }) {
        let result = await Self.result(run, load)
        await run.settle()
        return result
      }
      for other in run.sessions.dropFirst() { await other.close() }
      try result.get()
      let report = run.report(name)
      try session.output.print(report)
      if let interruption {
        throw Failure(interruption, "interrupted; the report is of the time until then")
      }
      if let failure = report.failure { throw failure }
    }
  }

  private static func result(
    _ run: BenchRun, _ load: (BenchRun) async throws(Failure) -> Void
  ) async -> Result<Void, Failure> {
    do throws(Failure) {
      return .success(try await load(run))
    } catch {
      return .failure(error)
    }
  }

  /// Connections that share a loop for each core.
  private func sessions(_ first: Session, calls: Int) throws(Failure) -> [Session] {
    let needed = (calls + Limits.benchStreams - 1) / Limits.benchStreams
    var sessions = [first]
    var loops = [first.loop]
    for number in 1..<max(connections, min(needed, Limits.benchConnections)) {
      if loops.count < ProcessInfo.processInfo.activeProcessorCount {
        loops.append(try Session.newLoop())
      }
      sessions.append(
        try Session(
          first.settings, first.presentation, timeout: nil, on: loops[number % loops.count]))
    }
    return sessions
  }

  private func confirmDanger(_ session: Session) throws(Failure) {
    guard session.settings.token != nil else {
      throw Failure(
        .auth, "selling needs a partner's key", hint: "Give it by --token-file or USHER_TOKEN.")
    }
    let target = session.settings.address.target
    guard danger.mayAsk else {
      return session.output.notice("this holds and sells real seats of \(target)")
    }
    _ = try danger.confirm("This holds and sells real seats of \(target). Go on?", session)
  }
}

struct BenchRush: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rush", abstract: "Everybody wants the best seats of one show.",
    discussion: "A turn holds the best seats there are and confirms them.")

  @Argument(help: "The show's id.") var show: Int64
  @OptionGroup var options: BenchOptions

  func validate() throws { try Hold.check(show: show) }

  func run() async throws {
    try await options.measure("rush") { (run) throws(Failure) in
      await run.turns { session in
        guard let booking = await run.hold(show, session) else { return }
        await run.confirm(booking, session)
      }
    }
  }
}

struct BenchMixed: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mixed", abstract: "Many look at shows and maps, some buy.",
    discussion: """
      Of a hundred turns, 70 read a seat map, 20 a show; 10 hold seats, of which half are \
      confirmed and half released.
      """)

  @Argument(help: "Ids of shows; the next hundred on sale when left away.") var show: [Int64] = []
  @OptionGroup var options: BenchOptions

  func validate() throws { for show in show { try Hold.check(show: show) } }

  func run() async throws {
    try await options.measure("mixed") { (run) throws(Failure) in
      let shows = show.isEmpty ? try await Self.onSale(run.sessions[0]) : show
      await run.turns { session in
        guard let show = shows.randomElement() else { return }
        await Self.turn(run, show, session)
      }
    }
  }

  private static func turn(_ run: BenchRun, _ show: Int64, _ session: Session) async {
    switch Int.random(in: 0..<100) {
    case 0..<70: await run.readMap(show, session)
    case 70..<90: await run.readShow(show, session)
    default:
      guard let booking = await run.hold(show, session) else { return }
      if Bool.random() {
        await run.confirm(booking, session)
      } else {
        await run.release(booking, session)
      }
    }
  }

  private static func onSale(_ session: Session) async throws(Failure) -> [Int64] {
    let response = try await session.read(
      Usher.V1.ListShowsRequest(pageSize: Limits.benchShows),
      { (request, _) async throws(RPCError) in
        try await session.catalog.listShows(request, options: BenchRun.options(session))
      })
    let shows = response.shows.filter { $0.salesState == .onSale }.map(\.showId)
    guard !shows.isEmpty else { throw Failure(.notFound, "no show is on sale") }
    return shows
  }
}

struct BenchWatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Many watch one show while seats are held and released.",
    discussion: """
      A turn holds the best seats and releases them, one turn at a time. 'change seen' is the time \
      from sending a change until a watcher has it, once for each watcher and change; a watcher \
      that misses a version, or has not seen a change \(Limits.benchPatience.components.seconds) s \
      after the last, counts as an error.
      """)

  @Argument(help: "The show's id.") var show: Int64
  @Option(help: "Streams that watch.") var watchers = 100
  @OptionGroup var options: BenchOptions

  func validate() throws {
    try Hold.check(show: show)
    guard options.givenInFlight == nil else {
      throw ValidationError("--in-flight is for other loads: here there is one turn at a time.")
    }
    try BenchOptions.check(
      "--watchers", watchers, 1...Limits.benchConnections * Limits.benchStreams - 1)
  }

  func run() async throws {
    try await options.measure("watch", calls: watchers + 1) { (run) throws(Failure) in
      let audience = BenchAudience(run, show: show)
      await audience.watch(watchers) {
        await run.turns(inFlight: 1) { session in
          let held = await audience.change { await run.hold(show, session) }
          guard let held else { return }
          _ = await audience.change { await run.release(held, session) }
        }
      }
    }
  }
}

struct BenchWait: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Parties wait in line for a show that is full.",
    discussion: """
      First every free seat is held, which needs a show that nobody else is buying; the load ends \
      before these holds do. A turn is a party that joins the line, waits, and releases what it is \
      offered, which serves the next. 'offer' is the time from sending the release until the next \
      party has its offer.
      """)

  @Argument(help: "The show's id.") var show: Int64
  @OptionGroup var options: BenchOptions

  func validate() throws {
    try Hold.check(show: show)
    try BenchOptions.check("--in-flight", options.inFlight, 1...Limits.benchParties)
  }

  func run() async throws {
    try await options.measure("wait") { (run) throws(Failure) in
      try await BenchLine(run, show: show).wait()
    }
  }
}
