// Rows of a schedule, checked field by field; and what became of them, as messages.

import Booking
import BookingStore
import RPC
import UsherProtos

/// The checks.
enum ScheduleWishes {
  /// A row within its bounds. Throws INVALID_ARGUMENT with every field that is not. `isRepeated` says that
  /// another row of the request has its reference.
  static func wish(
    _ row: Usher.V1.ScheduleRow, isRepeated: Bool
  ) throws(RPCError) -> ScheduleWish {
    var violations = FieldViolations()
    violations.require(
      PartnerWishes.isLine(row.reference, 1...Limits.referenceCharacters), "reference",
      "must have 1 to \(Limits.referenceCharacters) characters, none for control")
    violations.require(!isRepeated, "reference", "must be no other's of the request")
    violations.require(
      (row.auditoriumId > 0) != !row.auditorium.isEmpty && row.auditoriumId >= 0, "auditorium",
      "must be named, or given as auditorium_id, one of both")
    violations.require(
      PartnerWishes.isLine(row.auditorium, 0...Limits.auditoriumNameCharacters), "auditorium",
      "must have at most \(Limits.auditoriumNameCharacters) characters, none for control")
    let kind = kind(row, &violations)
    violations.require(
      FieldViolations.isLanguage(row.language), "language",
      "must be a BCP 47 tag, for example en or en-GB")
    violations.require(
      PartnerWishes.isLine(row.format, 0...Limits.formatCharacters), "format",
      "must have at most \(Limits.formatCharacters) characters, none for control")
    let start = start(row, &violations)
    violations.require(
      (0...1_440).contains(row.durationMinutes), "duration_minutes", "must be at most 1440")
    violations.require(
      row.durationMinutes > 0 || kind == 1, "duration_minutes", "must be given but for a film")
    let currency = violations.currency(row.currencyCode, "currency_code")
    checkPrices(row.prices, &violations)
    violations.require(
      (0...4).contains(row.salesState.rawValue), "sales_state",
      "must be SCHEDULED, ON_SALE, CLOSED, CANCELLED or not set")
    try violations.check()
    guard let start, let currency else { throw .hidden }
    return ScheduleWish(
      reference: row.reference, auditoriumID: row.auditoriumId, auditorium: row.auditorium,
      kind: kind, movieID: row.movieId, title: row.title, language: row.language,
      format: row.format, start: start, minutes: row.durationMinutes, currency: currency,
      prices: row.prices.map { ($0.tier, $0.minorUnits) },
      salesState: row.salesState == .unspecified ? nil : Int16(clamping: row.salesState.rawValue))
  }

  private static func kind(
    _ row: Usher.V1.ScheduleRow, _ violations: inout FieldViolations
  ) -> Int16 {
    violations.require(
      (0...4).contains(row.kind.rawValue), "kind", "must be FILM, PLAY, CONCERT, OTHER or not set")
    let kind = max(1, Int16(clamping: row.kind.rawValue))
    violations.require(
      PartnerWishes.isLine(row.title, 0...Limits.titleCharacters), "title",
      "must have at most \(Limits.titleCharacters) characters, none for control")
    if kind == 1 {
      violations.require(
        (row.movieId > 0) != !row.title.isEmpty && row.movieId >= 0, "movie_id",
        "must be given, or the movie's title, one of both")
    } else {
      violations.require(row.movieId == 0, "movie_id", "is for films")
      violations.require(!row.title.isEmpty, "title", "must be given")
    }
    return kind
  }

  private static func start(
    _ row: Usher.V1.ScheduleRow, _ violations: inout FieldViolations
  ) -> ScheduleWish.Start? {
    guard (row.startsAt != nil) != !row.localStart.isEmpty else {
      violations.add("starts_at", "must be given, or local_start, one of both")
      return nil
    }
    if let time = row.startsAt {
      return violations.moment(time, "starts_at").map { .at($0) }
    }
    let parts = row.localStart.split(separator: "T", omittingEmptySubsequences: false)
    let isTime =
      parts.count == 2 && CalendarDate(String(parts[0])) != nil && isClock(parts[1])
    violations.require(isTime, "local_start", "must be as 2027-03-28T19:30")
    return .local(row.localStart)
  }

  /// Whether a text is a time of the day, as "19:30".
  private static func isClock(_ text: Substring) -> Bool {
    let digits = text.utf8.map { Int($0) - 0x30 }
    guard digits.count == 5, digits[2] == 0x3A - 0x30,
      [0, 1, 3, 4].allSatisfy({ (0...9).contains(digits[$0]) })
    else { return false }
    return digits[0] * 10 + digits[1] < 24 && digits[3] < 6
  }

  private static func checkPrices(
    _ prices: [Usher.V1.SchedulePrice], _ violations: inout FieldViolations
  ) {
    violations.require(
      (1...Booking.Limits.tiersPerLayout).contains(prices.count), "prices",
      "must be 1 to \(Booking.Limits.tiersPerLayout)")
    violations.require(
      Set(prices.map(\.tier)).count == prices.count
        && prices.allSatisfy { SeatLayout.isTier($0.tier) },
      "prices", "must have names of tiers, each once")
    let amounts = 0...Booking.Limits.priceMinorUnits
    violations.require(
      prices.allSatisfy { amounts.contains($0.minorUnits) }, "prices",
      "must be 0 to \(amounts.upperBound) minor units")
  }

  /// The span of a whole schedule. Throws INVALID_ARGUMENT.
  static func span(_ span: Usher.V1.ScheduleSpan) throws(RPCError) -> Range<Int64> {
    var violations = FieldViolations()
    violations.require(span.from != nil, "whole.from", "must be given")
    violations.require(span.until != nil, "whole.until", "must be given")
    let from = violations.moment(span.from, "whole.from") ?? 0
    let until = violations.moment(span.until, "whole.until") ?? .max
    violations.require(from < until, "whole.until", "must be after whole.from")
    try violations.check()
    return from..<until
  }
}

extension ScheduleResult {
  /// The result of a row as a message.
  func message(of row: Usher.V1.ScheduleRow) -> Usher.V1.ScheduleRowResult {
    let done: Usher.V1.RowOutcome? =
      switch outcome {
      case .created: .created
      case .updated: .updated
      case .unchanged: .unchanged
      default: nil
      }
    return .init(
      reference: row.reference, outcome: done ?? .refused, showId: showID,
      error: done == nil ? refusal(of: row).status : nil)
  }

  private func refusal(of row: Usher.V1.ScheduleRow) -> RPCError {
    if outcome == .startTooLate {
      var violations = FieldViolations()
      violations.add(
        row.startsAt == nil ? "local_start" : "starts_at", "must be within five years from now")
      return violations.refusal ?? .hidden
    }
    guard let reason = Reason(rawValue: outcome.rawValue) else { return .hidden }
    switch outcome {
    case .created, .updated, .unchanged, .startTooLate: return .hidden
    case .auditoriumNotFound:
      return .refusal(reason, "The theatre has no such auditorium.")
    case .layoutNotFound: return .refusal(reason, "The auditorium has no seats yet.")
    case .movieNotFound: return .refusal(reason, "There is no such movie.")
    case .movieAmbiguous:
      return precondition(reason, "Several movies have this title: name it by its id.")
    case .noSuchTime: return precondition(reason, "The theatre's clock skips this time.")
    case .showOver: return precondition(reason, "The show is over, or would be.")
    case .priceMissing: return precondition(reason, "A tier of the auditorium has no price.")
    case .showElsewhere:
      return precondition(
        reason, "The show is in another auditorium: withdraw it and make one of another reference.")
    case .showHasSales:
      return precondition(reason, "Somebody has seats of the show, or waits for some.")
    case .showOverlaps:
      return .refusal(
        reason, "Another show is in the auditorium at this time.",
        metadata: ["show": String(otherShowID)])
    }
  }

  private func precondition(_ reason: Reason, _ message: String) -> RPCError {
    .refusal(reason, message)
  }
}
