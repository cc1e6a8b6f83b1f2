// The tables of cities, theatres, movies and shows.

import UsherProtos

enum CatalogTables {
  static func cities(_ cities: [Usher.V1.City], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "NAME", mayShrink: true),
        .init(title: "REGION", mayShrink: true), .init(title: "COUNTRY"),
        .init(title: "THEATRES", toRight: true),
      ], style)
    for city in cities {
      table.add([
        "\(city.cityId)", city.name, city.region, city.countryCode, "\(city.theatreCount)",
      ])
    }
    return table
  }

  static func theatres(_ theatres: [Usher.V1.Theatre], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "NAME", mayShrink: true),
        .init(title: "CITY", mayShrink: true), .init(title: "ADDRESS", mayShrink: true),
        .init(title: "SCREENS", toRight: true), .init(title: "TIME ZONE"),
      ], style)
    for theatre in theatres {
      table.add([
        "\(theatre.theatreId)", theatre.name, theatre.cityName, address(theatre),
        "\(theatre.screenCount)", theatre.timeZone,
      ])
    }
    return table
  }

  static func theatres(_ theatres: [Usher.V1.NearbyTheatre], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "METRES", toRight: true), .init(title: "ID", toRight: true),
        .init(title: "NAME", mayShrink: true), .init(title: "CITY", mayShrink: true),
        .init(title: "ADDRESS", mayShrink: true), .init(title: "SCREENS", toRight: true),
      ], style)
    for nearby in theatres {
      let theatre = nearby.theatre ?? .init()
      table.add([
        "\(nearby.distanceMetres)", "\(theatre.theatreId)", theatre.name, theatre.cityName,
        address(theatre), "\(theatre.screenCount)",
      ])
    }
    return table
  }

  private static func address(_ theatre: Usher.V1.Theatre) -> String {
    [theatre.address, theatre.postalCode].filter { !$0.isEmpty }.joined(separator: ", ")
  }

  static func movies(_ movies: [Usher.V1.Movie], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "TITLE", mayShrink: true),
        .init(title: "RUNS", toRight: true), .init(title: "CERT"),
        .init(title: "GENRES", mayShrink: true), .init(title: "LANGUAGES", mayShrink: true),
        .init(title: "RELEASED"),
      ], style)
    for movie in movies {
      table.add([
        "\(movie.movieId)", movie.title, "\(movie.durationMinutes) min", movie.certificate,
        movie.genres.joined(separator: ", "), movie.languages.joined(separator: ", "),
        movie.releaseDate,
      ])
    }
    return table
  }

  static func shows(_ shows: [Usher.V1.Show], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "SHOW", toRight: true), .init(title: "STARTS"),
        .init(title: "TITLE", mayShrink: true), .init(title: "THEATRE", mayShrink: true),
        .init(title: "AUDITORIUM", mayShrink: true), .init(title: "FORMAT"), .init(title: "LANG"),
        .init(title: "PRICE"), .init(title: "SALES"),
      ], style)
    for show in shows {
      table.add([
        "\(show.showId)", Clock.localTime(show.localStart), show.title,
        "\(show.theatreName), \(show.cityName)", show.auditoriumName, show.format, show.language,
        prices(show.prices, style), sales(show.salesState),
      ])
    }
    return table
  }

  /// `9.00 EUR`, or the range `9.00–14.00 EUR`.
  private static func prices(_ prices: [Usher.V1.TierPrice], _ style: Style) -> String {
    let amounts = prices.compactMap(\.price).sorted { $0.minorUnits < $1.minorUnits }
    guard let lowest = amounts.first, let highest = amounts.last else { return "" }
    guard lowest.minorUnits != highest.minorUnits else { return lowest.text }
    let number = lowest.text.split(separator: " ").first ?? ""
    return "\(number)\(style.dash)\(highest.text)"
  }

  static func sales(_ state: Usher.V1.SalesState) -> String {
    state.protoValueName.map { name in
      name.replacing("SALES_STATE_", with: "").lowercased().replacing("_", with: " ")
    } ?? "\(state.rawValue)"
  }
}
