// Loops for tests: a few threads for the whole test process, handed out in turn.

package import Reactor
import Synchronization

/// The loops tests run on.
package enum TestLoops {
  private static let loops: [EventLoop] = (0..<3).map { number in
    do {
      return try EventLoop(name: "test-\(number)")
    } catch {
      preconditionFailure("no loop for tests: \(error)")
    }
  }
  private static let turn = Atomic<Int>(0)

  /// A loop, shared with other tests. Never stop it.
  package static func next() -> EventLoop {
    loops[turn.add(1, ordering: .relaxed).newValue % loops.count]
  }

  /// Runs a test body on a loop.
  package static func run(
    _ body: @escaping @Sendable (EventLoop) async throws -> Void
  ) async throws {
    let loop = next()
    try await loop.run { () async throws in try await body(loop) }
  }
}

/// A place where callbacks leave values and a test waits for them. Any thread.
package final class Mailbox<Value: Sendable>: Sendable {
  private struct State {
    var values: [Value] = []
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  package init() {}

  /// Leaves a value.
  package func put(_ value: Value) {
    let ready = state.withLock { state in
      state.values.append(value)
      let count = state.values.count
      defer { state.waiters.removeAll { $0.count <= count } }
      return state.waiters.filter { $0.count <= count }
    }
    for waiter in ready { waiter.continuation.resume() }
  }

  /// All values so far.
  package var values: [Value] { state.withLock { $0.values } }

  /// Suspends until there are at least `count` values, and returns all. Bound it with the test's
  /// time limit.
  package func wait(for count: Int) async -> [Value] {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if state.values.count >= count { return true }
        state.waiters.append((count, continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
    return values
  }
}
