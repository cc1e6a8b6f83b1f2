// The time at which a batch is decided, and for how long its decisions hold. The node does not
// judge time: it decides by an estimate of the database's clock and says between which moments the
// decisions are the same; the statement that writes them compares with the clock itself.

/// An estimate of the database's time, and the range of times in which all that was judged by it
/// is true. Microseconds since 1970.
package struct Moment: Sendable, Hashable {
  /// The estimate.
  package let now: Int64
  /// The decisions are wrong before.
  package private(set) var validFrom = Int64.min
  /// The decisions are wrong from here on.
  package private(set) var validUntil = Int64.max

  /// A moment at which nothing was judged yet.
  package init(_ now: Int64) {
    self.now = now
  }

  /// Whether an end has come.
  package mutating func isOver(_ end: Int64) -> Bool {
    if end <= now {
      validFrom = max(validFrom, end)
      return true
    }
    validUntil = min(validUntil, end)
    return false
  }
}
