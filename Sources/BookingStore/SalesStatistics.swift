// Figures about what was sold: of a show or a theatre counted from the bookings themselves, of more from the
// sums that the numbering of sales keeps.

package import Booking
import Postgres

/// By what sales are grouped. The raw value is that of the API.
package enum SalesGrouping: Int32, Sendable, CaseIterable {
  /// By the day on which shows begin, in their theatre's time zone.
  case day = 1
  /// By show.
  case show
  /// By theatre.
  case theatre
  /// By movie; what is no movie is one group.
  case movie
  /// By the partner that sold.
  case seller
  /// By the day on which something was sold or given back, in the theatre's time zone.
  case dayOfSale
}

/// What is to be counted.
package struct SalesQuestion: Sendable {
  /// The first day of shows, or of sales when these are grouped by their day.
  package var firstDay: CalendarDate
  /// The last such day.
  package var lastDay: CalendarDate
  /// The groups.
  package var grouping: SalesGrouping
  /// Only of this theatre; 0 for any.
  package var theatreID: Int64 = 0
  /// Only of this movie; 0 for any.
  package var movieID: Int64 = 0
  /// Only of this show; 0 for any.
  package var showID: Int64 = 0
  /// Only what this partner sold; nil for any.
  package var sellerID: Int64?

  /// Asks for everything of some days.
  package init(firstDay: CalendarDate, lastDay: CalendarDate, grouping: SalesGrouping) {
    self.firstDay = firstDay
    self.lastDay = lastDay
    self.grouping = grouping
  }

  private var days: [PostgresValue] {
    [
      .date(PostgresDate(unixDays: firstDay.daysSince1970)),
      .date(PostgresDate(unixDays: lastDay.daysSince1970)),
    ]
  }

  fileprivate var values: [PostgresValue] {
    guard grouping != .dayOfSale else { return days + [.int8(theatreID), .int8(sellerID)] }
    guard isNarrow else {
      return days + [.int4(grouping.rawValue), .int8(movieID), .int8(sellerID)]
    }
    return days + [
      .int4(grouping.rawValue), .int8(theatreID), .int8(movieID), .int8(showID), .int8(sellerID),
    ]
  }

  fileprivate var statement: PostgresStatement {
    if grouping == .dayOfSale { return Statements.readSalesDays }
    return isNarrow ? Statements.readSalesStatistics : Statements.readSalesSums
  }

  /// Whether bookings are counted.
  private var isNarrow: Bool { showID != 0 || theatreID != 0 }

  /// The most shows that are looked at.
  package var mostShows: Int64 {
    isNarrow ? StoreLimits.statisticsShows : StoreLimits.summedShows
  }
}

/// The figures of one group, in one currency.
package struct SalesFigures: Sendable, Hashable {
  /// The day; empty when shows are not grouped by it.
  package let day: String
  /// The show, theatre, movie or partner; 0 when it is none of them.
  package let id: Int64
  /// What it is called; empty for a day.
  package let name: String
  /// Shows that were counted.
  package let showCount: Int64
  /// Their seats.
  package let seatCount: Int64
  /// Bookings that have seats.
  package let bookingCount: Int64
  /// Seats that are sold.
  package let soldSeatCount: Int64
  /// What they cost.
  package let soldAmount: Money
  /// Seats that were sold and cancelled.
  package let cancelledSeatCount: Int64
  /// What was given back.
  package let refundedAmount: Money

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let currency = try? Currency(try row.decode(3)) else {
      throw PostgresError(.decoding, "a currency cannot be read")
    }
    day = try row.decode(0)
    id = try row.decode(1)
    name = try row.decode(2)
    showCount = try row.decode(4)
    seatCount = try row.decode(5)
    bookingCount = try row.decode(6)
    soldSeatCount = try row.decode(7)
    soldAmount = Money(try row.decode(8), currency)
    cancelledSeatCount = try row.decode(9)
    refundedAmount = Money(try row.decode(10), currency)
  }

  /// The share of the seats that is sold, of ten thousand.
  package var occupancyBasisPoints: Int64 {
    seatCount > 0
      ? soldSeatCount.multipliedReportingOverflow(by: 10_000).partialValue / seatCount : 0
  }
}

/// What came of a question.
package enum SalesStatistics: Sendable, Hashable {
  /// The figures, by day or id, then by currency.
  case figures([SalesFigures])
  /// More shows than are counted at a time.
  case tooManyShows
  /// More groups than are told at a time.
  case tooManyGroups
}

extension SalesStore {
  /// Counts what was sold.
  package func statistics(
    _ question: SalesQuestion, _ reach: SalesReach, timeout: Duration? = nil
  ) async throws(StoreError) -> SalesStatistics {
    var bounds: [PostgresValue] = [.int8(StoreLimits.statisticsGroups + 1)]
    if question.grouping != .dayOfSale { bounds.insert(.int8(question.mostShows + 1), at: 0) }
    // What is summed up is numbered, and by that is found what somebody has sold for others.
    _ = try await numberAll(timeout: timeout)
    let result = try await database.ask(
      question.statement, question.values + reach.values + bounds, timeout: timeout)
    return try reading { () throws(PostgresError) in
      if let row = result.firstRow, try row.decode(11, as: Int64.self) > question.mostShows {
        return .tooManyShows
      }
      guard Int64(result.rowCount) <= StoreLimits.statisticsGroups else { return .tooManyGroups }
      return .figures(try result.all { row throws(PostgresError) in try SalesFigures(row) })
    }
  }
}
