// Reads the catalogue: paged lists and single shows. Every list is paged by key, so that a page
// costs the same wherever it is.

package import Booking
import Postgres

/// Reads the catalogue.
package struct CatalogStore: Sendable {
  let database: any Database

  /// Reads from a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// Cities with theatres, by name. `pageSize` as in the API: 0 for the default. Throws
  /// `.invalidPageToken` for a token of another list.
  package func cities(
    pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<CityRecord> {
    try await database.page(
      Statements.listCities, RequestHash(command: "cities"), [], pageSize, pageToken, timeout,
      key: { ($0.name, $0.id) }, CityRecord.init)
  }

  /// Theatres, by name; 0 and the empty text leave a filter out. Pages as in
  /// ``cities(pageSize:pageToken:timeout:)``.
  package func theatres(
    cityID: Int64, movieID: Int64, postalCode: String, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<TheatreRecord> {
    var filter = RequestHash(command: "theatres")
    filter.add(cityID)
    filter.add(movieID)
    filter.add(postalCode)
    let filters = [PostgresValue.filter(cityID), .filter(movieID), .filter(postalCode)]
    return try await database.page(
      Statements.listTheatres.form(for: filters), filter, filters, pageSize, pageToken, timeout,
      key: { ($0.name, $0.id) }, TheatreRecord.init)
  }

  /// Whose a theatre is, or was before it closed; nil when there is none.
  package func owner(
    ofTheatre id: Int64, evenClosed: Bool = false, timeout: Duration? = nil
  ) async throws(StoreError) -> OwnedTheatre? {
    let result = try await database.ask(
      Statements.getTheatreOwner, [.int8(id), .bool(evenClosed)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in
      OwnedTheatre(theatreID: try row.decode(0), partnerID: try row.decode(1))
    }
  }

  /// Which movies to list; 0, nil and the empty text leave a filter out.
  package struct MovieFilter: Sendable, Hashable {
    /// Only those showing in this city.
    package var cityID: Int64 = 0
    /// Only those showing at this theatre.
    package var theatreID: Int64 = 0
    /// Only those of this genre.
    package var genre = ""
    /// Only those in this language.
    package var language = ""
    /// Only those showing on this day of the theatre.
    package var date: CalendarDate?

    /// No filter.
    package init() {}

    /// Whether what it leaves may be rare in all of the catalogue.
    package var isWide: Bool {
      cityID == 0 && theatreID == 0 && !(genre.isEmpty && language.isEmpty && date == nil)
    }

    /// The same of a search, which without a city and a day looks at no shows.
    package var isWideSearch: Bool { cityID == 0 && date != nil }

    func add(to hash: inout RequestHash) {
      hash.add(cityID)
      hash.add(theatreID)
      hash.add(genre)
      hash.add(language)
      hash.add(Int64(date?.daysSince1970 ?? .min))
    }

    var day: PostgresValue { .date(date.map { PostgresDate(unixDays: $0.daysSince1970) }) }
  }

  /// Movies with shows to come, by title.
  package func movies(
    _ wanted: MovieFilter, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<MovieRecord> {
    var filter = RequestHash(command: "movies")
    wanted.add(to: &filter)
    let filters = [
      PostgresValue.filter(wanted.cityID), .filter(wanted.theatreID), .filter(wanted.genre),
      .filter(wanted.language), wanted.day,
    ]
    let isLocal = wanted.cityID != 0 || wanted.theatreID != 0
    let statement = isLocal ? Statements.listLocalMovies : Statements.listMovies
    return try await database.page(
      statement.form(for: filters), filter, filters, pageSize, pageToken, timeout,
      key: { ($0.title, $0.id) }, MovieRecord.init)
  }

  /// Which shows to list; 0 and nil leave a filter out.
  package struct ShowFilter: Sendable, Hashable {
    /// Only of this movie.
    package var movieID: Int64 = 0
    /// Only in this city.
    package var cityID: Int64 = 0
    /// Only at this theatre.
    package var theatreID: Int64 = 0
    /// Only those that start on this day of the theatre.
    package var date: CalendarDate?
    /// Only those in this language.
    package var language = ""
    /// Only those in this format.
    package var format = ""
    /// Only those of this kind: 1 film, 2 play, 3 concert, 4 other.
    package var kind: Int16 = 0
    /// Only those that are no films and whose titles fit these words.
    package var text = ""

    /// No filter.
    package init() {}

    /// Whether what it leaves may be rare in all of the catalogue.
    package var isWide: Bool {
      movieID == 0 && cityID == 0 && theatreID == 0 && date == nil && text.isEmpty
        && !(language.isEmpty && format.isEmpty && kind == 0)
    }

    func add(to hash: inout RequestHash) {
      for number in [movieID, cityID, theatreID, Int64(kind)] { hash.add(number) }
      hash.add(text)
      hash.add(Int64(date?.daysSince1970 ?? .min))
      hash.add(language)
      hash.add(format)
    }

    var day: PostgresValue { .date(date.map { PostgresDate(unixDays: $0.daysSince1970) }) }
  }

  /// Shows that have not ended, by start.
  package func shows(
    _ wanted: ShowFilter, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<ShowRecord> {
    var filter = RequestHash(command: "shows")
    wanted.add(to: &filter)
    let token = try PageToken(pageToken, boundTo: filter)
    guard var after = token == .start ? 0 : Int64(token.key) else {
      throw StoreError(.invalidPageToken)
    }
    if let date = wanted.date { after = max(after, date.earliestUnixMicroseconds) }
    let size = Paging.size(pageSize)
    let parameters: [PostgresValue] = [
      .filter(wanted.movieID), .filter(wanted.cityID), .filter(wanted.theatreID), wanted.day,
      .filter(wanted.language), .filter(wanted.format),
      .timestamp(PostgresTimestamp(unixMicroseconds: after)), .int8(token.id),
      .int8(Int64(size) + 1), .int2(wanted.kind == 0 ? nil : wanted.kind), .filter(wanted.text),
    ]
    let result = try await token.judging { () async throws(StoreError) in
      try await database.ask(Statements.listShows, parameters, timeout: timeout)
    }
    return try Paging.page(
      result, size, filter, key: { (String($0.startsAtUnixMicroseconds), $0.id) }, ShowRecord.init)
  }

  /// One show with layout, prices and offers; nil when there is none.
  package func show(
    id: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> ShowDetails? {
    guard let show = try await showRecord(id: id, timeout: timeout) else { return nil }
    let layout = try await layout(
      auditoriumID: show.auditoriumID, version: show.layoutVersion, timeout: timeout)
    return try await details(of: show, layout: layout, timeout: timeout)
  }

  func showRecord(
    id: Int64, timeout: Duration?
  ) async throws(StoreError) -> ShowRecord? {
    let result = try await database.ask(Statements.getShow, [.int8(id)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try ShowRecord(row) }
  }

  func layout(
    auditoriumID: Int64, version: Int32, timeout: Duration?
  ) async throws(StoreError) -> SeatLayout {
    let result = try await database.ask(
      Statements.getLayout, [.int8(auditoriumID), .int4(version)], timeout: timeout)
    return try reading { () throws(PostgresError) in try SeatLayout(try result.onlyRow()) }
  }

  func details(
    of show: ShowRecord, layout: SeatLayout, timeout: Duration?
  ) async throws(StoreError) -> ShowDetails {
    let result = try await database.ask(Statements.listOffers, [.int8(show.id)], timeout: timeout)
    let offers = try reading { () throws(PostgresError) in
      var offers: [Offer] = []
      for row in result.rows { offers.append(try Offer(row)) }
      return offers
    }
    let tiers = show.prices.map { ($0.tier, $0.minorUnits) }
    let prices = PriceList(
      currency: show.currency, tierPrices: Dictionary(tiers) { first, _ in first },
      offers: offers, start: show.start, version: show.pricingVersion)
    return ShowDetails(
      show: show, layout: layout, prices: prices,
      allocations: try await allocations(of: show.id, timeout: timeout))
  }

  /// What is set aside of a show and has not returned.
  private func allocations(
    of showID: Int64, timeout: Duration?
  ) async throws(StoreError) -> [Allocation] {
    let result = try await database.ask(
      Statements.listAllocations, [.int8(showID)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try Allocation(row) }
    }
  }
}

extension CalendarDate {
  /// No clock on earth is so far ahead of UTC that the day begins earlier.
  fileprivate var earliestUnixMicroseconds: Int64 {
    (Int64(daysSince1970) * 24 - 16) * 3_600_000_000
  }
}
