// What partners wish their shows' terms to be, checked field by field and in canonical form.

import Booking
import BookingStore
import RPC
import UsherProtos

extension PricesWish {
  /// Reads a wish; nil when something is wrong with it, which is added.
  init?(_ request: Usher.V1.SetPricesRequest, _ violations: inout FieldViolations) {
    let shows = Self.shows(request, &violations)
    violations.require(
      (1...Booking.Limits.tiersPerLayout).contains(request.prices.count), "prices",
      "must be 1 to \(Booking.Limits.tiersPerLayout)")
    let tiers = request.prices.map(\.tier)
    violations.require(
      Set(tiers).count == tiers.count && (!tiers.contains("") || tiers.count == 1), "prices",
      "must have each tier once, or the empty name alone")
    var currencies: Set<Currency> = []
    for (index, price) in request.prices.prefix(Booking.Limits.tiersPerLayout).enumerated() {
      let field = "prices[\(index)]"
      violations.requireTier(price.tier, "\(field).tier")
      let money = price.price ?? .init()
      violations.require(
        (0...Booking.Limits.priceMinorUnits).contains(money.minorUnits) && price.price != nil,
        "\(field).price.minor_units", "must be 0 to \(Booking.Limits.priceMinorUnits)")
      if let currency = violations.currency(
        money.currencyCode, "\(field).price.currency_code")
      {
        currencies.insert(currency)
      }
    }
    violations.require(currencies.count <= 1, "prices", "must be in one currency")
    guard let shows, let currency = currencies.first else { return nil }
    self.init(
      shows: shows, currency: currency,
      prices: request.prices.map { TierPrice($0.tier, $0.price?.minorUnits ?? 0) })
  }

  private static func shows(
    _ request: Usher.V1.SetPricesRequest, _ violations: inout FieldViolations
  ) -> Shows? {
    guard let theatre = request.shows else {
      violations.require(
        (1...StoreLimits.repricedShows).contains(request.showIds.count)
          && Set(request.showIds).count == request.showIds.count, "show_ids",
        "must be 1 to \(StoreLimits.repricedShows), each once, unless shows is set")
      return .these(request.showIds)
    }
    violations.require(request.showIds.isEmpty, "show_ids", "must not be set together with shows")
    violations.require(theatre.theatreId > 0, "shows.theatre_id", "must be given")
    violations.requireIDs([
      "shows.auditorium_id": theatre.auditoriumId, "shows.movie_id": theatre.movieId,
    ])
    let from = violations.moment(theatre.startsFrom, "shows.starts_from")
    let before = violations.moment(theatre.startsBefore, "shows.starts_before")
    return .all(
      theatreID: theatre.theatreId, auditoriumID: theatre.auditoriumId.unlessZero,
      movieID: theatre.movieId.unlessZero, from: from, before: before)
  }
}

// MARK: Fields

extension FieldViolations {
  /// Requires numbers that name something, or 0 for nothing.
  mutating func requireIDs(_ ids: KeyValuePairs<String, Int64>) {
    for (field, id) in ids { require(id >= 0, field, "must not be negative") }
  }

  /// Requires a tier's name, or the empty text for none.
  mutating func requireTier(_ tier: String, _ field: String) {
    require(
      tier.utf8.count <= Booking.Limits.tierByteCount && tier.isPrintable, field,
      "must have at most \(Booking.Limits.tierByteCount) bytes, none for control")
  }

  /// Requires labels of seats, each once.
  mutating func requireLabels(_ labels: [String], _ field: String, least: Int = 0, most: Int) {
    require(
      (least...most).contains(labels.count) && Set(labels).count == labels.count
        && labels.allSatisfy {
          (1...Booking.Limits.labelByteCount).contains($0.utf8.count) && $0.isPrintable
        }, field, "must be \(least) to \(most) labels of seats, each once")
  }

  /// A currency; nil for what is none.
  mutating func currency(_ code: String, _ field: String) -> Currency? {
    if let currency = try? Currency(code), currency.isIssued { return currency }
    add(field, "must be an ISO 4217 code, for example EUR")
    return nil
  }

  /// A moment in microseconds since 1970; nil for none. From 1970 to the end of the year 9999.
  mutating func moment(_ time: Google.Protobuf.Timestamp?, _ field: String) -> Int64? {
    guard let time else { return nil }
    guard (0..<253_402_300_800).contains(time.seconds), (0..<1_000_000_000).contains(time.nanos)
    else {
      add(field, "must be a moment between the years 1970 and 9999")
      return nil
    }
    return time.seconds * 1_000_000 + Int64(time.nanos / 1_000)
  }

  /// A request's id; nil for what is none.
  mutating func requestID(_ text: String) -> UniqueID? {
    let id = UniqueID(text)
    require(id != nil, "request_id", "must be a UUID")
    return id
  }
}

extension Int64 {
  /// Nil for 0, which stands for nothing in messages.
  var unlessZero: Int64? { self == 0 ? nil : self }
}
