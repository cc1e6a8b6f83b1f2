// One node: its copy of the change stream, its watchers' registry and the workers of its lanes.
// What LaneWorker and Lanes do between requests and batches is done here the same way, without
// their waiting.

import Booking
import Reactor

@testable import BookingStore

/// A request at a node.
struct NodeCall {
  let request: SaleRequest
  let arrival: Arrival
  /// Who waits for the answer; nil for the server itself.
  let wish: Wish?
}

/// What a node says to a call; nil when it does not know what became of it.
typealias NodeAnswer = (call: NodeCall, outcome: SaleOutcome?)

final class SimNode {
  let database: SimDatabase
  let feed: SimFeed
  private let workers: [SimWorker]
  /// The newest versions of shows that this node has written or named in a refusal.
  private(set) var told: [Int64: Int64] = [:]
  /// The newest versions that the stream or an own commit told of; nil while the stream is away, when
  /// nothing unchecked is believed.
  private var heard: [Int64: Int64]?
  /// How wrong the node's idea of the database's time is; little while its stream is there.
  var skew: Int64 = 0
  /// Of a hundred writes, so many lose their connection.
  var lossPercentage = 0

  init(_ database: SimDatabase, workerCount: Int, on loop: EventLoop) {
    self.database = database
    feed = SimFeed(database, on: loop)
    workers = (0..<workerCount).map { _ in SimWorker(database) }
  }

  var isIdle: Bool { workers.allSatisfy(\.isIdle) }

  /// Takes a call in; the answer if it needs no batch.
  func accept(_ call: NodeCall) -> NodeAnswer? {
    guard let lane = call.request.lane else { return nil }
    let worker = worker(of: lane)
    guard let refusal = worker.refusalAtOnce(of: call.request, at: database.now + skew) else {
      worker.accept(call)
      return nil
    }
    tell(refusal, to: call.request)
    return (call, .refused(refusal))
  }

  private func worker(of lane: Int16) -> SimWorker { workers[Int(lane) % workers.count] }

  /// Lets one of the workers begin a batch or run the next statement of the one under way; the
  /// answers when it is over.
  func step(_ dice: inout Dice) throws -> [NodeAnswer] {
    guard let worker = dice.pick(workers.filter { !$0.isIdle }) else { return [] }
    return try worker.step(&dice, on: self)
  }

  // MARK: What is committed and told

  /// Whether nothing that this node believes is older than a version.
  func hasHeard(of showID: Int64, version: Int64) -> Bool {
    heard.map { $0[showID] ?? 0 >= version } ?? true
  }

  func committed(_ changes: [SeatChange], foreign: [Int64]) {
    for change in changes where foreign.contains(change.showID) { note(.seats(change)) }
    for change in changes {
      note(change.showID, toldVersion: change.version)
      hear(change)
      feed.applyOwn(change)
    }
  }

  /// What is told of a version is told of no older one later.
  func tell(_ refusal: SaleRefusal, to request: SaleRequest) {
    if case .seatsUnavailable(_, let version) = refusal, let showID = request.wantedShowID {
      note(showID, toldVersion: version)
    }
  }

  private func note(_ showID: Int64, toldVersion: Int64) {
    told[showID] = max(told[showID] ?? 0, toldVersion)
  }

  private func note(_ message: SimDatabase.Message) {
    switch message {
    case .seats(let change):
      hear(change)
      worker(of: change.lane).note(change.showID, version: change.version)
    case .queue(let change):
      worker(of: change.lane).note(change.showID, queueVersion: change.version)
    }
  }

  private func hear(_ change: SeatChange) {
    let version = heard?[change.showID] ?? 0
    heard?[change.showID] = max(version, change.version)
  }

  func followStream(_ dice: inout Dice) {
    switch feed.next(&dice) {
    case .began:
      skew = 0
      // What is read from now on is no older than this.
      heard = database.tables.shows.mapValues(\.version)
      for worker in workers { worker.setFeedLive(true) }
    case .message(let message): note(message)
    case nil: break
    }
  }

  func loseStream() {
    feed.end()
    heard = nil
    for worker in workers { worker.setFeedLive(false) }
  }

  /// Room is made for other shows.
  func forgetSome(_ dice: inout Dice) {
    dice.pick(workers)?.forget(Town.show(&dice))
  }
}
