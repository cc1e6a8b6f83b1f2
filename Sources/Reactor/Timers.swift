// The timers of one loop: a binary heap ordered by deadline. Cancelled timers stay in the heap
// until they surface or outnumber the live ones. Knows no clock; the loop hands in the present.

/// A timer that its loop will fire once. Confined to its loop.
package final class LoopTimer {
  let deadline: LoopInstant
  let order: UInt64
  fileprivate(set) var work: (() -> Void)?
  /// Nil once the timer has fired or been cancelled, and when its loop is gone.
  fileprivate var timers: Timers?

  init(deadline: LoopInstant, order: UInt64, work: @escaping () -> Void, timers: Timers) {
    self.deadline = deadline
    self.order = order
    self.work = work
    self.timers = timers
  }

  /// Stops the timer; its work is released at once and never runs. A fired timer ignores it.
  package func cancel() {
    guard work != nil else { return }
    work = nil
    timers.take()?.noteCancellation()
  }

  func precedes(_ other: LoopTimer) -> Bool {
    deadline == other.deadline ? order < other.order : deadline < other.deadline
  }
}

final class Timers {
  private var heap: [LoopTimer] = []
  private var cancelledCount = 0
  private var nextOrder: UInt64 = 0

  /// Timers that will fire.
  var liveCount: Int { heap.count - cancelledCount }

  /// Deadline of the earliest entry, cancelled or not: waking early for nothing is harmless.
  var earliest: LoopInstant? { heap.first?.deadline }

  func add(deadline: LoopInstant, work: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(deadline: deadline, order: nextOrder, work: work, timers: self)
    nextOrder += 1
    heap.append(timer)
    siftUp(heap.count - 1)
    return timer
  }

  /// Removes and returns the work of the next timer due by `now`, or nil when none is.
  func popDue(_ now: LoopInstant) -> (() -> Void)? {
    while let first = heap.first, first.deadline <= now {
      removeFirst()
      if let work = first.work {
        first.work = nil
        first.timers = nil
        return work
      }
      cancelledCount -= 1
    }
    return nil
  }

  /// Drops every timer; none will fire.
  func removeAll() {
    for timer in heap {
      timer.work = nil
      timer.timers = nil
    }
    heap.removeAll()
  }

  fileprivate func noteCancellation() {
    cancelledCount += 1
    guard cancelledCount > 64, cancelledCount > heap.count / 2 else { return }
    heap.removeAll { $0.work == nil }
    cancelledCount = 0
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  private func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    siftDown(0)
  }

  private func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index].precedes(heap[parent]) else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private func siftDown(_ start: Int) {
    var index = start
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(heap[index]) else { return }
      heap.swapAt(index, child)
      index = child
    }
  }
}
