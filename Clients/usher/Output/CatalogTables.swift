// The tables of cities, theatres, movies and shows.

import UsherProtos

enum CatalogTables {
  static let cities: [Column<Usher.V1.City>] = [
    .number("ID", "city_id") { $0.cityId },
    .text("NAME", "name") { $0.name },
    .text("REGION", "region") { $0.region },
    .word("COUNTRY", "country") { $0.countryCode },
    .number("THEATRES", "theatres") { $0.theatreCount },
  ]

  static let theatres: [Column<Usher.V1.Theatre>] =
    places + [
      .word("TIME ZONE", "time_zone") { $0.timeZone },
      .data("latitude") { "\($0.latitude)" },
      .data("longitude") { "\($0.longitude)" },
    ]

  static let nearbyTheatres: [Column<Usher.V1.NearbyTheatre>] =
    [.number("METRES", "metres") { $0.distanceMetres }]
    + places.map { $0.of { $0.theatre ?? .init() } }

  private static let places: [Column<Usher.V1.Theatre>] = [
    .number("ID", "theatre_id") { $0.theatreId },
    .text("NAME", "name") { $0.name },
    .data("city_id") { "\($0.cityId)" },
    .text("CITY", "city") { $0.cityName },
    .seen("ADDRESS", mayShrink: true) { address($0) },
    .data("address") { $0.address },
    .data("postal_code") { $0.postalCode },
    .number("SCREENS", "screens") { $0.screenCount },
  ]

  private static func address(_ theatre: Usher.V1.Theatre) -> String {
    [theatre.address, theatre.postalCode].filter { !$0.isEmpty }.joined(separator: ", ")
  }

  static let movies: [Column<Usher.V1.Movie>] = [
    .number("ID", "movie_id") { $0.movieId },
    .text("TITLE", "title") { $0.title },
    .seen("RUNS", toRight: true) { "\($0.durationMinutes) min" },
    .data("minutes") { "\($0.durationMinutes)" },
    .word("CERT", "certificate") { $0.certificate },
    .words("GENRES", "genres") { $0.genres },
    .words("LANGUAGES", "languages") { $0.languages },
    .word("RELEASED", "released") { $0.releaseDate },
  ]

  static let shows: [Column<Usher.V1.Show>] = [
    .number("SHOW", "show_id") { $0.showId },
    .seen("STARTS") { Clock.localTime($0.localStart) },
    .data("starts_at") { CSVText.time($0.startsAt) },
    .data("ends_at") { CSVText.time($0.endsAt) },
    .data("local_start") { $0.localStart },
    .data("time_zone") { $0.timeZone },
    .data("movie_id") { CSVText.id($0.movieId) },
    .text("TITLE", "title") { $0.title },
    .seen("THEATRE", mayShrink: true) { "\($0.theatreName), \($0.cityName)" },
    .data("theatre_id") { "\($0.theatreId)" },
    .data("theatre") { $0.theatreName },
    .data("city") { $0.cityName },
    .text("AUDITORIUM", "auditorium") { $0.auditoriumName },
    .word("FORMAT", "format") { $0.format },
    .word("LANG", "language") { $0.language },
    .seen("PRICE") { prices($0.prices) },
    .data("lowest_price") { amounts($0.prices).first?.number ?? "" },
    .data("highest_price") { amounts($0.prices).last?.number ?? "" },
    .data("currency") { amounts($0.prices).first?.currencyCode ?? "" },
    .word("SALES", "sales") { sales($0.salesState) },
    .data("seats") { "\($0.seatCount)" },
  ]

  /// `9.00 EUR`, or the range `9.00–14.00 EUR`.
  private static func prices(_ prices: [Usher.V1.TierPrice]) -> String {
    let amounts = amounts(prices)
    guard let lowest = amounts.first, let highest = amounts.last else { return "" }
    return lowest.minorUnits == highest.minorUnits
      ? lowest.text : "\(lowest.number)–\(highest.text)"
  }

  /// The lowest first.
  private static func amounts(_ prices: [Usher.V1.TierPrice]) -> [Usher.V1.Money] {
    prices.compactMap(\.price).sorted { $0.minorUnits < $1.minorUnits }
  }

  static func sales(_ state: Usher.V1.SalesState) -> String {
    state.protoValueName.map { name in
      name.replacing("SALES_STATE_", with: "").lowercased().replacing("_", with: " ")
    } ?? "\(state.rawValue)"
  }
}
