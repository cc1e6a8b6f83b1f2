// One show and calls whose peers do not read: what they are told when they do.

import Booking
import FeedSupport
import RPC
import Reactor
import Testing

@testable import SeatFeed

@Suite struct ShowFeedTests {
  private let loop: EventLoop
  private let frames = Frames()
  private let seats = (0..<20).map { SeatStatus(number: $0, state: .available) }

  init() throws { loop = try EventLoop(name: "show") }

  private func makeFeed(version: Int64 = 1) -> ShowFeed {
    ShowFeed(LoadedShow(snapshot(version), frames), on: loop)
  }

  private func snapshot(_ version: Int64) -> SeatSnapshot {
    SeatSnapshot(lane: 1, showID: 7, version: version, seats: seats)
  }

  private func change(_ number: Int32, to version: Int64, _ feed: ShowFeed) {
    feed.publish([SeatStatus(number: number, state: .held)], version: version)
  }

  private func follow(
    _ feed: ShowFeed, after version: Int64, isLive: Bool = true
  ) throws -> FeedSubscription {
    let subscription = FeedSubscription(on: loop)
    try feed.join(try #require(subscription.call), afterVersion: version, isLive: isLive)
    return subscription
  }

  private func events(_ subscription: FeedSubscription) async throws -> [FeedEvent] {
    try await subscription.next().map(frames.decode)
  }

  @Test func onlyASilentShowRemindsItsWatchers() async throws {
    try await loop.run { () async throws in
      let feed = makeFeed()
      let watcher = try follow(feed, after: 1)
      #expect(try await events(watcher) == [.bookmark(version: 1)])
      feed.remindIdleWatchers()
      change(3, to: 2, feed)
      feed.remindIdleWatchers()
      feed.remindIdleWatchers()
      feed.remindIdleWatchers()
      let told = try await events(watcher)
      #expect(told.map(\.version) == [1, 2, 2, 2])
      #expect(told.filter { if case .change = $0 { true } else { false } }.count == 1)
    }
    loop.stop()
  }

  @Test func whoComesBackWhileTheStreamIsAwayIsToldNothing() async throws {
    try await loop.run { () async throws in
      let feed = makeFeed()
      let watcher = try follow(feed, after: 1, isLive: false)
      change(3, to: 2, feed)
      #expect(try await events(watcher).count == 1)
    }
    loop.stop()
  }

  /// 64 missed events are told one by one; more are told as one, from the version it knows.
  @Test(arguments: [64, 65, 1_000])
  func aBacklogIsMergedFromTheVersionThatTheWatcherKnows(missed: Int) async throws {
    try await loop.run { () async throws in
      let feed = makeFeed()
      let watcher = try follow(feed, after: 1)
      _ = try await events(watcher)
      for number in 0..<missed { change(Int32(number % 3), to: Int64(number + 2), feed) }
      let told = try await events(watcher)
      #expect(told.count == (missed == 64 ? 64 : 1))
      guard case .change(1, let version, let seats)? = told.first else {
        Issue.record("no change from version 1")
        return
      }
      #expect(version == (missed == 64 ? 2 : Int64(missed + 1)))
      #expect(seats.map(\.number) == (missed == 64 ? [0] : [0, 1, 2]))
      change(9, to: Int64(missed + 2), feed)
      #expect(try await events(watcher).map(\.version) == [Int64(missed + 2)])
    }
    loop.stop()
  }

  @Test func aBacklogThatTheShowHasForgottenBecomesASnapshot() async throws {
    try await loop.run { () async throws in
      let feed = makeFeed()
      let watcher = try follow(feed, after: 1)
      _ = try await events(watcher)
      for number in 0..<1_025 { change(Int32(number % 3), to: Int64(number + 2), feed) }
      #expect(
        try await events(watcher) == [.snapshot(feed.map.snapshot, resumeImpossible: true)])
    }
    loop.stop()
  }

  /// A standby took over without the last commit, and another was made under its version.
  @Test func aVersionThatSaysSomethingElseStartsEveryoneAnew() async throws {
    try await loop.run { () async throws in
      let feed = makeFeed()
      let watcher = try follow(feed, after: 1)
      _ = try await events(watcher)
      change(3, to: 2, feed)
      _ = try await events(watcher)
      feed.reconcile(feed.map.snapshot)
      feed.reconcile(snapshot(2))
      #expect(try await events(watcher) == [.snapshot(snapshot(2), resumeImpossible: true)])
    }
    loop.stop()
  }

  /// What a slow watcher missed before the map was taken back must not be told as a change.
  @Test(arguments: [10, 100])
  func aRestoredShowTellsASlowWatcherTheMapLast(missed: Int) async throws {
    try await loop.run { () async throws in
      let feed = makeFeed()
      let watcher = try follow(feed, after: 1)
      _ = try await events(watcher)
      for number in 0..<missed { change(Int32(number % 3), to: Int64(number + 2), feed) }
      feed.reconcile(snapshot(1))
      let told = try await events(watcher)
      #expect(told.count == (missed == 10 ? 11 : 1))
      #expect(told.last == .snapshot(snapshot(1), resumeImpossible: true))
      change(5, to: 2, feed)
      #expect(try await events(watcher).map(\.version) == [2])
    }
    loop.stop()
  }

  /// A connection that was slow has many watchers at one place: the work is done once.
  @Test func watchersOfOnePlaceShareTheirMergedEvent() async throws {
    try await loop.run { () async throws in
      let feed = makeFeed()
      let watchers = try (0..<5).map { _ in try follow(feed, after: 1) }
      for watcher in watchers { _ = try await events(watcher) }
      for number in 0..<100 { change(Int32(number % 3), to: Int64(number + 2), feed) }
      let before = frames.count
      for watcher in watchers { #expect(try await events(watcher).count == 1) }
      #expect(frames.count == before + 1)
    }
    loop.stop()
  }
}

extension FeedEvent {
  fileprivate var version: Int64 {
    switch self {
    case .snapshot(let snapshot, _): snapshot.version
    case .change(_, let version, _): version
    case .bookmark(let version): version
    }
  }
}
