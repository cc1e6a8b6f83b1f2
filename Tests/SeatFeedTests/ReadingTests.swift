// Maps read from memory: never from a feed that may have missed something, never less than this
// node has told, and encoded once.

import Booking
import FeedSupport
import RPC
import Reactor
import SeatFeed
import Synchronization
import Testing

@Suite struct ReadingTests {
  private let loop: EventLoop
  private let frames = Frames()
  private let truth = Truth(seatCount: 20)

  init() throws { loop = try EventLoop(name: "read") }

  /// A registry whose loads take a turn of the loop, and its body on the loop.
  private func withRegistry(
    _ body: @escaping @Sendable (FeedRegistry) async throws -> Void
  ) async throws {
    let (truth, frames) = (truth, frames)
    try await loop.run { [loop] () async throws in
      let registry = FeedRegistry(loop: loop) { (showID) async throws(FeedError) in
        truth.loadCount.withLock { $0 += 1 }
        let show = truth.show(frames)
        await Task.yield()
        guard showID == 7 else { throw .showNotFound }
        guard !truth.isAway.withLock({ $0 }) else { throw .unavailable }
        return show
      }
      registry.streamBegan()
      try await body(registry)
    }
    loop.stop()
  }

  private func sell(_ number: Int32) -> SeatChange {
    truth.commit([SeatStatus(number: number, state: .sold)])
  }

  private func version(_ answer: SharedEnvelope?) -> Int64? {
    guard let answer, case .snapshot(let map, _) = frames.decode(answer.bytes) else { return nil }
    return map.version
  }

  /// Expects a reader to get the map of this version from memory, or nothing.
  private func expect(
    _ version: Int64?, from registry: FeedRegistry, atLeast least: Int64 = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let map = try await registry.answer(7, atLeast: least)
    #expect(self.version(map) == version, sourceLocation: sourceLocation)
  }

  /// A commit is told before it shows itself: who then reads the show for the first time, reads again.
  @Test func aShowThatIsReadBeforeACommitShowsIsReadAgain() async throws {
    let (truth, frames) = (truth, frames)
    try await loop.run { [self] () async throws in
      let before = truth.show(frames)
      let change = sell(3)
      let registry = FeedRegistry(loop: loop) { (_) async throws(FeedError) in
        let count = truth.loadCount.withLock { count in
          count += 1
          return count
        }
        return count < 3 ? before : truth.show(frames)
      }
      registry.streamBegan()
      registry.apply(change)
      try await expect(2, from: registry)
      #expect(truth.loadCount.withLock { $0 } == 3)
      // What was told before the stream began anew may never have been: a standby took over.
      truth.restore(before.snapshot)
      registry.streamEnded()
      registry.streamBegan()
      try await expect(1, from: registry)
    }
    loop.stop()
  }

  @Test func everyoneSharesOneLoadAndOneEncodingOfAVersion() async throws {
    try await withRegistry { [self] registry in
      let bound = LoopBound(registry, loop: loop)
      let readers = (0..<50).map { _ in
        Task(executorPreference: loop) { () async throws in
          try await bound.value.answer(7, atLeast: 0)
        }
      }
      for reader in readers {
        let map = try await reader.value
        #expect(version(map) == 1)
      }
      #expect(truth.loadCount.withLock { $0 } == 1)
      #expect(frames.count == 1)
      registry.apply(sell(3))
      let first = try await registry.answer(7, atLeast: 0)
      #expect(version(first) == 2)
      let second = try await registry.answer(7, atLeast: 2)
      #expect(second === first)
      #expect(frames.count == 2)
    }
  }

  @Test func withoutAChangeStreamTheDatabaseIsAsked() async throws {
    try await withRegistry { [self] registry in
      try await expect(1, from: registry)
      registry.streamEnded()
      try await expect(nil, from: registry)
      _ = sell(1)
      registry.streamBegan()
      try await expect(2, from: registry)
    }
  }

  @Test func aChangeThatComesWhileItsShowIsReadIsKept() async throws {
    try await withRegistry { [self] registry in
      let bound = LoopBound(registry, loop: loop)
      let reader = Task(executorPreference: loop) { () async throws in
        try await bound.value.answer(7, atLeast: 0)
      }
      // The reading has begun, and is of before the change.
      while truth.loadCount.withLock({ $0 }) == 0 { await Task.yield() }
      registry.apply(sell(1))
      let map = try await reader.value
      #expect(version(map) == 2)
      #expect(truth.loadCount.withLock { $0 } == 1)
    }
  }

  /// The load under way may have been read before the commit.
  @Test func whatHasBeenToldIsWaitedFor() async throws {
    try await withRegistry { [self] registry in
      let bound = LoopBound(registry, loop: loop)
      let early = Task(executorPreference: loop) { () async throws in
        try await bound.value.answer(7, atLeast: 0)
      }
      while registry.showCount == 0 { await Task.yield() }
      let change = sell(1)
      registry.noteTold(7, version: change.version)
      let late = Task(executorPreference: loop) { () async throws in
        try await bound.value.answer(7, atLeast: 0)
      }
      for _ in 0..<20 { await Task.yield() }
      registry.apply(change)
      for reader in [early, late] {
        let map = try await reader.value
        #expect(version(map) == 2)
      }
    }
  }

  @Test(arguments: [true, false])
  func aVersionThatDoesNotComeIsLeftToTheDatabase(isTold: Bool) async throws {
    try await withRegistry { [self] registry in
      _ = try await registry.answer(7, atLeast: 0)
      if isTold { registry.noteTold(7, version: 5) }
      try await expect(nil, from: registry, atLeast: isTold ? 0 : 5)
    }
  }

  @Test func whoWaitsForAVersionIsSentAwayWhenTheStreamEnds() async throws {
    try await withRegistry { [self] registry in
      _ = try await registry.answer(7, atLeast: 0)
      let bound = LoopBound(registry, loop: loop)
      let reader = Task(executorPreference: loop) { () async throws in
        try await bound.value.answer(7, atLeast: 5)
      }
      for _ in 0..<20 { await Task.yield() }
      registry.streamEnded()
      let map = try await reader.value
      #expect(map == nil)
    }
  }

  @Test func aGapIsReadAnewBeforeAnyoneIsAnswered() async throws {
    try await withRegistry { [self] registry in
      _ = try await registry.answer(7, atLeast: 0)
      _ = sell(1)
      registry.apply(sell(2))
      try await expect(3, from: registry)
      #expect(truth.loadCount.withLock { $0 } == 2)
    }
  }

  @Test func unknownShowsAndAnAwayDatabaseAreTold() async throws {
    try await withRegistry { [self] registry in
      await #expect(throws: FeedError.showNotFound) { try await registry.answer(8, atLeast: 0) }
      truth.isAway.withLock { $0 = true }
      await #expect(throws: FeedError.unavailable) { try await registry.answer(7, atLeast: 0) }
      #expect(registry.showCount == 0)
    }
  }

  /// Who is told a version by an answer and then watches is not shown an older map.
  @Test func aNewWatcherSeesWhatHasBeenTold() async throws {
    try await withRegistry { [self] registry in
      _ = try await registry.answer(7, atLeast: 0)
      let change = sell(4)
      registry.noteTold(7, version: change.version)
      loop.execute { [bound = LoopBound(registry, loop: loop)] in bound.value.apply(change) }
      let watcher = try await registry.subscribe(7, afterVersion: 0)
      let events = try await watcher.next().map(frames.decode)
      #expect(events == [.snapshot(truth.snapshot, resumeImpossible: false)])
    }
  }

  @Test func whatThisNodeCommitsIsThereAtOnceAndOnce() async throws {
    try await withRegistry { [self] registry in
      let watcher = try await registry.subscribe(7, afterVersion: 0)
      _ = try await watcher.next()
      let change = sell(4)
      registry.applyOwn(change)
      try await expect(2, from: registry)
      registry.apply(change)
      let events = try await watcher.next().map(frames.decode)
      #expect(events == [.change(previousVersion: 1, version: 2, seats: change.seats)])
    }
  }

  /// Another node's change is still on its way.
  @Test func whatThisNodeCommitsAfterOthersWaitsForThem() async throws {
    try await withRegistry { [self] registry in
      try await expect(1, from: registry)
      let (theirs, ours) = (sell(4), sell(5))
      registry.applyOwn(ours)
      loop.execute { [bound = LoopBound(registry, loop: loop)] in
        bound.value.apply(theirs)
        bound.value.apply(ours)
      }
      try await expect(3, from: registry)
      #expect(truth.loadCount.withLock { $0 } == 1)
    }
  }
}
