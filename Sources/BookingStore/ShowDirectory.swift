// The shows a loop has in memory, so that selling needs no read of the catalogue. What is stale is
// found out by the sale itself: it refuses a quote made from other than the present prices.

package import Booking
package import Reactor

/// Shows by id, read once and kept for a while. One per loop.
package final class ShowDirectory: Sendable {
  private let catalog: CatalogStore
  private let loop: EventLoop
  private let shelf: LoopBound<Shelf>

  /// An empty directory.
  package init(_ catalog: CatalogStore, on loop: EventLoop) {
    self.catalog = catalog
    self.loop = loop
    shelf = LoopBound(Shelf(), loop: loop)
  }

  /// A show that needs no reading; nil for others. On the directory's loop.
  package func known(id: Int64) -> ShowDetails? { shelf.value.show(id: id, now: loop.now) }

  /// A show; nil when there is none. Callers that ask for one show at the same time share one
  /// reading, which no single caller's leaving ends.
  package func show(id: Int64) async throws(StoreError) -> ShowDetails? {
    guard loop.isInside else {
      return try await loop.run { () async throws(StoreError) in try await self.show(id: id) }
    }
    if let known = known(id: id) { return known }
    let result = await withCheckedContinuation { continuation in
      let isFirst = shelf.value.wait(for: id, continuation)
      if isFirst { loop.spawn { await self.load(id) } }
    }
    return try result.get()
  }

  /// A layout that a show has. Throws when there is none: shows name only layouts that there are. Callers at
  /// the same time share one reading, as of shows.
  package func layout(_ key: LayoutKey) async throws(StoreError) -> SeatLayout {
    guard loop.isInside else {
      return try await loop.run { () async throws(StoreError) in try await self.layout(key) }
    }
    if let layout = shelf.value.layouts[key] { return layout }
    let result = await withCheckedContinuation { continuation in
      let isFirst = shelf.value.wait(for: key, continuation)
      if isFirst { loop.spawn { await self.load(key) } }
    }
    return try result.get()
  }

  /// Forgets a show whose prices turned out to be stale; the next caller reads it again.
  package func forget(id: Int64) {
    guard loop.isInside else { return loop.execute { self.shelf.value.forget(id: id) } }
    shelf.value.forget(id: id)
  }

  /// A change of the catalogue was committed: shows that it is about are read anew. On the directory's
  /// loop. Twice: what is read before the commit is visible to all is as old as what was here.
  package func note(_ change: CatalogueChange) {
    guard change.subject == .shows else { return }
    shelf.value.forget(theatreID: change.theatreID, movieID: change.movieID)
    guard shelf.value.begin(change) else { return }
    loop.schedule(after: StoreLimits.commitVisibility) { [self] in
      shelf.value.forget(theatreID: change.theatreID, movieID: change.movieID)
      if shelf.value.end(change) { note(change) }
    }
  }

  private func load(_ id: Int64) async {
    let result: Result<ShowDetails?, StoreError>
    do throws(StoreError) {
      result = .success(try await read(id))
    } catch {
      result = .failure(error)
    }
    shelf.value.finish(id, result, now: loop.now)
  }

  private func load(_ key: LayoutKey) async {
    let result: Result<SeatLayout, StoreError>
    do throws(StoreError) {
      result = .success(
        try await catalog.layout(
          auditoriumID: key.auditoriumID, version: key.version, timeout: nil))
    } catch {
      result = .failure(error)
    }
    shelf.value.finish(key, result)
  }

  private func read(_ id: Int64) async throws(StoreError) -> ShowDetails? {
    guard let show = try await catalog.showRecord(id: id, timeout: nil) else { return nil }
    let key = LayoutKey(auditoriumID: show.auditoriumID, version: show.layoutVersion)
    return try await catalog.details(of: show, layout: try await layout(key), timeout: nil)
  }
}
