// usher.v1.CatalogService: what is on, where and when.

import Booking
import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct CatalogService: Usher.V1.CatalogServiceServer {
  private typealias API = Usher.V1
  let parts: PerLoop<NodeParts>
  let failures: StoreFailures

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
    var violations = FieldViolations()
    violations.requireName(request.postalCode, "postal_code")
    let page = try await list(request.pageSize, context, violations) {
      (store, size, timeout) async throws(StoreError) in
      try await store.theatres(
        cityID: request.cityId, movieID: request.movieId, postalCode: request.postalCode,
        pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    return .init(
      theatres: page.items.map { API.Theatre($0) }, nextPageToken: page.nextPageToken)
  }

  package func findTheatres(
    _ request: Usher.V1.FindTheatresRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.FindTheatresResponse {
    var violations = FieldViolations()
    violations.require(
      (-90...90).contains(request.latitude), "latitude", "must be -90 to 90 degrees")
    violations.require(
      (-180...180).contains(request.longitude), "longitude", "must be -180 to 180 degrees")
    violations.require(request.withinMetres >= 0, "within_metres", "must not be negative")
    let place = try await place(request, &violations, context)
    let page = try await list(request.pageSize, context, violations) {
      (store, size, timeout) async throws(StoreError) in
      try await store.theatres(
        latitude: place.latitude, longitude: place.longitude,
        withinMetres: request.withinMetres, movieID: request.movieId, pageSize: size,
        pageToken: request.pageToken, timeout: timeout)
    }
    return .init(
      theatres: page.items.map {
        .init(theatre: API.Theatre($0.theatre), distanceMetres: $0.metres)
      }, nextPageToken: page.nextPageToken)
  }

  package func listMovies(
    _ request: Usher.V1.ListMoviesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListMoviesResponse {
    var (violations, filter) = (FieldViolations(), CatalogStore.MovieFilter())
    filter.cityID = request.cityId
    filter.theatreID = request.theatreId
    filter.genre = violations.requireName(request.genre, "genre")
    filter.language = violations.requireLanguage(request.language)
    filter.date = violations.requireDate(request.date)
    let page = try await list(request.pageSize, context, violations, isWide: filter.isWide) {
      [filter] (store, size, timeout) async throws(StoreError) in
      try await store.movies(
        filter, pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    return .init(movies: page.items.map { API.Movie($0) }, nextPageToken: page.nextPageToken)
  }

  package func searchMovies(
    _ request: Usher.V1.SearchMoviesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SearchMoviesResponse {
    var (violations, filter) = (FieldViolations(), CatalogStore.MovieFilter())
    violations.requireWords(request.text)
    filter.cityID = request.cityId
    filter.genre = violations.requireName(request.genre, "genre")
    filter.language = violations.requireLanguage(request.language)
    filter.date = violations.requireDate(request.date)
    let page = try await list(
      request.pageSize, context, violations, isWide: filter.isWideSearch
    ) { [filter] (store, size, timeout) async throws(StoreError) in
      try await store.movies(
        fitting: request.text, filter, pageSize: size, pageToken: request.pageToken,
        timeout: timeout)
    }
    return .init(movies: page.items.map { API.Movie($0) }, nextPageToken: page.nextPageToken)
  }

  package func listShows(
    _ request: Usher.V1.ListShowsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListShowsResponse {
    var (violations, filter) = (FieldViolations(), CatalogStore.ShowFilter())
    filter.movieID = request.movieId
    filter.cityID = request.cityId
    filter.theatreID = request.theatreId
    filter.date = violations.requireDate(request.date)
    filter.language = violations.requireLanguage(request.language)
    filter.format = violations.requireName(request.format, "format")
    let isKind = (0...4).contains(request.kind.rawValue)
    violations.require(isKind, "kind", "must be FILM, PLAY, CONCERT or OTHER")
    if isKind { filter.kind = Int16(clamping: request.kind.rawValue) }
    if !request.text.isEmpty { filter.text = violations.requireWords(request.text) }
    let page = try await list(request.pageSize, context, violations, isWide: filter.isWide) {
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
    let caller = context.caller as? KnownCaller
    // What others pay is no business of the caller's.
    let offers = details.prices.offers.filter { offer in
      let partnerID = offer.target.partnerID
      return partnerID == nil || partnerID == caller?.partnerID || caller?.isOperator == true
    }
    return .init(
      show: .init(details.show), layout: .init(details.show, details.layout),
      offers: offers.map { API.Offer($0, details.layout) },
      setAside: details.allocations.map { .init($0, details.layout, for: caller?.partnerID) })
  }

  package func listAddOns(
    _ request: Usher.V1.ListAddOnsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListAddOnsResponse {
    var violations = FieldViolations()
    violations.require(request.pageSize >= 0, "page_size", "must not be negative")
    try violations.check()
    let parts = parts[context.loop]
    let (directory, store) = (parts.shows, parts.terms)
    let page = try await failures.translating {
      () async throws(StoreError) -> Page<ManagedAddOn>? in
      guard try await directory.show(id: request.showId) != nil else { return nil }
      return try await store.addOns(
        ofShow: request.showId, pageSize: Int(request.pageSize), pageToken: request.pageToken,
        timeout: context.remaining)
    }
    guard let page else { throw .notFound(.showNotFound, "show", String(request.showId)) }
    return .init(addOns: page.items.map { API.AddOn($0) }, nextPageToken: page.nextPageToken)
  }

  /// Asks for a page. For a wide one the database may have to look at every show that there is, which takes it
  /// some tenths of a second: it counts as several calls.
  private func list<Item>(
    _ pageSize: Int32, _ context: ServerContext, _ violations: FieldViolations = .init(),
    isWide: Bool = false,
    _ body: (CatalogStore, Int, Duration?) async throws(StoreError) -> Page<Item>
  ) async throws(RPCError) -> Page<Item> {
    var violations = violations
    violations.require(pageSize >= 0, "page_size", "must not be negative")
    try violations.check()
    if isWide {
      try parts[context.loop].credentials.countMore(Limits.wideListCalls - 1, context)
    }
    let store = parts[context.loop].catalog
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, Int(pageSize), context.remaining)
    }
  }
}

extension FieldViolations {
  /// Takes words to search for.
  @discardableResult
  mutating func requireWords(_ text: String) -> String {
    require(
      text.unicodeScalars.count <= Limits.searchCharacters
        && text.contains { !$0.isWhitespace } && !text.utf8.contains(0),
      "text", "must have 1 to \(Limits.searchCharacters) characters, not only spaces")
    return text
  }

  /// Takes a name that may be empty.
  @discardableResult
  mutating func requireName(_ name: String, _ field: String) -> String {
    require(
      name.utf8.count <= Limits.nameBytes && !name.utf8.contains(0), field,
      "must have at most \(Limits.nameBytes) bytes")
    return name
  }

  /// Takes a BCP 47 tag that may be empty.
  mutating func requireLanguage(_ tag: String) -> String {
    require(
      Self.isLanguage(tag), "language", "must be a BCP 47 tag, for example en or en-GB")
    return tag
  }

  static func isLanguage(_ tag: String) -> Bool {
    let isPlain = tag.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "-"), 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: false
      }
    }
    return isPlain && tag.utf8.count <= Limits.languageBytes
  }

  /// Takes a day; nil for none.
  mutating func requireDate(_ text: String) -> CalendarDate? {
    guard !text.isEmpty else { return nil }
    let date = CalendarDate(text)
    require(date != nil, "date", "must be a day of the calendar, for example 2027-03-28")
    return date
  }
}
