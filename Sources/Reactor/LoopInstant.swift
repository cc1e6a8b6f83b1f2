// Monotonic time in nanoseconds, as loops and deadlines use it.

import CLinux

/// A point on the machine's monotonic clock (`CLOCK_MONOTONIC`).
package struct LoopInstant: Sendable, Comparable, Hashable {
  /// Nanoseconds since an arbitrary start.
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The present. The corresponding C function is `clock_gettime`.
  package static var now: LoopInstant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return LoopInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package static func < (left: LoopInstant, right: LoopInstant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// Saturates: a deadline centuries away is simply the latest instant.
  package static func + (instant: LoopInstant, duration: Duration) -> LoopInstant {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    let limit: Int64 = duration < .zero ? .min : .max
    return LoopInstant(nanoseconds: overflow ? limit : sum)
  }

  package static func - (left: LoopInstant, right: LoopInstant) -> Duration {
    .nanoseconds(left.nanoseconds.subtractingReportingOverflow(right.nanoseconds).partialValue)
  }
}

extension Duration {
  /// The duration in nanoseconds, saturating at the bounds of `Int64`.
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    guard !overflowed else { return seconds < 0 ? .min : .max }
    return sum
  }

  /// The duration in milliseconds, rounded towards zero.
  package var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}
