// Calls change the catalogue through this node: whoever is answered finds the change here at once, on
// whichever loop, before the change stream brings it.

import BookingStore
import Reactor

extension PerLoop<NodeParts> {
  /// Tells every loop's cache what this node has changed, before the caller is answered.
  func noteOwn(_ change: CatalogueChange) {
    onEach { $0.answers.noteOwn(change) }
  }

  /// Tells every loop's cache that this node has changed shows of many movies, before the caller is
  /// answered. Only for what has changed: whoever is refused, or repeats what was done before, must not
  /// cost everybody what is in memory.
  func forgetAnswers() {
    onEach { $0.answers.forgetAll() }
  }
}
