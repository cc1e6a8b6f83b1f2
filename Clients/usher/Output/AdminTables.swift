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

  static func connections(_ connections: [Usher.Admin.V1.Connection], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "NO", toRight: true), .init(title: "LOOP"), .init(title: "PEER"),
        .init(title: "STREAMS", toRight: true), .init(title: "CALLS", toRight: true),
        .init(title: "UNSENT", toRight: true), .init(title: "AGE S", toRight: true),
        .init(title: "TLS", mayShrink: true), .init(title: "CERTIFICATE", mayShrink: true),
      ], style)
    for connection in connections {
      table.add([
        "\(connection.connectionId)", connection.loop,
        connection.peer + (connection.isDraining ? " (leaving)" : ""),
        "\(connection.streamCount)", "\(connection.callCount)", "\(connection.unsentBytes)",
        "\(connection.ageMs / 1_000)", connection.tls, connection.certificateSubject,
      ])
    }
    return table
  }

  static func methods(_ methods: [Usher.Admin.V1.Method], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "METHOD"), .init(title: "STARTED", toRight: true),
        .init(title: "RUNNING", toRight: true), .init(title: "MEAN MS", toRight: true),
        .init(title: "OUTCOMES", mayShrink: true),
      ], style)
    for method in methods {
      let ended = method.outcomes.reduce(0) { $0 &+ $1.count }
      table.add([
        method.name, "\(method.startedCount)", "\(method.startedCount &- ended)",
        ended <= 0 ? "-" : milliseconds(method.durationUs / ended),
        method.outcomes.map { "\($0.code) \($0.count)" }.joined(separator: ", "),
      ])
    }
    return table
  }

  /// Milliseconds with three decimals.
  private static func milliseconds(_ microseconds: Int64) -> String {
    let fraction = String(microseconds.magnitude % 1_000)
    let zeros = String(repeating: "0", count: 3 - fraction.count)
    return "\(microseconds < 0 ? "-" : "")\(microseconds.magnitude / 1_000).\(zeros)\(fraction)"
  }
}
