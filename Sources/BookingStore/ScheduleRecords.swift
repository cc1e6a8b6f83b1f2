// Rows of a schedule and what became of them, as the store knows them.

package import Booking
import Postgres

/// A show of a schedule, its fields within their bounds.
package struct ScheduleWish: Sendable, Hashable {
  /// When a show starts.
  package enum Start: Sendable, Hashable {
    /// At a moment, in microseconds since 1970.
    case at(Int64)
    /// On the theatre's wall clock, as "2027-03-28T19:30".
    case local(String)
  }

  /// The partner's name for the show.
  package var reference: String
  /// Where it is; 0 for by name.
  package var auditoriumID: Int64
  /// Where it is.
  package var auditorium: String
  /// 1 film, 2 play, 3 concert, 4 other.
  package var kind: Int16
  /// A film's movie; 0 for by title.
  package var movieID: Int64
  /// The movie's title, or the show's own.
  package var title: String
  /// BCP 47 tag.
  package var language: String
  /// Technical format.
  package var format: String
  /// When it starts.
  package var start: Start
  /// How long it takes; 0 for a film's running time.
  package var minutes: Int32
  /// The currency of its prices.
  package var currency: Currency
  /// Prices by tier, in minor units.
  package var prices: [(tier: String, minorUnits: Int64)] {
    get { zip(tiers, minorUnits).map { ($0, $1) } }
    set { (tiers, minorUnits) = (newValue.map(\.tier), newValue.map(\.minorUnits)) }
  }
  /// 1 scheduled, 2 on sale, 3 closed, 4 cancelled; nil for as it is.
  package var salesState: Int16?
  fileprivate var tiers: [String] = []
  fileprivate var minorUnits: [Int64] = []

  package init(
    reference: String, auditoriumID: Int64, auditorium: String, kind: Int16, movieID: Int64,
    title: String, language: String, format: String, start: Start, minutes: Int32,
    currency: Currency, prices: [(tier: String, minorUnits: Int64)], salesState: Int16?
  ) {
    self.reference = reference
    self.auditoriumID = auditoriumID
    self.auditorium = auditorium
    self.kind = kind
    self.movieID = movieID
    self.title = title
    self.language = language
    self.format = format
    self.start = start
    self.minutes = minutes
    self.currency = currency
    self.salesState = salesState
    self.prices = prices
  }
}

extension [ScheduleWish] {
  /// Parameters of upload_shows() behind the theatre.
  var values: [PostgresValue] {
    var (firsts, lasts, next): ([Int32], [Int32], Int32) = ([], [], 1)
    for wish in self {
      firsts.append(next)
      next += Int32(clamping: wish.tiers.count)
      lasts.append(next - 1)
    }
    return [
      .array(map(\.reference)), .array(map(\.auditoriumID)), .array(map(\.auditorium)),
      .array(map(\.kind)), .array(map(\.movieID)), .array(map(\.title)), .array(map(\.language)),
      .array(map(\.format)), .array(map(\.startMoment)), .array(map(\.localStart)),
      .array(map(\.minutes)), .array(map(\.currency.code)), .array(map(\.salesState)),
      .array(firsts), .array(lasts), .array(flatMap(\.tiers)), .array(flatMap(\.minorUnits)),
    ]
  }
}

extension ScheduleWish {
  fileprivate var startMoment: PostgresTimestamp? {
    guard case .at(let moment) = start else { return nil }
    return PostgresTimestamp(unixMicroseconds: moment)
  }

  fileprivate var localStart: String? {
    guard case .local(let text) = start else { return nil }
    return text
  }
}

/// What became of a row.
package struct ScheduleResult: Sendable, Hashable {
  /// What was done, or why nothing; the raw value is the database's word, and of refusals the API's.
  package enum Outcome: String, Sendable, CaseIterable {
    /// A new show was made.
    case created = "CREATED"
    /// The show was changed.
    case updated = "UPDATED"
    /// The show was so already.
    case unchanged = "UNCHANGED"
    /// The theatre has no such auditorium.
    case auditoriumNotFound = "AUDITORIUM_NOT_FOUND"
    /// The auditorium has no layout.
    case layoutNotFound = "LAYOUT_NOT_FOUND"
    /// There is no such movie.
    case movieNotFound = "MOVIE_NOT_FOUND"
    /// Several movies have the title.
    case movieAmbiguous = "MOVIE_AMBIGUOUS"
    /// The theatre's clock skips the time.
    case noSuchTime = "NO_SUCH_TIME"
    /// The show is over, or would be.
    case showOver = "SHOW_OVER"
    /// It starts further ahead than shows are planned.
    case startTooLate = "START_TOO_LATE"
    /// A tier of the auditorium has no price.
    case priceMissing = "PRICE_MISSING"
    /// The show is in another auditorium.
    case showElsewhere = "SHOW_ELSEWHERE"
    /// Somebody has seats, or waits for some.
    case showHasSales = "SHOW_HAS_SALES"
    /// Another show is in the auditorium at the time.
    case showOverlaps = "SHOW_OVERLAPS"
  }

  /// What was done, or why nothing.
  package let outcome: Outcome
  /// The show, where there is one; else 0.
  package let showID: Int64
  /// The show that is in its way; 0 for none.
  package let otherShowID: Int64
  /// The movie that the show was of before; 0 for none.
  package let previousMovieID: Int64

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let outcome = Outcome(rawValue: try row.decode(1)) else {
      throw PostgresError(.decoding, "a row's outcome is not known")
    }
    self.outcome = outcome
    showID = try row.decode(2, as: Int64?.self) ?? 0
    otherShowID = try row.decode(3, as: Int64?.self) ?? 0
    previousMovieID = try row.decode(4)
  }
}

/// A show that came by a schedule.
package struct UploadedShowRecord: Sendable, Hashable {
  /// The show.
  package let showID: Int64
  /// The partner's name for it.
  package let reference: String
  /// Start, in microseconds since 1970.
  package let startsAt: Int64
  /// Whether somebody has seats, or waits for some.
  package let hasSales: Bool

  init(_ row: PostgresRow) throws(PostgresError) {
    showID = try row.decode(0)
    reference = try row.decode(1)
    startsAt = try row.decode(2, as: PostgresTimestamp.self).unixMicroseconds
    hasSales = try row.decode(3)
  }
}
