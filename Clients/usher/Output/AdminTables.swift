// What an operator sees of a node, as tables.

import UsherProtos

enum AdminTables {
  private typealias API = Usher.Admin.V1

  static func node(
    _ node: Usher.Admin.V1.GetNodeResponse, _ style: Style, width: Int?
  ) -> [String] {
    let memory = node.residentBytes / 1_048_576
    let head =
      "up \(node.uptimeMs / 1_000) s, \(memory) MiB resident, "
      + "\(node.descriptorCount) descriptors" + (node.isSandbox ? ", sandbox" : "")
    let tables = [
      loops(node.loops, style), pools(node.pools, style), workers(node.laneWorkers, style),
    ]
    return [head] + tables.flatMap { [""] + $0.lines(width: width) }
  }

  private static func loops(_ loops: [API.Loop], _ style: Style) -> Table {
    let titles = [
      "CONNECTIONS", "STREAMS", "CALLS", "WATCHERS", "SHOWS", "TASKS", "TIMERS", "DESCRIPTORS",
    ]
    var table = Table(
      [.init(title: "LOOP")] + titles.map { .init(title: $0, toRight: true) }, style)
    for loop in loops {
      let figures = [
        loop.connectionCount, loop.streamCount, loop.callCount, loop.subscriberCount,
        loop.showCount, loop.taskCount, loop.timerCount, loop.registrationCount,
      ]
      table.add([loop.name] + figures.map { "\($0)" })
    }
    return table
  }

  private static func pools(_ pools: [API.Pool], _ style: Style) -> Table {
    var table = Table(
      [.init(title: "POOL")]
        + ["IDLE", "LENT", "OPENING", "WAITING"].map { .init(title: $0, toRight: true) }
        + [.init(title: "DATABASE")], style)
    for pool in pools {
      let figures = [pool.idleCount, pool.lentCount, pool.openingCount, pool.waitingCount]
      table.add([pool.name] + figures.map { "\($0)" } + [pool.isDown ? "away" : "there"])
    }
    return table
  }

  private static func workers(_ workers: [API.LaneWorker], _ style: Style) -> Table {
    var table = Table(
      [.init(title: "LANES ON"), .init(title: "WAITING", toRight: true), .init(title: "STATE")],
      style)
    for worker in workers {
      table.add([worker.loop, "\(worker.waitingCount)", worker.isServing ? "selling" : "idle"])
    }
    return table
  }

  static let connections: [Column<Usher.Admin.V1.Connection>] = [
    .number("NO", "connection_id") { $0.connectionId },
    .word("LOOP", "loop") { $0.loop },
    .seen("PEER") { $0.peer + ($0.isDraining ? " (leaving)" : "") },
    .data("peer") { $0.peer },
    .data("leaving") { "\($0.isDraining)" },
    .number("STREAMS", "streams") { $0.streamCount },
    .number("CALLS", "calls") { $0.callCount },
    .number("UNSENT", "unsent_bytes") { $0.unsentBytes },
    .seen("AGE S", toRight: true) { "\($0.ageMs / 1_000)" },
    .data("age_ms") { "\($0.ageMs)" },
    .text("TLS", "tls") { $0.tls },
    .text("CERTIFICATE", "certificate") { $0.certificateSubject },
  ]

  static let methods: [Column<Usher.Admin.V1.Method>] = [
    .word("METHOD", "method") { $0.name },
    .number("STARTED", "started") { $0.startedCount },
    .number("RUNNING", "running") { $0.startedCount &- ended($0) },
    .seen("MEAN MS", toRight: true) {
      ended($0) <= 0 ? "-" : milliseconds($0.durationUs / ended($0))
    },
    .data("mean_ms") { ended($0) <= 0 ? "" : milliseconds($0.durationUs / ended($0)) },
    .words("OUTCOMES", "outcomes") { $0.outcomes.map { "\($0.code) \($0.count)" } },
  ]

  private static func ended(_ method: API.Method) -> Int64 {
    method.outcomes.reduce(0) { $0 &+ $1.count }
  }

  /// Milliseconds with three decimals.
  private static func milliseconds(_ microseconds: Int64) -> String {
    let fraction = String(microseconds.magnitude % 1_000)
    let zeros = String(repeating: "0", count: 3 - fraction.count)
    return "\(microseconds < 0 ? "-" : "")\(microseconds.magnitude / 1_000).\(zeros)\(fraction)"
  }
}
