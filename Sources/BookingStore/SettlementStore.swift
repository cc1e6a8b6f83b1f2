// Settlement: what money moved in a period, from the sums that the numbering of sales keeps.

package import Booking
import Postgres

/// What is to be settled.
package struct SettlementQuestion: Sendable {
  /// The first day, of each theatre's clock.
  package var firstDay: CalendarDate
  /// The last day.
  package var lastDay: CalendarDate
  /// Only of this theatre; 0 for any.
  package var theatreID: Int64 = 0
  /// Only what this partner sold; nil for any.
  package var sellerID: Int64?

  /// Asks for everything of some days.
  package init(firstDay: CalendarDate, lastDay: CalendarDate) {
    self.firstDay = firstDay
    self.lastDay = lastDay
  }

  fileprivate var days: [PostgresValue] {
    [
      .date(PostgresDate(unixDays: firstDay.daysSince1970)),
      .date(PostgresDate(unixDays: lastDay.daysSince1970)),
    ]
  }

  /// What a page token is bound to.
  fileprivate func filter(_ reach: SalesReach) -> RequestHash {
    var filter = RequestHash(command: "settlement")
    for value in [
      Int64(firstDay.daysSince1970), Int64(lastDay.daysSince1970), theatreID, sellerID ?? -1,
      reach.partnerID ?? -1,
    ] { filter.add(value) }
    return filter
  }
}

/// What one partner sold of one theatre in one currency.
package struct SettlementLine: Sendable, Hashable {
  /// The theatre.
  package let theatreID: Int64
  /// What it is called.
  package let theatreName: String
  /// Who sold; the house itself for accounts.
  package let sellerID: Int64
  /// What it is called.
  package let sellerName: String
  /// Tickets sold.
  package let soldCount: Int64
  /// What was charged for them.
  package let gross: Money
  /// Tickets given back, or up for others.
  package let returnedCount: Int64
  /// What was given back for them.
  package let refunded: Money
  /// What has paid for others.
  package let credited: Money
  /// What is left.
  package let net: Money

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let currency = try? Currency(try row.decode(4)) else {
      throw PostgresError(.decoding, "a currency cannot be read")
    }
    theatreID = try row.decode(0)
    theatreName = try row.decode(1)
    sellerID = try row.decode(2)
    sellerName = try row.decode(3)
    soldCount = try row.decode(5)
    gross = Money(try row.decode(6), currency)
    returnedCount = try row.decode(7)
    refunded = Money(try row.decode(8), currency)
    credited = Money(try row.decode(9), currency)
    net = Money(try row.decode(10), currency)
  }
}

/// How far sales are counted.
package struct SettlementState: Sendable, Hashable {
  /// All before this is, in microseconds since 1970; nil when nothing is known to be.
  package let countedUntil: Int64?
  /// Whether the period is over and counted.
  package let isFinal: Bool
}

extension SalesStore {
  /// A page of a statement, and how far it was counted at least when it was read.
  package func settlement(
    _ question: SettlementQuestion, _ reach: SalesReach, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> (Page<SettlementLine>, SettlementState) {
    // Before the lines: what is counted by then is in them.
    let state = try await state(of: question, reach, timeout)
    var parameters = question.days + [.int8(question.theatreID), .int8(question.sellerID)]
    parameters += reach.values
    let page = try await database.page(
      Statements.getSettlement, question.filter(reach), parameters, pageSize, pageToken, timeout,
      key: { ("\($0.sellerID) \($0.gross.currency.code)", $0.theatreID) }
    ) { row throws(PostgresError) in try SettlementLine(row) }
    return (page, state)
  }

  private func state(
    of question: SettlementQuestion, _ reach: SalesReach, _ timeout: Duration?
  ) async throws(StoreError) -> SettlementState {
    let result = try await database.ask(
      Statements.getSettlementState,
      question.days + [.int8(question.theatreID)] + reach.values.suffix(1), timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      return SettlementState(
        countedUntil: try row.decode(0, as: PostgresTimestamp?.self)?.unixMicroseconds,
        isFinal: try row.decode(1))
    }
  }
}
