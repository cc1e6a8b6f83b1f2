// Seeds: some that are always the same, fresh ones every time, and planted faults that must be found.
// One seed again, with all that happened: `USHER_SEED=7 swift test --filter freshSeedsAreSound`; many
// fresh ones: `USHER_SEEDS=5000`; with both, so many from that on, each named before it runs.

import Glibc
import Reactor
import Testing

/// One after the other: a run keeps a core busy that other tests wait for.
@Suite(.serialized) struct SimulationTests {
  /// Seeds that are run every time.
  private static let known: ClosedRange<UInt64> = 1...60
  private let loop: EventLoop

  init() throws { loop = try EventLoop(name: "simulation") }

  /// Whoever judges must not cry without a reason, and must have something to judge.
  @Test func knownSeedsAreSound() async {
    var counts: [String: Int] = [:]
    var seeds = Self.known
    // What is rare may take more of them, now these, now others: any change of the code moves it.
    repeat {
      counts.merge(await run(seeds), uniquingKeysWith: +)
      seeds = seeds.upperBound + 1...seeds.upperBound + 60
    } while seeds.upperBound <= 1_200 && Report.names.contains { counts[$0] ?? 0 == 0 }
    for name in Report.names { #expect(counts[name] ?? 0 > 0, "nothing was \(name)") }
    loop.stop()
  }

  /// Runs seeds, and tells what happened in them how often.
  private func run(
    _ seeds: some Sequence<UInt64>, tellsEach: Bool = false
  ) async -> [String: Int] {
    var counts: [String: Int] = [:]
    for seed in seeds {
      if tellsEach { print("USHER_SEED=\(seed)") }
      let report = await Report.run(seed, on: loop)
      #expect(report.broken == nil, "USHER_SEED=\(seed)")
      counts.merge(report.counts, uniquingKeysWith: +)
    }
    print("simulation: \(counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" })")
    return counts
  }

  @Test func freshSeedsAreSound() async {
    let (seed, seeds) = (Self.setting("USHER_SEED"), Self.setting("USHER_SEEDS"))
    if let seed, seeds == nil { return await replay(seed) }
    let count = seeds ?? 200
    let first = seed ?? UInt64.random(in: 0..<1_000_000_000_000)
    print("simulation: seeds \(first)..<\(first + count)")
    let counts = await run(first..<first + count, tellsEach: seed != nil)
    #expect(counts["committed"] ?? 0 > 10 * Int(count))
    loop.stop()
  }

  private func replay(_ seed: UInt64) async {
    let report = await Report.run(seed, on: loop, isTraced: true)
    for line in report.trace { print(line) }
    #expect(report.broken == nil, "USHER_SEED=\(seed)")
    loop.stop()
  }

  @Test func aSeedReplaysExactly() async {
    let one = await Report.run(11, on: loop, isTraced: true)
    let other = await Report.run(11, on: loop, isTraced: true)
    #expect(one.trace == other.trace)
    #expect(one.trace.count > 100)
    loop.stop()
  }

  /// And must notice.
  @Test(arguments: Fault.allCases)
  func aPlantedFaultIsFound(fault: Fault) async {
    var isFound = false
    // As above: what is rare may take more of them.
    for seed in 1...(10 * Self.known.upperBound) where !isFound {
      isFound = await Report.run(seed, on: loop, fault: fault).broken != nil
    }
    #expect(isFound)
    loop.stop()
  }

  private static func setting(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }
}
