// A token bucket: how often a peer may do something that costs us more than it costs the peer.

/// Allows a burst and a steady rate. Knows no clock; the caller hands in seconds.
struct AbuseBudget {
  private let burst: Double
  private let perSecond: Double
  private var tokens: Double
  private var lastSeconds: Double

  init(burst: Double, perSecond: Double, nowSeconds: Double) {
    self.burst = burst
    self.perSecond = perSecond
    tokens = burst
    lastSeconds = nowSeconds
  }

  /// Takes one token; false when none is left.
  mutating func spend(nowSeconds: Double) -> Bool {
    tokens = min(burst, tokens + max(0, nowSeconds - lastSeconds) * perSecond)
    lastSeconds = nowSeconds
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
