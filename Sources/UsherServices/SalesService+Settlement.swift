// Settlement statements: what may be asked, and the answer as a message.

import Booking
import BookingStore
package import RPC
package import UsherProtos

extension SalesService {
  package func getSettlement(
    _ request: Usher.V1.GetSettlementRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetSettlementResponse {
    let question = try Self.question(request)
    try requireGranted(request.theatreId, context)
    let (page, state) = try await ask(context) {
      (store, reach, timeout) async throws(StoreError) in
      try await store.settlement(
        question, reach, pageSize: Int(request.pageSize), pageToken: request.pageToken,
        timeout: timeout)
    }
    return .init(
      lines: page.items.map { .init($0) }, nextPageToken: page.nextPageToken,
      isFinal: state.isFinal,
      countedUntil: state.countedUntil.map { .init(unixMicroseconds: $0) })
  }

  /// Throws INVALID_ARGUMENT with every field that is wrong.
  private static func question(
    _ request: Usher.V1.GetSettlementRequest
  ) throws(RPCError) -> SettlementQuestion {
    var violations = FieldViolations()
    let days = violations.days(request.firstDay, request.lastDay, atMost: Limits.settlementDays)
    violations.require(request.theatreId >= 0, "theatre_id", "must not be negative")
    violations.require((request.partnerId ?? 0) >= 0, "partner_id", "must not be negative")
    violations.require(request.pageSize >= 0, "page_size", "must not be negative")
    try violations.check()
    guard let days else { throw .hidden }
    var question = SettlementQuestion(firstDay: days.first, lastDay: days.last)
    question.theatreID = request.theatreId
    question.sellerID = request.partnerId
    return question
  }
}

extension FieldViolations {
  /// A period of days, `first_day` to `last_day`; nil when it is none.
  mutating func days(
    _ firstDay: String, _ lastDay: String, atMost limit: Int32
  ) -> (first: CalendarDate, last: CalendarDate)? {
    let (first, last) = (CalendarDate(firstDay), CalendarDate(lastDay))
    let text = "must be a day of the calendar, for example 2027-03-28"
    require(first != nil, "first_day", text)
    require(last != nil, "last_day", text)
    guard let first, let last else { return nil }
    require(
      (1...limit).contains(last.daysSince1970 - first.daysSince1970 + 1), "last_day",
      "must be \(limit) days at most from first_day on, and not before it")
    return (first, last)
  }
}

extension Usher.V1.SettlementLine {
  fileprivate init(_ line: SettlementLine) {
    self.init(
      theatreId: line.theatreID, theatreName: line.theatreName, partnerId: line.sellerID,
      partnerName: line.sellerName, soldCount: line.soldCount, grossAmount: .init(line.gross),
      returnedCount: line.returnedCount, refundedAmount: .init(line.refunded),
      creditedAmount: .init(line.credited), netAmount: .init(line.net))
  }
}
