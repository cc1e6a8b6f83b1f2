// What the services of one loop work with. Each loop has its own, so that a call finds everything
// it needs on the loop it lives on.

package import Booking
package import BookingStore
import Reactor
package import SeatFeed

/// The stores and feeds of one loop. Confined to it.
package final class NodeParts {
  package let catalog: CatalogStore
  package let answers: AnswerCache
  package let movies: MovieStore
  package let reviews: ReviewStore
  package let shows: ShowDirectory
  package let seatMaps: SeatMapStore
  package let bookings: BookingLookup
  package let credentials: CredentialCache
  package let operators: OperatorStore
  package let houses: HouseStore
  package let terms: TermsStore
  package let accounts: AccountStore
  package let feed: FeedRegistry
  package let waitlist: WaitlistStore
  package let waitRoom: WaitRoom
  package let sales: SalesStore
  package let salesNews: SalesNews
  package let suspicions: SuspicionStore
  package let sandbox: SandboxStore

  package init(
    catalog: CatalogStore, answers: AnswerCache, movies: MovieStore, reviews: ReviewStore,
    shows: ShowDirectory, seatMaps: SeatMapStore, bookings: BookingLookup,
    credentials: CredentialCache, operators: OperatorStore, houses: HouseStore,
    terms: TermsStore, accounts: AccountStore, feed: FeedRegistry, waitlist: WaitlistStore,
    waitRoom: WaitRoom, sales: SalesStore, salesNews: SalesNews, suspicions: SuspicionStore,
    sandbox: SandboxStore
  ) {
    self.catalog = catalog
    self.answers = answers
    self.movies = movies
    self.reviews = reviews
    self.shows = shows
    self.seatMaps = seatMaps
    self.bookings = bookings
    self.credentials = credentials
    self.operators = operators
    self.houses = houses
    self.terms = terms
    self.accounts = accounts
    self.feed = feed
    self.waitlist = waitlist
    self.waitRoom = waitRoom
    self.sales = sales
    self.salesNews = salesNews
    self.suspicions = suspicions
    self.sandbox = sandbox
  }
}

extension PerLoop<NodeParts> {
  /// Applies what this node has committed. Called before anybody is answered: whoever then asks this
  /// node for one of the shows, on whichever loop, is shown at least as much.
  package func applyOwn(_ changes: [SeatChange]) {
    onEach { parts in
      for change in changes { parts.feed.applyOwn(change) }
      parts.salesNews.note()
    }
  }
}
