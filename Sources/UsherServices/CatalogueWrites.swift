// Calls change the catalogue through this node: whoever is answered finds the change here at once, on
// whichever loop, before the change stream brings it.

import BookingStore
import RPC
import Reactor

extension PerLoop<NodeParts> {
  /// Tells every loop's cache what this node has changed, before the caller is answered.
  func noteOwn(_ change: CatalogueChange) {
    onEach { $0.answers.noteOwn(change) }
  }

  /// Tells every loop what this node has changed of some shows, which may have been of `movieIDs` before, and
  /// before the caller is answered: other lists than those with such shows stay in memory.
  func noteOwn(
    shows showIDs: [Int64], before movieIDs: Set<Int64> = [], _ context: ServerContext
  ) async {
    guard !showIDs.isEmpty else { return }
    onEach { parts in
      for showID in showIDs { parts.shows.forget(id: showID) }
    }
    do throws(StoreError) {
      let changes = try await self[context.loop].houses.changes(
        ofShows: showIDs, before: movieIDs, timeout: context.remaining)
      for change in changes { noteOwn(change) }
    } catch {
      // What was done was done: without the database's help it may touch anything.
      onEach { $0.answers.forgetAll() }
    }
  }
}
