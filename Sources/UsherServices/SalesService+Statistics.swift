// Figures about sales: what may be asked, and the answer as a message.

import Booking
import BookingStore
package import RPC
package import UsherProtos

extension SalesService {
  package func getSalesStatistics(
    _ request: Usher.V1.GetSalesStatisticsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetSalesStatisticsResponse {
    let question = try Self.question(request)
    try requireGranted(request.theatreId, context)
    let found = try await ask(context) { (store, reach, timeout) async throws(StoreError) in
      try await store.statistics(question, reach, timeout: timeout)
    }
    switch found {
    case .figures(let figures): return .init(figures: figures.map { .init($0) })
    case .tooManyShows: throw Self.tooLarge("shows", question.mostShows)
    case .tooManyGroups: throw Self.tooLarge("rows", StoreLimits.statisticsGroups)
    }
  }

  /// Throws PERMISSION_DENIED when a theatre is named that the key is not good for.
  func requireGranted(_ theatreID: Int64, _ context: ServerContext) throws(RPCError) {
    let caller = try context.seller()
    guard theatreID != 0, let granted = caller.theatreIDs, !caller.isOperator else { return }
    guard granted.contains(theatreID) else { throw KnownCaller.beyondReach }
  }

  private static func tooLarge(_ what: String, _ bound: Int64) -> RPCError {
    .refusal(
      .statisticsTooLarge,
      "These are more than \(bound) \(what): ask for fewer days, or a theatre.",
      metadata: [what: String(bound)])
  }

  /// Throws INVALID_ARGUMENT with every field that is wrong.
  private static func question(
    _ request: Usher.V1.GetSalesStatisticsRequest
  ) throws(RPCError) -> SalesQuestion {
    var violations = FieldViolations()
    let days = violations.days(request.firstDay, request.lastDay, atMost: Limits.statisticsDays)
    let grouping = SalesGrouping(rawValue: request.grouping.rawValue)
    violations.require(
      grouping != nil, "grouping", "must be DAY, SHOW, THEATRE, MOVIE, SELLER or DAY_OF_SALE")
    let ids = [
      ("theatre_id", request.theatreId), ("movie_id", request.movieId),
      ("show_id", request.showId), ("partner_id", request.partnerId ?? 0),
    ]
    for (field, id) in ids {
      violations.require(id >= 0, field, "must not be negative")
      let isOfShows = field == "movie_id" || field == "show_id"
      violations.require(
        id == 0 || grouping != .dayOfSale || !isOfShows, field,
        "must not be set with DAY_OF_SALE, which tells shows not apart")
    }
    try violations.check()
    guard let days, let grouping else { throw .hidden }
    var question = SalesQuestion(firstDay: days.first, lastDay: days.last, grouping: grouping)
    question.theatreID = request.theatreId
    question.movieID = request.movieId
    question.showID = request.showId
    question.sellerID = request.partnerId
    return question
  }
}

extension Usher.V1.SalesFigures {
  fileprivate init(_ figures: SalesFigures) {
    self.init(
      day: figures.day, id: figures.id, name: figures.name, showCount: figures.showCount,
      seatCount: figures.seatCount, bookingCount: figures.bookingCount,
      soldSeatCount: figures.soldSeatCount,
      soldAmount: .init(figures.soldAmount.minorUnits, figures.soldAmount.currency),
      cancelledSeatCount: figures.cancelledSeatCount,
      refundedAmount: .init(figures.refundedAmount.minorUnits, figures.refundedAmount.currency),
      occupancyBasisPoints: figures.occupancyBasisPoints)
  }
}
