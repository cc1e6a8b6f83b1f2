// Lists come in pages; here they become one. Which requests and answers are pages stands at the end.

import ProtoWire
import RPC
import UsherProtos

/// A request for a page of a list.
protocol PageRequest: Sendable {
  var pageSize: Int32 { get set }
  var pageToken: String { get set }
}

/// A page of a list.
protocol Page: ProtoJSONMessage {
  associatedtype Item: ProtoJSONMessage
  /// What it is a page of.
  static var items: WritableKeyPath<Self, [Item]> { get }
  /// Where the next page starts; empty on the last.
  var nextPageToken: String { get }
}

/// A list, or its beginning.
struct Listing<Item: Sendable>: Sendable {
  var items: [Item] = []
  /// Whether the server has more.
  var isCut = false

  func map<Other>(_ transform: (Item) -> Other) -> Listing<Other> {
    Listing<Other>(items: items.map(transform), isCut: isCut)
  }
}

extension Session {
  /// Follows pages until the end or the limit, 0 for all, and gives each away. Between them whoever calls
  /// too often waits as told. Returns whether the server has more.
  func pages<Request: PageRequest, Answer: Page>(
    of request: Request, _ call: Call<Request, Answer>, limit: Int,
    _ take: (Answer) throws(Failure) -> Void
  ) async throws(Failure) -> Bool {
    var request = request
    var left = limit == 0 ? Limits.listItemsAtMost : limit
    while true {
      request.pageSize = Int32(min(left, Limits.pageItems))
      var page = try await page(of: request, call)
      // A server that gives the same page for ever must not hold us.
      guard page.nextPageToken.isEmpty || page.nextPageToken != request.pageToken else {
        throw Failure(.other, "the server's list has no end: the next page is the page before")
      }
      let excess = page[keyPath: Answer.items].count - left
      if excess > 0 { page[keyPath: Answer.items].removeLast(excess) }
      left -= page[keyPath: Answer.items].count
      try take(page)
      request.pageToken = page.nextPageToken
      if request.pageToken.isEmpty || left == 0 { return !request.pageToken.isEmpty || excess > 0 }
    }
  }

  private func page<Request, Answer: Sendable>(
    of request: Request, _ call: Call<Request, Answer>
  ) async throws(Failure) -> Answer {
    var patience = Patience()
    while true {
      do throws(Failure) {
        return try await read(request, call)
      } catch {
        try await patience.wait(after: error, self)
      }
    }
  }

  /// The items of all pages up to the limit, 0 for all.
  func all<Request: PageRequest, Answer: Page>(
    _ request: Request, _ call: Call<Request, Answer>, limit: Int = 0
  ) async throws(Failure) -> Listing<Answer.Item> {
    var items: [Answer.Item] = []
    let isCut = try await pages(of: request, call, limit: limit) { (page) throws(Failure) in
      items += page[keyPath: Answer.items]
    }
    return Listing(items: items, isCut: isCut)
  }
}

// MARK: What is paged

extension Usher.V1.FindTheatresRequest: PageRequest {}
extension Usher.V1.GetSettlementRequest: PageRequest {}
extension Usher.V1.ListAddOnsRequest: PageRequest {}
extension Usher.V1.ListAllocationsRequest: PageRequest {}
extension Usher.V1.ListAuditoriumsRequest: PageRequest {}
extension Usher.V1.ListBookingsRequest: PageRequest {}
extension Usher.V1.ListCitiesRequest: PageRequest {}
extension Usher.V1.ListCommentsRequest: PageRequest {}
extension Usher.V1.ListLayoutVersionsRequest: PageRequest {}
extension Usher.V1.ListMovieTheatresRequest: PageRequest {}
extension Usher.V1.ListMoviesRequest: PageRequest {}
extension Usher.V1.ListOffersRequest: PageRequest {}
extension Usher.V1.ListOwnAddOnsRequest: PageRequest {}
extension Usher.V1.ListOwnTheatresRequest: PageRequest {}
extension Usher.V1.ListReviewsRequest: PageRequest {}
extension Usher.V1.ListShowBookingsRequest: PageRequest {}
extension Usher.V1.ListShowsRequest: PageRequest {}
extension Usher.V1.ListTheatresRequest: PageRequest {}
extension Usher.V1.SearchMoviesRequest: PageRequest {}
extension Usher.Admin.V1.ListApiKeysRequest: PageRequest {}
extension Usher.Admin.V1.ListAuditEntriesRequest: PageRequest {}
extension Usher.Admin.V1.ListConnectionsRequest: PageRequest {}
extension Usher.Admin.V1.ListPartnersRequest: PageRequest {}
extension Usher.Admin.V1.ListReportsRequest: PageRequest {}

extension Usher.V1.FindTheatresResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.NearbyTheatre]> { \.theatres }
}
extension Usher.V1.GetSettlementResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.SettlementLine]> { \.lines }
}
extension Usher.V1.ListAddOnsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.AddOn]> { \.addOns }
}
extension Usher.V1.ListAllocationsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.ManagedAllocation]> { \.allocations }
}
extension Usher.V1.ListAuditoriumsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Auditorium]> { \.auditoriums }
}
extension Usher.V1.ListBookingsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Booking]> { \.bookings }
}
extension Usher.V1.ListCitiesResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.City]> { \.cities }
}
extension Usher.V1.ListCommentsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Comment]> { \.comments }
}
extension Usher.V1.ListLayoutVersionsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.LayoutVersion]> { \.versions }
}
extension Usher.V1.ListMovieTheatresResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.TheatreShows]> { \.theatres }
}
extension Usher.V1.ListMoviesResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Movie]> { \.movies }
}
extension Usher.V1.ListOffersResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.ManagedOffer]> { \.offers }
}
extension Usher.V1.ListOwnAddOnsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.ManagedAddOn]> { \.addOns }
}
extension Usher.V1.ListOwnTheatresResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.OwnTheatre]> { \.theatres }
}
extension Usher.V1.ListReviewsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Review]> { \.reviews }
}
extension Usher.V1.ListShowBookingsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.ShowBooking]> { \.bookings }
}
extension Usher.V1.ListShowsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Show]> { \.shows }
}
extension Usher.V1.ListTheatresResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Theatre]> { \.theatres }
}
extension Usher.V1.SearchMoviesResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.V1.Movie]> { \.movies }
}
extension Usher.Admin.V1.ListApiKeysResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.Admin.V1.ApiKey]> { \.apiKeys }
}
extension Usher.Admin.V1.ListAuditEntriesResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.Admin.V1.AuditEntry]> { \.entries }
}
extension Usher.Admin.V1.ListConnectionsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.Admin.V1.Connection]> { \.connections }
}
extension Usher.Admin.V1.ListPartnersResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.Admin.V1.Partner]> { \.partners }
}
extension Usher.Admin.V1.ListReportsResponse: Page {
  static var items: WritableKeyPath<Self, [Usher.Admin.V1.ContentReport]> { \.reports }
}
