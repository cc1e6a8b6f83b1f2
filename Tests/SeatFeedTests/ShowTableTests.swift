// What leaves a loop's memory when there is no room, and what never does.

import Booking
import Reactor
import Testing

@testable import SeatFeed

@Suite struct ShowTableTests {
  private let loop: EventLoop

  init() throws { loop = try EventLoop(name: "table") }

  private func load(_ entry: FeedEntry, _ seats: [SeatStatus]) {
    let show = LoadedShow(
      snapshot: SeatSnapshot(lane: 1, showID: entry.showID, version: 1, seats: seats),
      encode: { _ in [] }, encodeMap: { _ in [] })
    entry.feed = ShowFeed(show, on: loop)
  }

  private func fill(_ table: ShowTable) throws {
    for showID in 0..<Limits.loadedShows { _ = try #require(table.add(Int64(showID))) }
  }

  @Test func theShowsNotAskedForLatelyMakeRoom() async throws {
    try await loop.run { () async throws in
      let table = ShowTable()
      try fill(table)
      // Each is new once; then the first in line that has not been used since goes.
      var added = 0
      var next = Int64(Limits.loadedShows)
      while added < 100 {
        try #require(next < 4 * Int64(Limits.loadedShows))
        table[5]?.wasUsed = true
        if table.add(next) != nil { added += 1 }
        next += 1
      }
      #expect(table.count == Limits.loadedShows)
      #expect(table[5] != nil)
      #expect(table[4] == nil)
    }
    loop.stop()
  }

  @Test func watchedAndLoadingShowsStay() async throws {
    try await loop.run { () async throws in
      let table = ShowTable()
      try fill(table)
      for entry in table.all { entry.pending = [] }
      for attempt in 0..<1_000 { #expect(table.add(Int64(1_000_000 + attempt)) == nil) }
      table[17]?.pending = nil
      var isAdded = false
      for _ in 0..<Limits.loadedShows / Limits.evictionSteps * 3 where !isAdded {
        isAdded = table.add(1_000_000) != nil
      }
      #expect(isAdded)
      #expect(table[17] == nil)
    }
    loop.stop()
  }

  @Test func bytesAreBoundedToo() async throws {
    try await loop.run { () async throws in
      let table = ShowTable()
      let seats = (0..<100_000).map { SeatStatus(number: $0, state: .available) }
      let perShow = seats.count * MemoryLayout<SeatStatus>.stride
      for showID in 0..<Int64(2 * Limits.loadedBytes / perShow) {
        guard let entry = table.add(showID) else { continue }
        load(entry, seats)
        table.recount(entry)
        #expect(table.byteCount <= Limits.loadedBytes + perShow)
      }
      #expect(table.byteCount > Limits.loadedBytes / 2)
      #expect(table.byteCount == table.all.reduce(0) { $0 + ($1.feed?.byteCount ?? 0) })
    }
    loop.stop()
  }

  /// Every stranger's number is a new entry that is gone when the database does not know it.
  @Test func unknownShowsLeaveNothingBehind() throws {
    let table = ShowTable()
    for showID in 0..<10_000 as Range<Int64> {
      table.remove(try #require(table.add(showID)))
    }
    #expect(table.count == 0)
    #expect(table.placeCount <= 2 * Limits.evictionSteps)
  }
}
