// What the services of one loop work with. Each loop has its own, so that a call finds everything
// it needs on the loop it lives on.

package import BookingStore
import Reactor
package import SeatFeed

/// The stores and feeds of one loop. Confined to it.
package final class NodeParts {
  package let catalog: CatalogStore
  package let shows: ShowDirectory
  package let seatMaps: SeatMapStore
  package let bookings: BookingLookup
  package let credentials: CredentialCache
  package let feed: FeedRegistry

  package init(
    catalog: CatalogStore, shows: ShowDirectory, seatMaps: SeatMapStore, bookings: BookingLookup,
    credentials: CredentialCache, feed: FeedRegistry
  ) {
    self.catalog = catalog
    self.shows = shows
    self.seatMaps = seatMaps
    self.bookings = bookings
    self.credentials = credentials
    self.feed = feed
  }
}

extension PerLoop<NodeParts> {
  /// Called before somebody is told of a show's version: whoever then asks this node for the show's
  /// map, on whichever loop, is shown at least as much.
  func noteTold(_ showID: Int64, version: Int64) {
    onEach { $0.feed.noteTold(showID, version: version) }
  }
}
