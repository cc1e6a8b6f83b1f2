// Time, trouble, and the end, when everybody must agree.

import Booking
import SeatFeed

@testable import BookingStore

extension Simulation {
  // MARK: Time

  /// Time goes on: to the very edge of a hold, by seconds, or by as long as anybody may wait.
  func pass() {
    let holds = database.tables.bookings.values.filter { $0.state == .held }
    let ends = holds.flatMap { [$0.holdUntil, $0.graceUntil] }.filter { $0 > database.now }.sorted()
    switch dice.number(0..<10) {
    case 0: database.now += Tables.waitLimit
    case 1..<7 where !ends.isEmpty:
      let end = ends[dice.number(0..<min(4, ends.count))]
      database.now = max(database.now, end + Int64(dice.number(-1..<2)))
    default: database.now += Int64(dice.number(1..<100)) * 1_000_000
    }
    // Nodes say for those whose streams they have that these still wait.
    for node in nodes.indices where dice.chance(90) {
      database.touch(clients.compactMap(\.place).filter { $0.node == node }.map(\.key))
    }
    note("time is \(database.now)")
  }

  func sweep() throws {
    for terms in database.dueShows where dice.chance(70) {
      try accept(.sweep(lane: terms.lane, showID: terms.showID), nil, dice.number(0..<nodes.count))
    }
    guard dice.chance(50) else { return }
    for (terms, ends) in database.dueWaits() where dice.chance(70) {
      try accept(
        .endWaits(lane: terms.lane, showID: terms.showID, ends), nil,
        dice.number(0..<nodes.count))
    }
  }

  // MARK: Trouble

  func disturb() throws {
    let node = dice.number(0..<nodes.count)
    switch dice.number(0..<7) {
    case 0: restart(node)
    case 1:
      note("node \(node) loses the stream")
      nodes[node].loseStream()
      // A node that believes nothing unchecked may be as wrong about the time as it likes.
      nodes[node].skew = dice.chance(40) ? Int64(dice.number(-600..<600)) * 1_000_000 : 0
    case 2:
      let margin = Int(StoreLimits.clockMarginMicroseconds)
      nodes[node].skew = dice.chance(40) ? Int64(dice.number(1 - margin..<margin)) : 0
      note("node \(node) is wrong by \(nodes[node].skew)")
    case 3: nodes[node].lossPercentage = dice.chance(50) ? dice.number(0..<30) : 0
    case 4: nodes[node].forgetSome(&dice)
    case 5 where dice.chance(20): for node in nodes.indices { restart(node) }
    default:
      let id = Town.show(&dice)
      guard let show = database.tables.shows[id] else { return }
      note("terms of show \(id) change")
      database.change(id, to: try Town.changed(show.terms, &dice))
    }
  }

  private func restart(_ node: Int) {
    note("node \(node) dies")
    nodes[node] = SimNode(database, workerCount: dice.number(1..<3), on: loop)
    for watcher in watchers where watcher.node == node { watcher.disconnect() }
    for client in clients where client.place?.node == node { client.place?.node = nil }
  }

  // MARK: The end

  func end() throws {
    for node in nodes { node.lossPercentage = 0 }
    try drain()
    try watchersGetThere()
    try everythingEnds()
    for showID in Town.showIDs { try judge.seatsAreBookings(showID, database.tables) }
    for (key, record) in judge.answers {
      try demand(
        database.tables.log[key]?.effect?.bookingID == record.id, "what is acknowledged stays",
        "\(key)")
    }
  }

  /// Every request is answered.
  private func drain() throws {
    var left = 20_000
    while !isQuiet {
      left -= 1
      try demand(left > 0, "every request is answered in the end")
      if network.isEmpty {
        for client in clients { client.open.forEach(send) }
      } else {
        try deliver(network.removeFirst())
      }
      for node in nodes.indices where !nodes[node].isIdle { try serve(node) }
    }
  }

  private var isQuiet: Bool {
    network.isEmpty && nodes.allSatisfy(\.isIdle) && clients.allSatisfy(\.open.isEmpty)
  }

  private func watchersGetThere() throws {
    for node in nodes {
      // Once to connect, then until the end of the stream.
      repeat { node.followStream(&dice) } while !node.feed.isComplete
    }
    for watcher in watchers {
      // Its node may send one more when it has been read once; then it is silent.
      for _ in 0..<3 { try watcher.read(nodes, all: true, judge, database.fault) }
      let version = database.tables.shows[watcher.showID]?.version
      try demand(watcher.map?.version == version, "a watcher gets there")
    }
  }

  /// Nobody comes any more: every hold ends, and nobody waits for ever.
  private func everythingEnds() throws {
    for client in clients { client.place = nil }
    for _ in 0..<100 {
      database.now += 600_000_000
      // Some wait as long as anybody may.
      let waiting = database.tables.dueWaits(at: .max).map(\.end.key)
      database.touch(waiting.filter { _ in dice.chance(95) })
      for terms in database.dueShows {
        try accept(.sweep(lane: terms.lane, showID: terms.showID), nil, 0)
      }
      for (terms, ends) in database.dueWaits() {
        try accept(.endWaits(lane: terms.lane, showID: terms.showID, ends), nil, 0)
      }
      while !nodes[0].isIdle { try serve(0) }
    }
    try demand(
      database.tables.bookings.values.allSatisfy { $0.state != .held }, "every hold ends")
    try demand(
      database.tables.waits.values.allSatisfy { $0.entry.state != .waiting },
      "nobody waits for ever")
  }
}
