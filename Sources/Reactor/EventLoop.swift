// One thread, one epoll, and everything that runs there: descriptors, timers, jobs of Swift tasks
// and work posted from other threads. Knows nothing of protocols.

import CLinux
import DequeModule
import Synchronization

/// A handler that wants to act once when the current batch of events and jobs is done, for example
/// to write everything it has gathered with one system call.
package protocol BatchEndHandler: AnyObject {
  /// Runs on the loop.
  func batchEnded()
}

/// Work for a task of its own.
@usableFromInline
package protocol LoopJob: Sendable {
  /// Runs on the loop.
  func run() async
}

/// An event loop thread that is also a Swift task executor.
///
/// A batch is: posted work, kernel events, more posted work, due timers, ready jobs, then the batch-end handlers.
/// The corresponding C facilities are `epoll` and `eventfd`.
@usableFromInline
package final class EventLoop: TaskExecutor, @unchecked Sendable {
  // SAFETY: everything but `inbox`, `threadID` and the descriptors is touched by the loop's thread
  // alone; `inbox` is behind a mutex, `threadID` is atomic, the descriptors never change.
  private struct Inbox {
    var jobs: [UnownedJob] = []
    var work: [@Sendable () -> Void] = []
    var isEmpty: Bool { jobs.isEmpty && work.isEmpty }
  }

  /// Name of the thread, as shown by `top -H`; 15 bytes are kept.
  package let name: String
  private let epollFD: Int32
  private let wakeFD: Int32
  private let inbox = Mutex(Inbox())
  private let threadID = Atomic<UInt>(0)
  private let stopRequested = Atomic<Bool>(false)
  private let registry: Registry
  private let timers = Timers()
  private var ready = Deque<UnownedJob>()
  /// Tasks started by `spawn` that have not ended.
  @usableFromInline var taskCount = 0
  private var batchEndHandlers: [any BatchEndHandler] = []
  private var spareHandlers: [any BatchEndHandler] = []

  /// Creates the loop and starts its thread.
  package init(name: String) throws(SystemError) {
    self.name = name
    epollFD = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epollFD >= 0 else { throw SystemError.last("epoll_create1") }
    wakeFD = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeFD >= 0 else {
      let error = SystemError.last("eventfd")
      close(epollFD)
      throw error
    }
    registry = Registry(epollFD: epollFD)
    let wakeFD = wakeFD
    _ = try registry.add(wakeFD, .read) { _ in
      var count: UInt64 = 0
      _ = read(wakeFD, &count, 8)
    }
    try startThread()
  }

  private func startThread() throws(SystemError) {
    var thread = pthread_t()
    // SAFETY: the retained loop is taken back exactly once, by the thread or on failure below.
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
        loop.threadID.store(UInt(pthread_self()), ordering: .releasing)
        pthread_setname_np(pthread_self(), String(loop.name.prefix(15)))
        loop.runUntilStopped()
        return nil
      }, context)
    guard code == 0 else {
      Unmanaged<EventLoop>.fromOpaque(context).release()
      throw SystemError(call: "pthread_create", code: code)
    }
    threadID.store(UInt(thread), ordering: .releasing)
  }

  /// Whether the caller runs on this loop's thread.
  @usableFromInline
  package var isInside: Bool {
    threadID.load(ordering: .relaxed) == UInt(pthread_self())
  }

  /// The monotonic present.
  package var now: LoopInstant { .now }

  // MARK: Work from anywhere

  /// Runs a closure on the loop, never inline. Any thread.
  package func execute(_ work: @escaping @Sendable () -> Void) {
    let wasEmpty = inbox.withLock { inbox in
      defer { inbox.work.append(work) }
      return inbox.isEmpty
    }
    if wasEmpty { wake() }
  }

  /// The executor's entry: queues a job of a task that prefers this loop. Any thread.
  @usableFromInline
  package func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    if isInside {
      ready.append(unowned)
      return
    }
    let wasEmpty = inbox.withLock { inbox in
      defer { inbox.jobs.append(unowned) }
      return inbox.isEmpty
    }
    if wasEmpty { wake() }
  }

  /// Starts a task that lives on this loop. On the loop it runs at once up to its first suspension.
  @discardableResult
  @inlinable @inline(__always)
  package func spawn(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    // Both ends of a task run on this loop: that is what the executor preference is for.
    isInside
      ? Task.immediate(executorPreference: self) {
        self.taskCount += 1
        await body()
        self.taskCount -= 1
      }
      : Task(executorPreference: self) {
        self.taskCount += 1
        await body()
        self.taskCount -= 1
      }
  }

  /// Starts a task for a job, as above: a job is one object less than a closure in a closure.
  @inlinable @inline(__always)
  package func spawn(_ job: some LoopJob) -> Task<Void, Never> {
    precondition(isInside, "a job started off its loop")
    return Task.immediate(executorPreference: self) {
      self.taskCount += 1
      await job.run()
      self.taskCount -= 1
    }
  }

  /// What the loop has in hand. Loop only.
  package var figures: LoopFigures {
    precondition(isInside, "figures off the loop")
    return LoopFigures(
      taskCount: taskCount, timerCount: timers.liveCount, registrationCount: registry.count)
  }

  /// Runs an operation on this loop and returns its result to the caller's executor.
  package func run<T: Sendable, E: Error>(
    _ body: @escaping @Sendable () async throws(E) -> T
  ) async throws(E) -> T {
    try await withTaskExecutorPreference(self) { () async throws(E) -> T in try await body() }
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(wakeFD, &one, 8)
  }

  // MARK: On the loop

  /// Watches a nonblocking descriptor. Loop only.
  package func register(
    _ fd: Int32, _ interest: Interest, _ onReady: @escaping (Interest) -> Void
  ) throws(SystemError) -> Registration {
    precondition(isInside, "register off the loop")
    return try registry.add(fd, interest, onReady)
  }

  /// Fires once after a delay. Loop only.
  @discardableResult
  package func schedule(after delay: Duration, _ work: @escaping () -> Void) -> LoopTimer {
    schedule(at: .now + delay, work)
  }

  /// Fires once at an instant. Loop only.
  @discardableResult
  package func schedule(at deadline: LoopInstant, _ work: @escaping () -> Void) -> LoopTimer {
    precondition(isInside, "schedule off the loop")
    return timers.add(deadline: deadline, work: work)
  }

  /// Calls the handler when the current batch ends. The caller keeps itself from asking twice.
  /// Loop only.
  package func atBatchEnd(_ handler: any BatchEndHandler) {
    batchEndHandlers.append(handler)
  }

  // MARK: The thread

  /// Ends the thread after its current batch and, from another thread, waits for it. Work and
  /// tasks that are still queued never run.
  package func stop() {
    guard !stopRequested.exchange(true, ordering: .acquiringAndReleasing) else { return }
    wake()
    guard !isInside else { return }
    pthread_join(pthread_t(threadID.load(ordering: .acquiring)), nil)
  }

  deinit {
    timers.removeAll()
    close(wakeFD)
    close(epollFD)
  }

  private func runUntilStopped() {
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Limits.eventsPerBatch) { events in
      while !stopRequested.load(ordering: .relaxed) { runBatch(events) }
    }
  }

  private func runBatch(_ events: UnsafeMutableBufferPointer<epoll_event>) {
    let count = epoll_wait(epollFD, events.baseAddress, Int32(events.count), sleepMs())
    // What was posted before a peer could know of it is done before the peer's bytes are read.
    drainInbox()
    for index in 0..<max(0, Int(count)) { registry.dispatch(events[index]) }
    drainInbox()
    let now = LoopInstant.now
    while let work = timers.popDue(now) { work() }
    runReadyJobs()
    endBatch()
  }

  private func sleepMs() -> Int32 {
    guard ready.isEmpty, batchEndHandlers.isEmpty else { return 0 }
    guard let earliest = timers.earliest else { return Int32(Limits.longestSleepMs) }
    let nanoseconds = (earliest - .now).wholeNanoseconds
    guard nanoseconds > 0 else { return 0 }
    return Int32(min(nanoseconds / 1_000_000 + 1, Limits.longestSleepMs))
  }

  private func drainInbox() {
    let taken = inbox.withLock { inbox in
      defer { inbox = Inbox() }
      return inbox
    }
    ready.append(contentsOf: taken.jobs)
    for work in taken.work { work() }
  }

  private func runReadyJobs() {
    var budget = Limits.jobsPerBatch
    while budget > 0, let job = ready.popFirst() {
      job.runSynchronously(on: asUnownedTaskExecutor())
      budget -= 1
    }
  }

  private func endBatch() {
    guard !batchEndHandlers.isEmpty else { return }
    swap(&batchEndHandlers, &spareHandlers)
    for handler in spareHandlers { handler.batchEnded() }
    spareHandlers.removeAll(keepingCapacity: true)
  }
}
