// Bounds of the reactor floor, each with its reason.

enum Limits {
  /// Events taken from the kernel at a time: enough to amortise the call, small enough for a stack
  /// of handlers to stay in cache.
  static let eventsPerBatch = 256
  /// Jobs run between two looks at the sockets, so that a busy task cannot starve the network.
  static let jobsPerBatch = 8_192
  /// Longest sleep in epoll; nothing depends on it, it bounds the damage of a lost wake-up.
  static let longestSleepMs: Int64 = 10_000
}
