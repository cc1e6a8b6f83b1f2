// The town as rows for the SQL files of Town/, one JSON document per statement.

import Booking
import Foundation
import Postgres

/// Everything that the town adds to a database, ready to send.
struct TownRows: Sendable {
  private let cities: String
  private let theatres: String
  private let auditoriums: String
  private let layouts: String
  private let addOns: String
  private let movies: String
  private let prices: String
  private let shows: String

  /// Plans the shows of the given days and writes all rows but those of some theatres. Column names are those
  /// of the SQL.
  init(_ town: TownSeed, without closed: Set<TheatreName>, days: [Int32]) throws(TownSeedError) {
    let rooms = TownRoom.all(of: town).filter { !closed.contains(TheatreName($0.city, $0.theatre)) }
    cities = try Self.json(town.cities.map(CityRow.init))
    theatres = try Self.json(
      town.cities.flatMap { city in city.theatres.map { TheatreRow(city, $0) } })
    auditoriums = try Self.json(rooms.map(AuditoriumRow.init))
    layouts = try Self.json(town.drawings.values.map(LayoutRow.init))
    addOns = try Self.json(
      town.cities.flatMap { city in
        city.theatres.filter { !closed.contains(TheatreName(city, $0)) }.flatMap { theatre in
          theatre.addOns.map { AddOnRow(city, theatre, $0) }
        }
      })
    movies = try Self.json(town.movies.map(MovieRow.init))
    prices = try Self.json(rooms.flatMap { PriceRow.all(of: $0, in: town) })
    var planned: [ShowRow] = []
    for room in rooms {
      for day in days {
        let shows = try town.programme(
          theatre: room.theatre, auditorium: room.auditorium, room: room.number, day: day)
        planned += shows.map { ShowRow($0, in: room) }
      }
    }
    shows = try Self.json(planned)
  }

  /// Adds what is missing. Call in a transaction.
  func insert(
    into connection: PostgresConnection, today: PostgresDate
  ) async throws(PostgresError) -> TownSeed.Summary {
    func run(
      _ name: String, _ sql: [UInt8], _ parameters: [PostgresValue]
    ) async throws(PostgresError) -> Int {
      let statement = PostgresStatement(name: name, sql: String(decoding: sql, as: UTF8.self))
      let row = try await connection.query(statement, parameters).onlyRow()
      return Int(try row.decode(0, as: Int64.self))
    }
    var added = TownSeed.Summary()
    added.cities = try await run(
      "seed_cities", PackageResources.seed_cities_sql, [.jsonb(cities)])
    added.theatres = try await run(
      "seed_theatres", PackageResources.seed_theatres_sql, [.jsonb(theatres)])
    added.auditoriums = try await run(
      "seed_auditoriums", PackageResources.seed_auditoriums_sql, [.jsonb(auditoriums)])
    added.seats = try await run(
      "seed_layouts", PackageResources.seed_layouts_sql, [.jsonb(auditoriums), .jsonb(layouts)])
    added.addOns = try await run(
      "seed_add_ons", PackageResources.seed_add_ons_sql, [.jsonb(addOns)])
    added.movies = try await run(
      "seed_movies", PackageResources.seed_movies_sql, [.jsonb(movies), .date(today)])
    added.shows = try await run(
      "seed_shows", PackageResources.seed_shows_sql, [.jsonb(shows), .jsonb(prices)])
    return added
  }

  private static func json(_ rows: [some Encodable]) throws(TownSeedError) -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    do {
      return String(decoding: try encoder.encode(rows), as: UTF8.self)
    } catch {
      throw TownSeedError("rows cannot be written: \(error)")
    }
  }
}

/// What tells a theatre of the town from the others.
struct TheatreName: Hashable {
  let city, theatre: String
}

extension TheatreName {
  fileprivate init(_ city: CityFile, _ theatre: TheatreFile) {
    self.init(city: city.name, theatre: theatre.name)
  }
}

/// A room with where it is.
struct TownRoom: Sendable {
  let city: CityFile
  let theatre: TheatreFile
  let auditorium: AuditoriumFile
  /// Position in the whole town.
  let number: Int

  static func all(of town: TownSeed) -> [TownRoom] {
    let rooms = town.cities.flatMap { city in
      city.theatres.flatMap { theatre in theatre.auditoriums.map { (city, theatre, $0) } }
    }
    return rooms.enumerated().map { number, room in
      TownRoom(city: room.0, theatre: room.1, auditorium: room.2, number: number)
    }
  }
}

private struct CityRow: Encodable {
  let name, region, countryCode: String

  init(_ city: CityFile) {
    (name, region, countryCode) = (city.name, city.region, city.countryCode)
  }
}

private struct TheatreRow: Encodable {
  let city, region, countryCode, name, address, postalCode, timeZone: String
  let lane: Int16
  let latitude, longitude: Double

  init(_ city: CityFile, _ theatre: TheatreFile) {
    (self.city, region, countryCode) = (city.name, city.region, city.countryCode)
    (name, address, postalCode) = (theatre.name, theatre.address, theatre.postalCode)
    (timeZone, lane) = (theatre.timeZone, theatre.lane)
    (latitude, longitude) = (theatre.latitude, theatre.longitude)
  }
}

private struct AuditoriumRow: Encodable {
  let city, theatre, name, layout: String

  init(_ room: TownRoom) {
    (city, theatre) = (room.city.name, room.theatre.name)
    (name, layout) = (room.auditorium.name, room.auditorium.layout)
  }
}

private struct LayoutRow: Encodable {
  struct SeatRow: Encodable {
    let seatNo: Int32
    let label, rowLabel: String
    let gridX, gridY: Int32
    let tier: String
    let attributes: Int16

    init(_ seat: LayoutSeat) {
      (seatNo, label, rowLabel) = (seat.number, seat.label, seat.row)
      (gridX, gridY) = (seat.x, seat.y)
      (tier, attributes) = (seat.tier, seat.attributes.rawValue)
    }
  }

  let layout: String
  let gridColumns, gridLines, focalXHundredths, focalYHundredths: Int32
  let seats: [SeatRow]

  init(_ drawing: Drawing) {
    layout = drawing.name
    (gridColumns, gridLines) = (drawing.layout.columns, drawing.layout.lines)
    focalXHundredths = drawing.layout.focalPoint.xHundredths
    focalYHundredths = drawing.layout.focalPoint.yHundredths
    seats = drawing.layout.seats.map(SeatRow.init)
  }
}

private struct AddOnRow: Encodable {
  let city, theatre, title, category: String
  let minorUnits: Int64
  let currency: String
  let mostPerSeat: Int32

  init(_ city: CityFile, _ theatre: TheatreFile, _ addOn: AddOnFile) {
    (self.city, self.theatre) = (city.name, theatre.name)
    (title, category) = (addOn.title, addOn.category)
    (minorUnits, currency, mostPerSeat) = (addOn.price, theatre.currency, addOn.mostPerSeat)
  }
}

private struct MovieRow: Encodable {
  let title, synopsis: String
  let genres, languages: [String]
  let durationMinutes, releasedDaysAgo: Int32
  let certificate: String

  init(_ movie: MovieFile) {
    (title, synopsis) = (movie.title, movie.synopsis)
    (genres, languages) = (movie.genres, movie.languages)
    (durationMinutes, releasedDaysAgo) = (movie.durationMinutes, movie.releasedDaysAgo)
    certificate = movie.certificate
  }
}

private struct PriceRow: Encodable {
  let city, theatre, auditorium: String
  let weekend: Bool
  let tier: String
  let minorUnits: Int64

  /// The prices of a room's tiers, on weekdays and from Friday to Sunday.
  static func all(of room: TownRoom, in town: TownSeed) -> [PriceRow] {
    let tiers = town.drawings[room.auditorium.layout]?.layout.tiers ?? []
    return tiers.flatMap { tier in
      [false, true].map { weekend in
        let base = (room.theatre.prices[tier] ?? 0) + (room.auditorium.surcharge ?? 0)
        return PriceRow(
          city: room.city.name, theatre: room.theatre.name, auditorium: room.auditorium.name,
          weekend: weekend, tier: tier,
          minorUnits: base + (weekend ? room.theatre.weekendSurcharge : 0))
      }
    }
  }
}

private struct ShowRow: Encodable {
  let city, theatre, auditorium: String
  /// The `show.kind` of the schema.
  let kind: Int16
  /// Empty unless a film.
  let movie: String
  /// Empty for a film.
  let title: String
  let language, format, currency: String
  let weekend: Bool
  let day, startMinute, minutes: Int32

  init(_ show: PlannedShow, in room: TownRoom) {
    (city, theatre, auditorium) = (room.city.name, room.theatre.name, room.auditorium.name)
    switch show.content {
    case .film(let title): (kind, movie, self.title) = (1, title, "")
    case .stage(let title, let kind): (self.kind, movie, self.title) = (kind.code, "", title)
    }
    (language, format) = (show.language, room.auditorium.format ?? "")
    currency = room.theatre.currency
    weekend = [.fri, .sat, .sun].contains(Weekday(unixDays: show.day))
    (day, startMinute, minutes) = (show.day, show.startMinute, show.minutes)
  }
}

extension ProductionFile.Kind {
  /// The `show.kind` of the schema.
  fileprivate var code: Int16 {
    switch self {
    case .play: 2
    case .concert: 3
    }
  }
}
