// Watchers against a model: whatever the change stream drops, repeats or interrupts, a watcher that
// applies what it is told ends with the committed map and never sees a version go back.

import Booking
import FeedSupport
import Reactor
import Synchronization
import Testing

@testable import SeatFeed

/// A watcher as a partner would write one.
private struct Watcher {
  var map: SeatMap?
  var snapshotCount = 0
  var changeCount = 0
  var bookmarkCount = 0

  mutating func take(_ event: FeedEvent) {
    switch event {
    case .snapshot(let snapshot, _):
      map = SeatMap(snapshot)
      snapshotCount += 1
    case .change(let previous, let version, let seats):
      #expect(previous == map?.version, "a change applies to the version before it")
      #expect(version > previous)
      map?.apply(seats, version: version)
      changeCount += 1
    case .bookmark(let version):
      #expect(version == map?.version)
      bookmarkCount += 1
    }
  }
}

@Suite struct FeedTests {
  private let loop: EventLoop
  private let frames = Frames()
  private let truth = Truth(seatCount: 20)

  init() throws { loop = try EventLoop(name: "feed") }

  private func makeRegistry() -> FeedRegistry {
    let (truth, frames) = (truth, frames)
    return FeedRegistry(loop: loop) { (showID) async throws(FeedError) in
      await Task.yield()
      truth.loadCount.withLock { $0 += 1 }
      guard showID == 7 else { throw .showNotFound }
      guard !truth.isAway.withLock({ $0 }) else { throw .unavailable }
      return truth.show(frames)
    }
  }

  private func follow(
    _ subscription: FeedSubscription, _ watcher: inout Watcher, to version: Int64
  ) async throws {
    while watcher.map?.version ?? 0 < version {
      for frame in try await subscription.next() { watcher.take(frames.decode(frame)) }
    }
  }

  private func sell(_ number: Int32, _ state: SeatState = .sold) -> [SeatStatus] {
    [SeatStatus(number: number, state: state)]
  }

  @Test func aWatcherSeesASnapshotThenEveryChangeOnce() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: 0)
      var watcher = Watcher()
      try await follow(subscription, &watcher, to: 1)
      for number in 0..<5 as Range<Int32> {
        let change = truth.commit(sell(number))
        registry.apply(change)
        registry.apply(change)
      }
      try await follow(subscription, &watcher, to: 6)
      #expect(watcher.snapshotCount == 1 && watcher.changeCount == 5)
      #expect(watcher.map?.snapshot == truth.snapshot)
    }
    loop.stop()
  }

  @Test func resumingGivesTheMissedEventsAlone() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let first = try await registry.subscribe(7, afterVersion: 0)
      var watcher = Watcher()
      try await follow(first, &watcher, to: 1)
      first.end()
      for number in 0..<3 as Range<Int32> { registry.apply(truth.commit(sell(number))) }
      let second = try await registry.subscribe(7, afterVersion: 1)
      try await follow(second, &watcher, to: 4)
      #expect(watcher.snapshotCount == 1 && watcher.changeCount == 3)
      #expect(watcher.map?.snapshot == truth.snapshot)
    }
    loop.stop()
  }

  @Test func resumingWithNothingMissedIsToldAtOnce() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: 1)
      #expect(try await subscription.next().map(frames.decode) == [.bookmark(version: 1)])
    }
    loop.stop()
  }

  @Test(arguments: [999, 3])
  func resumingFromAVersionOutsideTheLogGivesASnapshotThatSaysSo(version: Int64) async throws {
    try await loop.run { () async throws in
      for number in 0..<8 as Range<Int32> { _ = truth.commit(sell(number)) }
      let registry = makeRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: version)
      let events = try await subscription.next().map(frames.decode)
      #expect(events == [.snapshot(truth.snapshot, resumeImpossible: true)])
    }
    loop.stop()
  }

  @Test func aSlowWatcherGetsOneMergedChange() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: 0)
      var watcher = Watcher()
      try await follow(subscription, &watcher, to: 1)
      for round in 0..<200 {
        registry.apply(truth.commit(sell(Int32(round % 5), round % 2 == 0 ? .held : .available)))
      }
      try await follow(subscription, &watcher, to: 201)
      #expect(watcher.changeCount == 1)
      #expect(watcher.map?.snapshot == truth.snapshot)
    }
    loop.stop()
  }

  @Test func unknownShowsAndAnAwayDatabaseAreTold() async throws {
    await loop.run { () async in
      let registry = makeRegistry()
      await #expect(throws: FeedError.showNotFound) {
        _ = try await registry.subscribe(8, afterVersion: 0)
      }
      truth.isAway.withLock { $0 = true }
      await #expect(throws: FeedError.unavailable) {
        _ = try await registry.subscribe(7, afterVersion: 0)
      }
      #expect(registry.showCount == 0)
    }
    loop.stop()
  }

  /// The pool refuses at once when its queue is full: no suspension, so nobody to wake a waiter.
  private func makeHastyRegistry() -> FeedRegistry {
    let (truth, frames) = (truth, frames)
    return FeedRegistry(loop: loop) { (showID) async throws(FeedError) in
      guard !truth.isAway.withLock({ $0 }) else { throw .unavailable }
      return truth.show(frames)
    }
  }

  @Test func aLoadThatEndsAtOnceLeavesNobodyWaiting() async throws {
    try await loop.run { () async throws in
      let registry = makeHastyRegistry()
      truth.isAway.withLock { $0 = true }
      await #expect(throws: FeedError.unavailable) {
        _ = try await registry.subscribe(7, afterVersion: 0)
      }
      truth.isAway.withLock { $0 = false }
      let subscription = try await registry.subscribe(7, afterVersion: 0)
      #expect(try await subscription.next().count == 1)
    }
    loop.stop()
  }

  @Test func aGapWhoseReadingFailsAtOnceIsReadAgainWithTheNextChange() async throws {
    try await loop.run { () async throws in
      let registry = makeHastyRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: 0)
      var watcher = Watcher()
      try await follow(subscription, &watcher, to: 1)
      truth.isAway.withLock { $0 = true }
      _ = truth.commit(sell(1))
      registry.apply(truth.commit(sell(2)))
      truth.isAway.withLock { $0 = false }
      registry.apply(truth.commit(sell(3)))
      try await follow(subscription, &watcher, to: 4)
      #expect(watcher.map?.snapshot == truth.snapshot)
    }
    loop.stop()
  }

  /// No further change comes: the registry itself has to ask again.
  @Test(arguments: [true, false])
  func aShowThatCouldNotBeReadAnewIsAskedForAgain(isHasty: Bool) async throws {
    try await loop.run { () async throws in
      let registry = isHasty ? makeHastyRegistry() : makeRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: 0)
      var watcher = Watcher()
      try await follow(subscription, &watcher, to: 1)
      registry.streamEnded()
      _ = truth.commit(sell(1))
      truth.isAway.withLock { $0 = true }
      registry.streamBegan()
      loop.schedule(after: .milliseconds(100)) { [truth] in truth.isAway.withLock { $0 = false } }
      try await follow(subscription, &watcher, to: 2)
      #expect(watcher.map?.snapshot == truth.snapshot)
    }
    loop.stop()
  }

  /// The change stream of this node lags behind the one that the watcher came from.
  @Test func aWatcherWhoKnowsMoreThanTheNodeIsNotToldLess() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let early = try await registry.subscribe(7, afterVersion: 0)
      var watcher = Watcher()
      try await follow(early, &watcher, to: 1)
      for number in 0..<3 as Range<Int32> { _ = truth.commit(sell(number)) }
      let late = try await registry.subscribe(7, afterVersion: 4)
      registry.apply(truth.commit(sell(5)))
      let events = try await late.next().map(frames.decode)
      #expect(
        events == [
          .bookmark(version: 4), .change(previousVersion: 4, version: 5, seats: sell(5)),
        ])
    }
    loop.stop()
  }

  @Test func aCallThatEndsLeavesItsShow() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: 0)
      #expect(registry.watcherCount == 1)
      subscription.end()
      #expect(registry.watcherCount == 0)
      await #expect(throws: FeedError.cancelled) { _ = try await subscription.next() }
    }
    loop.stop()
  }

  /// The show is being read from the database, and the call ends meanwhile.
  @Test func aCallThatEndsWhileItsShowIsLoadedDoesNotJoin() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      let subscription = FeedSubscription(on: loop)
      let bound = LoopBound((registry, subscription), loop: loop)
      let joining = Task(executorPreference: loop) { () async -> FeedError? in
        do throws(FeedError) {
          try await bound.value.1.join(bound.value.0, 7, afterVersion: 0)
          return nil
        } catch {
          return error
        }
      }
      while registry.showCount == 0 { await Task.yield() }
      subscription.end()
      #expect(await joining.value == .cancelled)
      #expect(registry.watcherCount == 0)
    }
    loop.stop()
  }

  /// "Nothing happened" can be said by nobody who would not have heard of it.
  @Test func aWatcherIsRemindedOnlyWhileTheStreamIsThere() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let subscription = try await registry.subscribe(7, afterVersion: 1)
      #expect(try await subscription.next().map(frames.decode) == [.bookmark(version: 1)])
      registry.streamEnded()
      registry.tick()
      _ = truth.commit(sell(1))
      registry.streamBegan()
      // Being read anew: nothing can be said yet.
      registry.tick()
      let events = try await subscription.next().map(frames.decode)
      #expect(events == [.change(previousVersion: 1, version: 2, seats: sell(1))])
      registry.tick()
      registry.tick()
      #expect(try await subscription.next().map(frames.decode) == [.bookmark(version: 2)])
    }
    loop.stop()
  }

  @Test func aRestoredDatabaseStartsEveryoneAnew() async throws {
    try await loop.run { () async throws in
      let registry = makeRegistry()
      registry.streamBegan()
      let old = truth.snapshot
      let subscription = try await registry.subscribe(7, afterVersion: 0)
      var watcher = Watcher()
      registry.apply(truth.commit(sell(1)))
      try await follow(subscription, &watcher, to: 2)
      registry.streamEnded()
      truth.restore(old)
      registry.streamBegan()
      let events = try await subscription.next().map(frames.decode)
      #expect(events == [.snapshot(old, resumeImpossible: true)])
    }
    loop.stop()
  }

  /// Random commits through a stream that drops, repeats and breaks, watchers that come and go.
  @Test(arguments: 0..<40)
  func watchersAlwaysEndWithTheTruth(seed: UInt64) async throws {
    try await loop.run { () async throws in
      var random = SplitMix(state: seed)
      let registry = makeRegistry()
      registry.streamBegan()
      var watchers = [Watcher(), Watcher(), Watcher()]
      var subscriptions: [FeedSubscription?] = [nil, nil, nil]
      for _ in 0..<300 {
        let number = Int32.random(in: 0..<20, using: &random)
        let change = truth.commit(sell(number, SeatState.allCases.randomElement(using: &random)!))
        switch Int.random(in: 0..<20, using: &random) {
        case 0: break
        case 1:
          registry.apply(change)
          registry.apply(change)
        case 2:
          registry.streamEnded()
          registry.streamBegan()
        default: registry.apply(change)
        }
        let index = Int.random(in: 0..<3, using: &random)
        if let subscription = subscriptions[index] {
          if Int.random(in: 0..<10, using: &random) == 0 {
            subscription.end()
            subscriptions[index] = nil
          }
        } else {
          subscriptions[index] = try await registry.subscribe(
            7, afterVersion: watchers[index].map?.version ?? 0)
        }
      }
      registry.streamEnded()
      registry.streamBegan()
      for index in 0..<3 {
        let subscription: FeedSubscription
        if let old = subscriptions[index] {
          subscription = old
        } else {
          subscription = try await registry.subscribe(
            7, afterVersion: watchers[index].map?.version ?? 0)
        }
        try await follow(subscription, &watchers[index], to: truth.snapshot.version)
        #expect(watchers[index].map?.snapshot == truth.snapshot, "seed \(seed)")
      }
    }
    loop.stop()
  }
}
