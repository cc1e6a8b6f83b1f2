// The demo's town: data files in the binary → a plan → rows of the database, in one transaction.
// Knows the schema through its own SQL files and `create_show`; knows nothing of sales.

import Booking
import Foundation
import Postgres

/// The town as its files describe it, checked.
struct TownSeed: Sendable {
  /// What applying the town added; all zero when nothing was missing.
  struct Summary: Sendable, Equatable {
    var cities = 0
    var theatres = 0
    var auditoriums = 0
    var seats = 0
    var addOns = 0
    var movies = 0
    var shows = 0
  }

  let cities: [CityFile]
  let movies: [MovieFile]
  let productions: [String: ProductionFile]
  let drawings: [String: Drawing]

  /// Reads and checks the files of the binary. They are part of the program: an error is a bug.
  init() throws(TownSeedError) {
    try self.init(
      cities: Self.read(PackageResources.cities_json, "cities"),
      movies: Self.read(PackageResources.movies_json, "movies"),
      productions: Self.read(PackageResources.productions_json, "productions"),
      layouts: Self.read(PackageResources.layouts_json, "layouts"))
  }

  init(
    cities: [CityFile], movies: [MovieFile], productions: [ProductionFile], layouts: [SeatDrawing]
  ) throws(TownSeedError) {
    self.cities = cities
    self.movies = movies
    self.productions = try Self.index(productions, "production", by: \.title)
    var drawings: [Drawing] = []
    for layout in layouts { drawings.append(try Drawing(layout)) }
    self.drawings = try Self.index(drawings, "layout", by: \.name)
    try check()
  }

  /// Days of shows that a town has from today on. One more than two weeks: wherever a theatre is,
  /// its local day may still be yesterday's or already tomorrow's.
  static let dayCount = 15

  /// Makes the database hold the whole town and its shows from `today` on. Adds what is missing and
  /// changes nothing else, so a second start resumes. All or nothing.
  ///
  /// The connection must be the caller's alone; its statement time-out must allow some seconds.
  static func apply(
    to connection: PostgresConnection, today: PostgresDate, dayCount: Int = dayCount
  ) async throws -> Summary {
    let town = try TownSeed()
    let days = (0..<Int32(dayCount)).map { today.unixDays + $0 }
    let rows = try TownRows(town, without: try await closedTheatres(connection), days: days)
    return try await connection.transaction { connection throws(PostgresError) in
      try await rows.insert(into: connection, today: today)
    }
  }

  /// Of these nothing is added: what has the name of one now is somebody else's.
  private static func closedTheatres(
    _ connection: PostgresConnection
  ) async throws(PostgresError) -> Set<TheatreName> {
    let sql = String(decoding: PackageResources.closed_theatres_sql, as: UTF8.self)
    let result = try await connection.query(PostgresStatement(name: "closed_theatres", sql: sql))
    var names: Set<TheatreName> = []
    for row in result.rows {
      names.insert(TheatreName(city: try row.decode(0), theatre: try row.decode(1)))
    }
    return names
  }

  private static func read<File: Decodable>(
    _ bytes: [UInt8], _ name: String
  ) throws(TownSeedError) -> [File] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode([File].self, from: Data(bytes))
    } catch {
      throw TownSeedError("\(name).json: \(error)")
    }
  }

  private static func index<Value>(
    _ values: [Value], _ what: String, by key: (Value) -> String
  ) throws(TownSeedError) -> [String: Value] {
    var index: [String: Value] = [:]
    for value in values {
      guard index.updateValue(value, forKey: key(value)) == nil else {
        throw TownSeedError("two of one name: \(what) \(key(value))")
      }
    }
    return index
  }

  /// Every name that a file uses is defined by another, and every tier has a price.
  private func check() throws(TownSeedError) {
    guard Set(movies.map(\.title)).count == movies.count else {
      throw TownSeedError("two movies of one title")
    }
    for theatre in cities.flatMap(\.theatres) {
      for auditorium in theatre.auditoriums {
        guard let drawing = drawings[auditorium.layout] else {
          throw TownSeedError("no such layout: \(auditorium.layout)")
        }
        for tier in drawing.layout.tiers where theatre.prices[tier] == nil {
          throw TownSeedError("\(theatre.name) has no price for \(tier)")
        }
        for engagement in auditorium.stage ?? []
        where productions[engagement.production] == nil {
          throw TownSeedError("no such production: \(engagement.production)")
        }
      }
    }
  }
}

/// The town's files contradict themselves or each other.
struct TownSeedError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = "town: \(description)" }
}
