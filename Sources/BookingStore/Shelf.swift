// What a show directory keeps: shows with their age, layouts, and who waits for a reading.
// Confined to the directory's loop; bounded, oldest out first.

import Booking
import DequeModule
import Reactor

final class Shelf {
  typealias Waiter = CheckedContinuation<Result<ShowDetails?, StoreError>, Never>

  struct LayoutKey: Hashable {
    let auditoriumID: Int64
    let version: Int32
  }

  private struct Kept {
    let details: ShowDetails
    let readAt: LoopInstant
  }

  /// Layouts never change under a version, so they have no age.
  private(set) var layouts: [LayoutKey: SeatLayout] = [:]
  private var layoutOrder = Deque<LayoutKey>()
  private var shows: [Int64: Kept] = [:]
  private var showOrder = Deque<Int64>()
  private var waiters: [Int64: [Waiter]] = [:]

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
      shows[id] = nil
    }
    for waiter in waiters.removeValue(forKey: id) ?? [] { waiter.resume(returning: result) }
  }

  func forget(id: Int64) {
    // Its place in the order stays; a later reading takes it over.
    shows[id] = nil
  }

  func keep(_ layout: SeatLayout, _ key: LayoutKey) {
    if layouts.updateValue(layout, forKey: key) == nil { layoutOrder.append(key) }
    while layoutOrder.count > StoreLimits.cachedLayouts, let oldest = layoutOrder.popFirst() {
      layouts[oldest] = nil
    }
  }

  private func keep(_ kept: Kept, _ id: Int64) {
    if shows.updateValue(kept, forKey: id) == nil { showOrder.append(id) }
    while showOrder.count > StoreLimits.cachedShows, let oldest = showOrder.popFirst() {
      shows[oldest] = nil
    }
  }
}
