// Many shows on one stream, against a model: whatever the change stream drops, a group's watcher
// ends with the committed counts, and is told a few times what happened many times.

import Booking
import FeedSupport
import RPC
import Reactor
import Synchronization
import Testing

@testable import SeatFeed

/// The shows of a database, and which of them a theatre has.
private final class Programme: Sendable {
  private struct State {
    var truths: [Int64: Truth] = [:]
    var theatre: [Int64] = []
    var isAway = false
  }

  private let state = Mutex(State())

  init(_ showIDs: [Int64]) {
    for showID in showIDs { add(showID) }
  }

  func add(_ showID: Int64) {
    state.withLock { state in
      state.truths[showID] = Truth(seatCount: 10, showID: showID)
      state.theatre.append(showID)
    }
  }

  func remove(_ showID: Int64) { state.withLock { $0.theatre.removeAll { $0 == showID } } }
  func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
  var theatre: [Int64] { state.withLock { $0.theatre } }
  func truth(_ showID: Int64) -> Truth? { state.withLock { $0.truths[showID] } }
  var isAway: Bool { state.withLock { $0.isAway } }

  var availability: [ShowAvailability] {
    theatre.sorted().compactMap { truth($0)?.snapshot }.map {
      ShowAvailability(showID: $0.showID, version: $0.version, counts: SeatCounts($0.seats))
    }
  }
}

/// What a stream has told.
private struct Counts {
  var shows: [Int64: ShowAvailability] = [:]
  var snapshotCount = 0
  var changeCount = 0

  mutating func take(_ event: GroupEvent) {
    switch event {
    case .snapshot(let all):
      shows = Dictionary(uniqueKeysWithValues: all.map { ($0.showID, $0) })
      snapshotCount += 1
    case .change(let some, let removed):
      #expect(snapshotCount > 0)
      changeCount += 1
      for show in some {
        #expect(show.version > shows[show.showID]?.version ?? 0)
        shows[show.showID] = show
      }
      for showID in removed { shows[showID] = nil }
    case .bookmark: break
    }
  }

  var all: [ShowAvailability] { shows.values.sorted { $0.showID < $1.showID } }
}

@Suite(.timeLimit(.minutes(1))) struct GroupTests {
  private let loop: EventLoop
  private let frames = FrameList<GroupEvent>()
  private let programme = Programme([7, 8, 9])

  init() throws { loop = try EventLoop(name: "groups") }

  private func withRegistry(
    _ body: @escaping @Sendable (FeedRegistry) async throws -> Void
  ) async throws {
    let (programme, frames, maps) = (programme, frames, Frames())
    let groups = GroupSource(
      shows: { (theatreID) async throws(FeedError) in
        guard !programme.isAway else { throw .unavailable }
        return theatreID == 1 ? programme.theatre : nil
      }, encode: frames.encode)
    try await loop.run { [loop] () async throws in
      let registry = FeedRegistry(loop: loop, groups: groups) { (showID) async throws(FeedError) in
        await Task.yield()
        guard !programme.isAway else { throw .unavailable }
        guard let truth = programme.truth(showID) else { throw .showNotFound }
        return truth.show(maps)
      }
      registry.streamBegan()
      try await body(registry)
    }
    loop.stop()
  }

  private func subscribe(
    _ key: ShowGroupKey, _ registry: FeedRegistry
  ) async throws -> FeedSubscription {
    let subscription = FeedSubscription(on: loop)
    try await registry.join(key, try #require(subscription.call))
    return subscription
  }

  private func follow(
    _ subscription: FeedSubscription, _ counts: inout Counts,
    until condition: (Counts) -> Bool
  ) async throws {
    while !condition(counts) {
      for frame in try await subscription.next() { counts.take(frames.decode(frame)) }
    }
  }

  private func sell(_ showID: Int64, _ seat: Int32, _ registry: FeedRegistry) {
    guard let truth = programme.truth(showID) else { return }
    registry.apply(truth.commit([SeatStatus(number: seat, state: .sold)]))
  }

  @Test func manyChangesAreToldAsOne() async throws {
    try await withRegistry { [self] registry in
      let subscription = try await subscribe(.shows([7, 8]), registry)
      var counts = Counts()
      try await follow(subscription, &counts) { $0.snapshotCount == 1 }
      #expect(counts.shows.keys.sorted() == [7, 8])
      for seat in 0..<6 as Range<Int32> {
        sell(7, seat, registry)
        sell(9, seat, registry)
      }
      try await follow(subscription, &counts) { $0.changeCount == 1 }
      #expect(counts.shows[7]?.version == 7)
      #expect(counts.shows[7]?.counts.available == 4 && counts.shows[7]?.counts.sold == 6)
      #expect(counts.shows[8]?.version == 1 && counts.shows[9] == nil)
    }
  }

  @Test func watchersOfTheSameShowsShareAGroup() async throws {
    try await withRegistry { [self] registry in
      let first = try await subscribe(.theatre(1), registry)
      let second = try await subscribe(.theatre(1), registry)
      #expect(registry.groups.count == 1 && registry.watcherCount == 2)
      let told = try await [first.next(), second.next()]
      #expect(told[0] == told[1])
      first.end()
      second.end()
      registry.tickGroups()
      #expect(registry.groups.isEmpty)
      registry.streamBegan()
      #expect(registry.showCount == 0)
    }
  }

  @Test func groupsLeaveRoomForSingleShows() async {
    await loop.run { [self] () async in
      let table = ShowTable()
      let group = ShowGroup(.theatre(1), on: loop, encode: frames.encode)
      var room = table.groupRoom
      for showID in 0..<Int64(Limits.groupedShows) {
        guard let entry = table.add(showID), room.take(entry) else {
          Issue.record("no room for \(showID)")
          return
        }
        group.add(entry)
      }
      // A newcomer has no room in a group, whether or not it is counted anew; who is in one has.
      let newcomer = FeedEntry(-1)
      var again = table.groupRoom
      #expect(!room.take(newcomer) && !again.take(newcomer))
      #expect(table[0].map { again.take($0) } == true)
      #expect(table.add(-2) != nil, "who watches a single show is shut out")
    }
  }

  @Test func aTheatresGroupFollowsItsProgramme() async throws {
    try await withRegistry { [self] registry in
      let subscription = try await subscribe(.theatre(1), registry)
      var counts = Counts()
      try await follow(subscription, &counts) { $0.snapshotCount == 1 }
      #expect(counts.all == programme.availability)
      programme.add(12)
      programme.remove(8)
      registry.tickGroups()
      try await follow(subscription, &counts) { $0.shows[12] != nil && $0.shows[8] == nil }
      #expect(counts.all == programme.availability)
      sell(12, 3, registry)
      try await follow(subscription, &counts) { $0.shows[12]?.version == 2 }
    }
  }

  @Test func unknownShowsAndTheatresAndAnAwayDatabaseAreTold() async throws {
    try await withRegistry { [self] registry in
      await #expect(throws: FeedError.listedShowNotFound(77)) {
        _ = try await subscribe(.shows([7, 77]), registry)
      }
      await #expect(throws: FeedError.theatreNotFound) {
        _ = try await subscribe(.theatre(2), registry)
      }
      programme.setAway(true)
      await #expect(throws: FeedError.unavailable) {
        _ = try await subscribe(.shows([8, 9]), registry)
      }
      #expect(registry.groups.isEmpty)
      programme.setAway(false)
      let subscription = try await subscribe(.shows([8, 9]), registry)
      #expect(try await subscription.next().count == 1)
    }
  }

  @Test func aSlowWatcherIsToldThePresentState() async throws {
    try await withRegistry { [self] registry in
      let group = ShowGroup(.theatre(1), on: loop, encode: frames.encode)
      for showID in programme.theatre { group.add(try await registry.loadedEntry(showID)) }
      group.complete()
      let slow = FeedSubscription(on: loop)
      try group.join(try #require(slow.call))
      var counts = Counts()
      try await follow(slow, &counts) { $0.snapshotCount == 1 }
      for _ in 0...Limits.unmergedGroupEvents {
        group.remindIdleWatchers()
        group.remindIdleWatchers()
      }
      try await follow(slow, &counts) { $0.snapshotCount == 2 }
      #expect(counts.all == programme.availability)
    }
  }

  @Test func onlyASilentAndCompleteGroupRemindsItsWatchers() async throws {
    try await withRegistry { [self] registry in
      let subscription = try await subscribe(.theatre(1), registry)
      _ = try await subscription.next()
      registry.streamEnded()
      registry.tickGroups()
      registry.streamBegan()
      // Its shows are being read anew: nothing can be said yet.
      registry.tickGroups()
      while registry.groups.values.contains(where: { !$0.isCurrent }) { await Task.yield() }
      registry.tickGroups()
      let told = try await subscription.next().map(frames.decode)
      #expect(told == [.bookmark])
    }
  }

  /// Random commits through a stream that drops, repeats and breaks, and shows come and go.
  @Test(arguments: 0..<20)
  func aGroupAlwaysEndsWithTheTruth(seed: UInt64) async throws {
    try await withRegistry { [self] registry in
      var random = SplitMix(state: seed)
      let subscription = try await subscribe(.theatre(1), registry)
      var counts = Counts()
      var nextShow: Int64 = 100
      for _ in 0..<300 {
        guard let showID = programme.theatre.randomElement(using: &random),
          let truth = programme.truth(showID)
        else { continue }
        let seat = SeatStatus(
          number: .random(in: 0..<10, using: &random),
          state: SeatState.allCases.randomElement(using: &random) ?? .held)
        let change = truth.commit([seat])
        switch Int.random(in: 0..<20, using: &random) {
        case 0: break
        case 1:
          registry.apply(change)
          registry.apply(change)
        case 2:
          registry.streamEnded()
          registry.streamBegan()
        case 3:
          programme.add(nextShow)
          nextShow += 1
          if programme.theatre.count > 5 { programme.remove(showID) }
          registry.tickGroups()
        case 4: await Task.yield()
        default: registry.apply(change)
        }
      }
      registry.streamEnded()
      registry.streamBegan()
      registry.tickGroups()
      try await follow(subscription, &counts) { $0.all == programme.availability }
    }
  }
}
