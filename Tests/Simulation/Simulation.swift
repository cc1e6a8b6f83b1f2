// One run: a town, a database, nodes, clients and watchers, and a seed that decides what happens
// next. Nothing here depends on a clock, a thread or the order of a hash table.

import Booking
import Reactor

/// Confined to its loop.
final class Simulation {
  static let startsAt: Int64 = 1_800_000_000_000_000

  var dice: Dice
  let loop: EventLoop
  let database: SimDatabase
  var nodes: [SimNode]
  let watchers: [SimWatcher]
  let clients: [SimClient]
  var network: [Message] = []
  private(set) var refusalsAtOnce = 0
  /// What happened, for who looks at one seed; empty otherwise.
  private(set) var trace: [String] = []
  private let isTraced: Bool

  var judge: Judge { database.judge }

  init(seed: UInt64, on loop: EventLoop, fault: Fault? = nil, isTraced: Bool = false) throws {
    self.isTraced = isTraced
    self.loop = loop
    var dice = Dice(seed: seed)
    let database = SimDatabase(
      try Town.tables(&dice, at: Self.startsAt), at: Self.startsAt, fault: fault)
    nodes = (0..<dice.number(1..<4)).map { _ in
      SimNode(database, workerCount: dice.number(1..<3), on: loop)
    }
    let nodeCount = nodes.count
    clients = (0..<dice.number(4..<11)).map { index in
      SimClient(partnerID: Int64(1 + index % 2), customerRef: index < 2 ? "" : "c\(index / 2)")
    }
    watchers = (0..<4).map { _ in
      SimWatcher(showID: Town.show(&dice), node: dice.number(0..<nodeCount))
    }
    self.dice = dice
    self.database = database
  }

  /// Runs to the end; throws the ``Violation`` that was found.
  func run(steps: Int = 1_200) throws {
    for _ in 0..<steps {
      database.now += Int64(dice.number(0..<200_000))
      try happen()
    }
    try end()
  }

  private func happen() throws {
    switch dice.number(0..<100) {
    case 0..<14: act()
    case 14..<18: try wait()
    case 18..<48: try deliver()
    case 48..<80:
      // A statement, or several before anything else happens.
      repeat {
        try serve(dice.pick(nodes.indices.filter { !nodes[$0].isIdle }) ?? 0)
      } while dice.chance(75)
    case 80..<88: nodes[dice.number(0..<nodes.count)].followStream(&dice)
    case 88..<94: try watch(dice.number(0..<watchers.count))
    case 94..<95: pass()
    case 95..<98: try sweep()
    default: try disturb()
    }
  }

  // MARK: Nodes

  func accept(_ request: SaleRequest, _ wish: Wish?, _ node: Int) throws {
    let tables = database.tables
    let keys = request.parts.compactMap(\.identity).filter {
      isKnown($0, nodes[node]) || tables.waits[$0.key]?.entry.request.identity == $0
    }
    let bookings = request.parts.compactMap(\.bookingID).filter { tables.bookings[$0] != nil }
    let arrival = Arrival(
      time: database.now, logged: Set(keys.map(\.key)), bookings: Set(bookings),
      told: nodes[node].told)
    let call = NodeCall(request: request, arrival: arrival, wish: wish)
    guard let answer = nodes[node].accept(call) else { return }
    refusalsAtOnce += 1
    try answered(answer, node)
  }

  /// Whether a node must know what a request did. Not judged: what a node with a live stream says to
  /// a wish for seats that another node granted, until the stream tells of it. The refusal is true of
  /// the version that it names, and a log that is asked for each would cost every refusal a statement.
  private func isKnown(_ identity: RequestIdentity, _ node: SimNode) -> Bool {
    // Whether seats are withdrawn is never said without a look at the log.
    if let row = database.tables.log[identity.key], row.blockVersion != nil {
      return row.hash == identity.hash
    }
    guard let row = database.tables.log[identity.key], row.hash == identity.hash,
      let effect = row.effect, let booking = database.tables.bookings[effect.bookingID]
    else { return false }
    return effect.effect != .held
      || node.hasHeard(of: booking.showID, version: effect.version)
  }

  func serve(_ node: Int) throws {
    let commitCount = judge.commitCount
    let answers = try nodes[node].step(&dice)
    if judge.commitCount > commitCount { note("node \(node) writes: \(versions)") }
    for answer in answers { try answered(answer, node) }
  }

  private func answered(_ answer: NodeAnswer, _ node: Int) throws {
    let (call, outcome) = answer
    note("node \(node) answers \(call.wish?.text ?? "sweep"): \(Self.brief(outcome))")
    if let outcome {
      try judge.answered(call.request, outcome, call.arrival, database)
    }
    if let wish = call.wish { network.append(.answer(wish, outcome, node: node)) }
  }

  // MARK: Watchers

  /// A slow one comes seldom or takes one event at a time; any may go to another node.
  private func watch(_ index: Int) throws {
    let watcher = watchers[index]
    if dice.chance(5) {
      watcher.disconnect()
      watcher.node = dice.number(0..<nodes.count)
    }
    // The first of them is so slow that it is told everything at once in the end.
    guard index > 0 || watcher.map == nil else { return try readMap() }
    try watcher.read(nodes, all: dice.chance(60), judge, database.fault)
  }

  /// A map that is read once is that of its version.
  private func readMap() throws {
    let (node, showID) = (nodes[dice.number(0..<nodes.count)], Town.show(&dice))
    guard let map = node.feed.map(showID) else { return }
    try demand(
      judge.states(showID, at: map.version) == map.seats.map(\.state),
      "a map is that of its version", "show \(showID) version \(map.version)")
  }

  // MARK: The trace

  func note(_ text: @autoclosure () -> String) {
    if isTraced { trace.append("\(database.now - Self.startsAt): \(text())") }
  }

  private var versions: String {
    Town.showIDs.compactMap { id in database.tables.shows[id].map { "\(id) at \($0.version)" } }
      .joined(separator: ", ")
  }

  private static func brief(_ outcome: SaleOutcome?) -> String {
    switch outcome {
    case .done(let record): "done, \(record.state) \(record.id) at \(record.version)"
    case .together(let outcomes): "together [\(outcomes.map(brief).joined(separator: "; "))]"
    case .refused(.wrongState(let record)): "wrongState, \(record.state) at \(record.version)"
    case .refused(.extendedBefore(let record)): "extendedBefore at \(record.version)"
    case .refused(let refusal): "\(refusal)"
    default: "\(String(describing: outcome))"
    }
  }
}
