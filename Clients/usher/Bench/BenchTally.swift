// What is counted while a load runs: latencies and failures by operation, and what it leaves behind.

/// Counts of one load.
struct BenchTally: Sendable {
  /// Latencies by operation, in the order in which operations were seen first.
  private(set) var latencies: [(operation: String, all: Latencies)] = []
  private(set) var failures: [(operation: String, failure: Failure, count: Int)] = []
  /// What stays in the server's books.
  var left = Left()

  /// Bookings that a load leaves behind.
  struct Left: Sendable, Equatable {
    /// Confirmed.
    var sold = 0
    /// Held until their time ends, because they could not be released.
    var held = 0
    /// Held perhaps: their answers were lost, and nobody could be asked.
    var unknown = 0
  }

  mutating func note(_ operation: String, _ latency: Duration) {
    if let index = latencies.firstIndex(where: { $0.operation == operation }) {
      latencies[index].all.add(latency)
    } else {
      var all = Latencies()
      all.add(latency)
      latencies.append((operation, all))
    }
  }

  mutating func note(_ operation: String, failed failure: Failure, count: Int = 1) {
    guard count > 0 else { return }
    let known = failures.firstIndex {
      $0.operation == operation && Self.reason($0.failure) == Self.reason(failure)
    }
    if let known {
      failures[known].count += count
    } else if failures.count < Limits.benchReasons {
      failures.append((operation, failure, count))
    }
  }

  /// The server's reason, or the status where it gave none.
  static func reason(_ failure: Failure) -> String {
    failure.reason ?? failure.code ?? failure.message
  }
}
