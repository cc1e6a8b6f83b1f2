// Counts calls: begun, ended by code, how long they took; by method, on each loop for itself. No
// lock, no allocation for a call. Knows neither where figures are shown nor in what form.

package import Reactor

/// Calls of one method.
package struct MethodFigures: Sendable {
  /// Upper bounds of the buckets of `durations`, the last bucket but one excepted, which has none.
  /// Roughly by a factor of three, from an answer out of memory to a statement at its time limit.
  package static let bounds: [Duration] = [
    .microseconds(30), .microseconds(100), .microseconds(300), .milliseconds(1), .milliseconds(3),
    .milliseconds(10), .milliseconds(30), .milliseconds(100), .milliseconds(300), .seconds(1),
    .seconds(3), .seconds(10),
  ]

  package let method: MethodDescriptor
  package fileprivate(set) var startedCount: UInt64 = 0
  /// By the number of the status code.
  package fileprivate(set) var handledCounts = [UInt64](
    repeating: 0, count: StatusCode.allCases.count)
  /// By bucket; one more than there are bounds.
  package fileprivate(set) var durationCounts = [UInt64](repeating: 0, count: bounds.count + 1)
  package fileprivate(set) var durationNanoseconds: UInt64 = 0

  fileprivate init(_ method: MethodDescriptor) { self.method = method }

  fileprivate mutating func noteEnd(_ code: StatusCode, _ duration: Duration) {
    let nanoseconds = UInt64(max(0, duration.wholeNanoseconds))
    handledCounts[code.rawValue] &+= 1
    durationNanoseconds &+= nanoseconds
    durationCounts[Self.bucket(nanoseconds)] &+= 1
  }

  private static let boundNanoseconds = bounds.map { UInt64($0.wholeNanoseconds) }

  private static func bucket(_ nanoseconds: UInt64) -> Int {
    boundNanoseconds.firstIndex { nanoseconds <= $0 } ?? bounds.count
  }

  fileprivate mutating func add(_ other: MethodFigures) {
    startedCount &+= other.startedCount
    durationNanoseconds &+= other.durationNanoseconds
    for index in handledCounts.indices { handledCounts[index] &+= other.handledCounts[index] }
    for index in durationCounts.indices { durationCounts[index] &+= other.durationCounts[index] }
  }
}

/// An interceptor that counts. Put it first, so that it sees calls that others refuse.
package final class CallMetrics: ServerInterceptor {
  /// The figures of one loop. Confined to it.
  private final class Table {
    var rows: [MethodFigures] = []
    private var rowOfPath: [String: Int] = [:]
    private var last: (method: MethodDescriptor, row: Int)?

    /// Calls of one method tend to come together; only a method of ours ever gets a row.
    func row(_ method: MethodDescriptor) -> Int {
      if let last, last.method === method { return last.row }
      let row = rowOfPath[method.path] ?? add(method)
      last = (method, row)
      return row
    }

    private func add(_ method: MethodDescriptor) -> Int {
      rows.append(MethodFigures(method))
      rowOfPath[method.path] = rows.count - 1
      return rows.count - 1
    }
  }

  private let tables: PerLoop<Table>

  package init(loops: [EventLoop]) { tables = PerLoop(loops) { _ in Table() } }

  package func callBeginsAtOnce(_ context: ServerContext) -> Bool {
    let table = tables[context.loop]
    table.rows[table.row(context.method)].startedCount &+= 1
    return true
  }

  package func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration) {
    let table = tables[context.loop]
    table.rows[table.row(context.method)].noteEnd(code, duration)
  }

  /// The figures of all loops together, by method name.
  package func figures() async -> [MethodFigures] {
    var sums: [String: MethodFigures] = [:]
    for loop in tables.loops {
      for row in await loop.run({ [tables] in tables[loop].rows }) {
        sums[row.method.path, default: MethodFigures(row.method)].add(row)
      }
    }
    return sums.values.sorted { $0.method.path < $1.method.path }
  }
}
