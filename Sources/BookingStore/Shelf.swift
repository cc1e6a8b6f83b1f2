// What a show directory keeps: shows with their age, layouts, and who waits for a reading.
// Confined to the directory's loop; bounded, oldest out first.

import Booking
import DequeModule
import Reactor

/// Names a layout for ever: what it is does not change under a version.
package struct LayoutKey: Hashable, Sendable {
  /// The auditorium.
  package let auditoriumID: Int64
  /// Which of its layouts.
  package let version: Int32
}

final class Shelf {
  typealias Waiter = CheckedContinuation<Result<ShowDetails?, StoreError>, Never>
  typealias LayoutWaiter = CheckedContinuation<Result<SeatLayout, StoreError>, Never>

  private struct Kept {
    let details: ShowDetails
    let readAt: LoopInstant

    var layout: LayoutKey {
      LayoutKey(auditoriumID: details.show.auditoriumID, version: details.show.layoutVersion)
    }
  }

  private let layoutSeatLimit: Int
  /// Layouts never change under a version, so they have no age.
  private(set) var layouts: [LayoutKey: SeatLayout] = [:]
  private var layoutOrder = Deque<LayoutKey>()
  private var layoutSeats = 0
  private var shows: [Int64: Kept] = [:]
  private var showsOfTheatre: [Int64: Set<Int64>] = [:]
  private var showOrder = Deque<Int64>()
  private var waiters: [Int64: [Waiter]] = [:]
  private var layoutWaiters: [LayoutKey: [LayoutWaiter]] = [:]
  /// Changes that are to be forgotten for once more, and whether another like it came meanwhile.
  private var changes: [CatalogueChange: Bool] = [:]

  /// An empty one, for layouts of so many seats.
  init(layoutSeatLimit: Int = StoreLimits.cachedLayoutSeats) {
    self.layoutSeatLimit = layoutSeatLimit
  }

  func show(id: Int64, now: LoopInstant) -> ShowDetails? {
    guard let kept = shows[id], now - kept.readAt < StoreLimits.showLifetime else { return nil }
    return kept.details
  }

  /// Joins those who wait for a show; true for the first, who must start the reading.
  func wait(for id: Int64, _ waiter: Waiter) -> Bool {
    waiters[id, default: []].append(waiter)
    return waiters[id]?.count == 1
  }

  func finish(_ id: Int64, _ result: Result<ShowDetails?, StoreError>, now: LoopInstant) {
    if case .success(.some(let details)) = result {
      keep(Kept(details: details, readAt: now), id)
    } else if case .success(.none) = result {
      remove(id)
    }
    for waiter in waiters.removeValue(forKey: id) ?? [] { waiter.resume(returning: result) }
  }

  func forget(id: Int64) {
    // Its place in the order stays; a later reading takes it over.
    remove(id)
  }

  /// Forgets the shows of a movie (0: of none) at a theatre.
  func forget(theatreID: Int64, movieID: Int64) {
    for id in showsOfTheatre[theatreID] ?? [] where shows[id]?.details.show.movieID == movieID {
      remove(id)
    }
  }

  /// Remembers a change for a while; false when it is remembered already.
  func begin(_ change: CatalogueChange) -> Bool {
    changes.updateValue(changes[change] != nil, forKey: change) == nil
  }

  /// The while is over. Whether there was another such change in it.
  func end(_ change: CatalogueChange) -> Bool { changes.removeValue(forKey: change) ?? false }

  private func remove(_ id: Int64) {
    guard let theatreID = shows.removeValue(forKey: id)?.details.show.theatreID else { return }
    showsOfTheatre[theatreID]?.remove(id)
    if showsOfTheatre[theatreID]?.isEmpty == true { showsOfTheatre[theatreID] = nil }
  }

  /// Joins those who wait for a layout, in the same way.
  func wait(for key: LayoutKey, _ waiter: LayoutWaiter) -> Bool {
    layoutWaiters[key, default: []].append(waiter)
    return layoutWaiters[key]?.count == 1
  }

  func finish(_ key: LayoutKey, _ result: Result<SeatLayout, StoreError>) {
    if case .success(let layout) = result { keep(layout, key) }
    for waiter in layoutWaiters.removeValue(forKey: key) ?? [] { waiter.resume(returning: result) }
  }

  private func keep(_ layout: SeatLayout, _ key: LayoutKey) {
    guard layouts.updateValue(layout, forKey: key) == nil else { return }
    layoutOrder.append(key)
    layoutSeats += layout.seats.count
    var gone: Set<LayoutKey> = []
    while layoutSeats > layoutSeatLimit, let oldest = layoutOrder.popFirst() {
      layoutSeats -= layouts.removeValue(forKey: oldest)?.seats.count ?? 0
      gone.insert(oldest)
    }
    // Their shows would keep them beyond the limit.
    guard !gone.isEmpty else { return }
    for id in shows.filter({ gone.contains($0.value.layout) }).keys { remove(id) }
  }

  private func keep(_ kept: Kept, _ id: Int64) {
    guard layouts[kept.layout] != nil else { return remove(id) }
    if shows.updateValue(kept, forKey: id) == nil { showOrder.append(id) }
    showsOfTheatre[kept.details.show.theatreID, default: []].insert(id)
    while showOrder.count > StoreLimits.cachedShows, let oldest = showOrder.popFirst() {
      remove(oldest)
    }
  }
}
