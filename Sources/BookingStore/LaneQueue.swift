// The requests that wait for one worker, and how they leave: in a batch, by giving up, or refused.
// Confined to the worker's loop.

import Booking
import DequeModule
import Reactor

/// Tells one waiting request from another.
final class LaneTicket: Sendable {}

/// A waiting request. Its continuation is resumed exactly once, by `finish`.
struct LaneEntry: Sendable {
  let ticket: LaneTicket
  let request: SaleRequest
  let deadline: LoopInstant?
  let continuation: CheckedContinuation<Result<SaleOutcome, StoreError>, Never>

  func finish(_ outcome: Result<SaleOutcome, StoreError>) {
    continuation.resume(returning: outcome)
  }
}

final class LaneQueue {
  /// True while a batch is in flight or about to be.
  var isServing = false
  private var waiting = Deque<LaneEntry>()

  /// Requests in line.
  var count: Int { waiting.count }

  /// Lets a request in; one too many is refused at once.
  func add(_ entry: LaneEntry) -> Bool {
    guard waiting.count < StoreLimits.laneQueue else {
      entry.finish(.failure(StoreError(.overloaded)))
      return false
    }
    waiting.append(entry)
    return true
  }

  /// Lets a request go whose caller left. One that is in flight already is beyond recall: its
  /// caller is answered when the batch is.
  func drop(_ ticket: LaneTicket) {
    guard let index = waiting.firstIndex(where: { $0.ticket === ticket }) else { return }
    waiting.remove(at: index).finish(.failure(StoreError(.cancelled)))
  }

  /// The next batch in arrival order, without those whose time is up.
  func takeBatch(now: LoopInstant) -> [LaneEntry] {
    var batch: [LaneEntry] = []
    while batch.count < StoreLimits.batchRequests, let entry = waiting.popFirst() {
      if let deadline = entry.deadline, deadline <= now {
        entry.finish(.failure(StoreError(.deadlineExceeded)))
      } else {
        batch.append(entry)
      }
    }
    return batch
  }

  /// How long a batch may take: until the last of its callers gives up; nil when one never does.
  static func remaining(of entries: [LaneEntry], now: LoopInstant) -> Duration? {
    var longest: Duration?
    for entry in entries {
      guard let deadline = entry.deadline else { return nil }
      longest = max(longest ?? .zero, deadline - now)
    }
    return longest
  }
}
