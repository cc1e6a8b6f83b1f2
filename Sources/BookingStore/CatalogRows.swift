// Reads rows of the catalogue's statements. Positions are those of the files in SQL/queries.

import Booking
import Postgres

extension CityRecord {
  init(_ row: PostgresRow) throws(PostgresError) {
    self.init(
      id: try row.decode(0), name: try row.decode(1), region: try row.decode(2),
      countryCode: try row.decode(3), theatreCount: try row.decode(4))
  }
}

extension TheatreRecord {
  init(_ row: PostgresRow) throws(PostgresError) {
    self.init(
      id: try row.decode(0), cityID: try row.decode(1), cityName: try row.decode(2),
      name: try row.decode(3), address: try row.decode(4), postalCode: try row.decode(5),
      timeZone: try row.decode(6), latitude: try row.decode(7), longitude: try row.decode(8),
      screenCount: try row.decode(9))
  }
}

extension MovieRecord {
  /// Where the columns of a statement's movie end.
  static let columnCount = 8

  init(_ row: PostgresRow) throws(PostgresError) { try self.init(row, from: 0) }

  init(_ row: PostgresRow, from first: Int) throws(PostgresError) {
    self.init(
      id: try row.decode(first), title: try row.decode(first + 1),
      synopsis: try row.decode(first + 2), genres: try row.decode(first + 3),
      languages: try row.decode(first + 4), durationMinutes: try row.decode(first + 5),
      releaseDate: try row.decode(first + 6), certificate: try row.decode(first + 7))
  }
}

extension ShowRecord {
  init(_ row: PostgresRow) throws(PostgresError) { try self.init(row, from: 0) }

  init(_ row: PostgresRow, from first: Int) throws(PostgresError) {
    let startsAt: PostgresTimestamp = try row.decode(first + 13)
    let endsAt: PostgresTimestamp = try row.decode(first + 14)
    let clock = try WallClock(try row.decode(first + 15))
    let currency: String = try row.decode(first + 18)
    guard let currency = try? Currency(currency) else {
      throw PostgresError(.decoding, "a show's prices cannot be read")
    }
    self.init(
      id: try row.decode(first), lane: try row.decode(first + 1), kind: try row.decode(first + 2),
      movieID: try row.decode(first + 3), title: try row.decode(first + 4),
      theatreID: try row.decode(first + 5),
      theatreName: try row.decode(first + 6), cityID: try row.decode(first + 7),
      cityName: try row.decode(first + 8),
      auditoriumID: try row.decode(first + 9), auditoriumName: try row.decode(first + 10),
      language: try row.decode(first + 11), format: try row.decode(first + 12),
      startsAtUnixMicroseconds: startsAt.unixMicroseconds,
      endsAtUnixMicroseconds: endsAt.unixMicroseconds, localStart: clock.text,
      start: LocalStart(minute: clock.minute, on: clock.date), timeZone: try row.decode(first + 16),
      utcOffsetMinutes: clock.minutesAhead(of: startsAt), salesState: try row.decode(first + 17),
      currency: currency,
      seatCount: try row.decode(first + 19), layoutVersion: try row.decode(first + 20),
      pricingVersion: try row.decode(first + 21), prices: try Self.prices(row, from: first + 22))
  }

  private static func prices(
    _ row: PostgresRow, from first: Int
  ) throws(PostgresError) -> [TierPrice] {
    let tiers: [String] = try row.decode(first)
    let amounts: [Int64] = try row.decode(first + 1)
    guard tiers.count == amounts.count else {
      throw PostgresError(.decoding, "a show's prices cannot be read")
    }
    return zip(tiers, amounts).map { TierPrice(tier: $0, minorUnits: $1) }
      .sorted { ($1.minorUnits, $0.tier) < ($0.minorUnits, $1.tier) }
  }
}

/// What a theatre's clock shows, told as the time at which UTC's does.
private struct WallClock {
  private let unixMicroseconds: Int64
  let date: CalendarDate
  /// Since the day began.
  let minute: Int

  init(_ time: PostgresTimestamp) throws(PostgresError) {
    unixMicroseconds = time.unixMicroseconds
    let minutes = unixMicroseconds / 60_000_000
    guard unixMicroseconds >= 0, let days = Int32(exactly: minutes / 1_440),
      let date = CalendarDate(daysSince1970: days)
    else {
      throw PostgresError(.decoding, "a show's start cannot be read")
    }
    self.date = date
    minute = Int(minutes % 1_440)
  }

  /// "2027-03-28T19:30".
  var text: String {
    let (hours, minutes) = minute.quotientAndRemainder(dividingBy: 60)
    return "\(date)T\(hours / 10)\(hours % 10):\(minutes / 10)\(minutes % 10)"
  }

  func minutesAhead(of time: PostgresTimestamp) -> Int32 {
    Int32(clamping: (unixMicroseconds - time.unixMicroseconds) / 60_000_000)
  }
}

extension SeatLayout {
  init(_ row: PostgresRow) throws(PostgresError) {
    let numbers: [Int32] = try row.decode(4)
    let labels: [String] = try row.decode(5)
    let rows: [String] = try row.decode(6)
    let columns: [Int32] = try row.decode(7)
    let lines: [Int32] = try row.decode(8)
    let tiers: [String] = try row.decode(9)
    let attributes: [Int16] = try row.decode(10)
    let counts = [labels.count, rows.count, columns.count, lines.count, tiers.count]
    guard (counts + [attributes.count]).allSatisfy({ $0 == numbers.count }) else {
      throw PostgresError(.decoding, "a layout's seats cannot be read")
    }
    let seats = numbers.indices.map { index in
      LayoutSeat(
        number: numbers[index], label: labels[index], row: rows[index], x: columns[index],
        y: lines[index], tier: tiers[index],
        attributes: SeatAttributes(rawValue: attributes[index]))
    }
    let focalPoint = FocalPoint(xHundredths: try row.decode(2), yHundredths: try row.decode(3))
    do throws(BookingError) {
      try self.init(
        columns: try Self.extent(row, 0), lines: try Self.extent(row, 1), focalPoint: focalPoint,
        seats: seats)
    } catch {
      throw PostgresError(.decoding, "a layout contradicts itself")
    }
  }

  private static func extent(_ row: PostgresRow, _ column: Int) throws(BookingError) -> Int32 {
    do {
      return try row.decode(column)
    } catch {
      throw BookingError(.invalidLayout, "A layout has no grid.")
    }
  }
}
