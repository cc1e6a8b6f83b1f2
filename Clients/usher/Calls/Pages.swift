// Lists come in pages; here they become one.

import RPC
import UsherProtos

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
  /// Follows pages until the end or the limit. `limit` 0 means all.
  func list<Item: Sendable>(
    limit: Int,
    _ page: (_ size: Int32, _ token: String, CallOptions) async throws(RPCError) -> ([Item], String)
  ) async throws(Failure) -> Listing<Item> {
    let limit = limit == 0 ? Limits.listItemsAtMost : limit
    var listing = Listing<Item>()
    var token = ""
    repeat {
      let size = Int32(min(limit - listing.items.count, Limits.pageItems))
      let sent = token
      let (items, next) = try await read { (options) async throws(RPCError) in
        try await page(size, sent, options)
      }
      listing.items += items
      // A server that gives the same page for ever must not hold us.
      guard next.isEmpty || next != sent else {
        throw Failure(.other, "the server's list has no end: the next page is the page before")
      }
      token = next
    } while !token.isEmpty && listing.items.count < limit
    listing.isCut = !token.isEmpty || listing.items.count > limit
    listing.items = Array(listing.items.prefix(limit))
    return listing
  }

  func cities(limit: Int) async throws(Failure) -> Listing<Usher.V1.City> {
    try await list(limit: limit) { (size, token, options) async throws(RPCError) in
      let page = try await catalog.listCities(
        Usher.V1.ListCitiesRequest(pageSize: size, pageToken: token), options: options)
      return (page.cities, page.nextPageToken)
    }
  }

  func theatres(
    _ filter: Usher.V1.ListTheatresRequest, limit: Int
  ) async throws(Failure) -> Listing<Usher.V1.Theatre> {
    try await list(limit: limit) { (size, token, options) async throws(RPCError) in
      var request = filter
      (request.pageSize, request.pageToken) = (size, token)
      let page = try await catalog.listTheatres(request, options: options)
      return (page.theatres, page.nextPageToken)
    }
  }

  func movies(
    _ filter: Usher.V1.ListMoviesRequest, limit: Int
  ) async throws(Failure) -> Listing<Usher.V1.Movie> {
    try await list(limit: limit) { (size, token, options) async throws(RPCError) in
      var request = filter
      (request.pageSize, request.pageToken) = (size, token)
      let page = try await catalog.listMovies(request, options: options)
      return (page.movies, page.nextPageToken)
    }
  }

  func theatres(
    _ filter: Usher.V1.FindTheatresRequest, limit: Int
  ) async throws(Failure) -> Listing<Usher.V1.NearbyTheatre> {
    try await list(limit: limit) { (size, token, options) async throws(RPCError) in
      var request = filter
      (request.pageSize, request.pageToken) = (size, token)
      let page = try await catalog.findTheatres(request, options: options)
      return (page.theatres, page.nextPageToken)
    }
  }

  func movies(
    _ filter: Usher.V1.SearchMoviesRequest, limit: Int
  ) async throws(Failure) -> Listing<Usher.V1.Movie> {
    try await list(limit: limit) { (size, token, options) async throws(RPCError) in
      var request = filter
      (request.pageSize, request.pageToken) = (size, token)
      let page = try await catalog.searchMovies(request, options: options)
      return (page.movies, page.nextPageToken)
    }
  }

  func shows(
    _ filter: Usher.V1.ListShowsRequest, limit: Int
  ) async throws(Failure) -> Listing<Usher.V1.Show> {
    try await list(limit: limit) { (size, token, options) async throws(RPCError) in
      var request = filter
      (request.pageSize, request.pageToken) = (size, token)
      let page = try await catalog.listShows(request, options: options)
      return (page.shows, page.nextPageToken)
    }
  }
}
