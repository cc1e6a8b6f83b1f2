// usher.v1.CatalogService: what is on, where and when.

import Booking
import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct CatalogService: Usher.V1.CatalogServiceServer {
  private typealias API = Usher.V1
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  package func listCities(
    _ request: Usher.V1.ListCitiesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListCitiesResponse {
    let page = try await list(request.pageSize, context) {
      (store, size, timeout) async throws(StoreError) in
      try await store.cities(pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    let cities = page.items.map { city in
      API.City(
        cityId: city.id, name: city.name, region: city.region, countryCode: city.countryCode,
        theatreCount: city.theatreCount)
    }
    return .init(cities: cities, nextPageToken: page.nextPageToken)
  }

  package func listTheatres(
    _ request: Usher.V1.ListTheatresRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListTheatresResponse {
    let page = try await list(request.pageSize, context) {
      (store, size, timeout) async throws(StoreError) in
      try await store.theatres(
        cityID: request.cityId, movieID: request.movieId, pageSize: size,
        pageToken: request.pageToken, timeout: timeout)
    }
    let theatres = page.items.map { theatre in
      API.Theatre(
        theatreId: theatre.id, cityId: theatre.cityID, cityName: theatre.cityName,
        name: theatre.name, address: theatre.address, postalCode: theatre.postalCode,
        timeZone: theatre.timeZone, latitude: theatre.latitude, longitude: theatre.longitude,
        screenCount: theatre.screenCount)
    }
    return .init(theatres: theatres, nextPageToken: page.nextPageToken)
  }

  package func listMovies(
    _ request: Usher.V1.ListMoviesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListMoviesResponse {
    let page = try await list(request.pageSize, context) {
      (store, size, timeout) async throws(StoreError) in
      try await store.movies(
        cityID: request.cityId, theatreID: request.theatreId, pageSize: size,
        pageToken: request.pageToken, timeout: timeout)
    }
    let movies = page.items.map { movie in
      API.Movie(
        movieId: movie.id, title: movie.title, synopsis: movie.synopsis, genres: movie.genres,
        languages: movie.languages, durationMinutes: movie.durationMinutes,
        releaseDate: movie.releaseDate, certificate: movie.certificate)
    }
    return .init(movies: movies, nextPageToken: page.nextPageToken)
  }

  package func listShows(
    _ request: Usher.V1.ListShowsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListShowsResponse {
    var filter = CatalogStore.ShowFilter()
    filter.movieID = request.movieId
    filter.cityID = request.cityId
    filter.theatreID = request.theatreId
    var violations = FieldViolations()
    if !request.date.isEmpty {
      filter.date = CalendarDate(request.date)
      violations.require(
        filter.date != nil, "date", "must be a day of the calendar, for example 2027-03-28")
    }
    try violations.check()
    let page = try await list(request.pageSize, context) {
      [filter] (store, size, timeout) async throws(StoreError) in
      try await store.shows(
        filter, pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    return .init(
      shows: page.items.map { API.Show($0) }, nextPageToken: page.nextPageToken)
  }

  package func getShow(
    _ request: Usher.V1.GetShowRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetShowResponse {
    let directory = parts[context.loop].shows
    let details = try await failures.translating { () async throws(StoreError) in
      try await directory.show(id: request.showId)
    }
    guard let details else { throw .notFound(.showNotFound, "show", String(request.showId)) }
    let minute = Int(details.show.localStartMinute)
    return .init(
      show: .init(details.show), layout: .init(details.show, details.layout),
      offers: details.prices.offers.filter { $0.mayApply(startingAtLocalMinute: minute) }
        .map { API.Offer($0) })
  }

  private func list<Item>(
    _ pageSize: Int32, _ context: ServerContext,
    _ body: (CatalogStore, Int, Duration?) async throws(StoreError) -> Page<Item>
  ) async throws(RPCError) -> Page<Item> {
    var violations = FieldViolations()
    violations.require(pageSize >= 0, "page_size", "must not be negative")
    try violations.check()
    let store = parts[context.loop].catalog
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, Int(pageSize), context.remaining)
    }
  }
}
