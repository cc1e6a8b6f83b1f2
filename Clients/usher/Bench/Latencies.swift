// How long things took: counted in steps of a sixty-fourth, so that any number of them needs the same
// memory. Knows nothing of what took so long.

import Reactor

/// Durations as a histogram: percentiles are right to within 1.6 %, the longest exactly.
struct Latencies: Sendable {
  /// Steps of each power of two; the shortest durations each have a step of their own.
  private static let steps: UInt64 = 64
  private static let stepBits = 6

  private var counts: [Int] = []
  private(set) var count = 0
  private var longest: UInt64 = 0

  mutating func add(_ duration: Duration) {
    let nanoseconds = UInt64(max(0, duration.wholeNanoseconds))
    let step = Self.step(of: nanoseconds)
    if step >= counts.count { counts += Array(repeating: 0, count: step + 1 - counts.count) }
    counts[step] += 1
    count += 1
    longest = max(longest, nanoseconds)
  }

  /// The least duration, in milliseconds, that so many of a hundred do not exceed; 0 without any.
  func percentile(_ percent: Int) -> Double {
    let rank = max(1, (count * percent + 99) / 100)
    var seen = 0
    for (step, count) in counts.enumerated() {
      seen += count
      if seen >= rank { return Double(min(Self.end(of: step), longest)) / 1_000_000 }
    }
    return 0
  }

  private static func step(of nanoseconds: UInt64) -> Int {
    guard nanoseconds >= steps else { return Int(nanoseconds) }
    let exponent = 63 - nanoseconds.leadingZeroBitCount
    let within = nanoseconds >> UInt64(exponent - stepBits) & (steps - 1)
    return (exponent - stepBits + 1) * Int(steps) + Int(within)
  }

  /// The longest duration of a step.
  private static func end(of step: Int) -> UInt64 {
    guard step >= Int(steps) else { return UInt64(step) }
    let shift = UInt64(step / Int(steps) - 1)
    let within = UInt64(step % Int(steps))
    return ((steps + within) << shift) + (1 << shift) - 1
  }
}
