// The data files of the town as they are written: see Town/*.json. Values only, no checks across
// files.

/// A city with its theatres.
struct CityFile: Decodable, Sendable {
  let name: String
  let region: String
  let countryCode: String
  let theatres: [TheatreFile]
}

/// A theatre, its price list and its rooms.
struct TheatreFile: Decodable, Sendable {
  let name: String
  let lane: Int16
  let address: String
  let postalCode: String
  let timeZone: String
  let latitude: Double
  let longitude: Double
  let currency: String
  /// Languages its films are shown in, best first.
  let languages: [String]
  /// Earliest and latest start of a film, on the theatre's clock.
  let opens: WallTime
  let lastStart: WallTime
  /// Added to each price from Friday to Sunday, in minor units.
  let weekendSurcharge: Int64
  /// Price of each tier, in minor units.
  let prices: [String: Int64]
  let addOns: [AddOnFile]
  let auditoriums: [AuditoriumFile]
}

/// Something to eat, to drink or to read that a theatre sells with its seats.
struct AddOnFile: Decodable, Sendable {
  let title: String
  let category: String
  /// In minor units of the theatre's currency.
  let price: Int64
  let mostPerSeat: Int32
}

/// A room: a screen, unless it has stage engagements.
struct AuditoriumFile: Decodable, Sendable {
  let name: String
  let layout: String
  let format: String?
  /// Added to each price, in minor units.
  let surcharge: Int64?
  let stage: [EngagementFile]?
}

/// A production on a stage, each week at the same times.
struct EngagementFile: Decodable, Sendable {
  let production: String
  let days: [Weekday]
  let at: WallTime
}

/// A film.
struct MovieFile: Decodable, Sendable {
  let title: String
  let synopsis: String
  let genres: [String]
  let languages: [String]
  let durationMinutes: Int32
  /// Counted back from the day the town is made.
  let releasedDaysAgo: Int32
  let certificate: String
}

/// A play or concert.
struct ProductionFile: Decodable, Sendable {
  enum Kind: String, Decodable, Sendable { case play, concert }
  let title: String
  let kind: Kind
  let language: String
  let durationMinutes: Int32
}

/// A day of the week.
enum Weekday: String, Decodable, Sendable, CaseIterable {
  case mon, tue, wed, thu, fri, sat, sun

  /// The weekday of a date in days since 1970-01-01, a Thursday.
  init(unixDays: Int32) {
    let index = (Int(unixDays) + 3) % 7
    self = Self.allCases[index < 0 ? index + 7 : index]
  }
}

/// A time on a theatre's wall clock, written "19:30".
struct WallTime: Decodable, Sendable {
  /// Minutes after local midnight.
  let minute: Int32

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    let parts = text.split(separator: ":").compactMap { Int32($0) }
    guard text.utf8.count == 5, parts.count == 2, (0..<24).contains(parts[0]),
      (0..<60).contains(parts[1])
    else { throw TownSeedError("not a time: \(text)") }
    minute = parts[0] * 60 + parts[1]
  }
}
