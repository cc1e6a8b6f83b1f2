// What a run was like, to be told off the loop that it ran on.

import Reactor

struct Report: Sendable {
  /// What must happen in some of the known runs, or the simulation is not what it should be. Rarer
  /// things are only told.
  static let names = [
    "held", "confirmed", "released", "cancelled", "extended", "exchanged", "swapped", "served",
    "left", "blocked", "left a quota",
    "hopeless", "timedOut", "told singly", "told merged", "refused at once",
  ]

  /// The promise that was broken, if one was.
  private(set) var broken: String?
  /// How often what happened.
  private(set) var counts: [String: Int] = [:]
  /// What happened, if it was asked for.
  private(set) var trace: [String] = []

  /// Runs a seed.
  static func run(
    _ seed: UInt64, on loop: EventLoop, fault: Fault? = nil, isTraced: Bool = false
  ) async -> Report {
    await loop.run { () async -> Report in
      var report = Report()
      do {
        let simulation = try Simulation(seed: seed, on: loop, fault: fault, isTraced: isTraced)
        defer { report.add(simulation) }
        try simulation.run()
      } catch {
        report.broken = "\(error)"
      }
      return report
    }
  }

  private mutating func add(_ simulation: Simulation) {
    let judge = simulation.judge
    counts["committed"] = judge.commitCount
    counts["swapped"] = judge.swapCount
    counts["blocked"] = judge.blockCount
    counts["left a quota"] = judge.quotaCount
    counts["swapped in line"] = judge.offerSwapCount
    for (effect, count) in judge.effects { counts["\(effect)"] = count }
    for (end, count) in judge.ends { counts["\(end)"] = count }
    counts["refused at once"] = simulation.refusalsAtOnce
    counts["told singly"] = simulation.watchers.reduce(0) { $0 + $1.singleCount }
    counts["told merged"] = simulation.watchers.reduce(0) { $0 + $1.mergedCount }
    trace = simulation.trace
  }
}
