// usher.v1.RecommendationService: what a customer may like, and why. Never from memory: each account has
// its own answer.

import Booking
import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct RecommendationService: Usher.V1.RecommendationServiceServer {
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  package func getRecommendations(
    _ request: Usher.V1.GetRecommendationsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetRecommendationsResponse {
    let own = try context.ownAccount()
    var violations = FieldViolations()
    violations.require((0...50).contains(request.count), "count", "must be 1 to 50, or 0 for 10")
    try violations.check()
    let store = parts[context.loop].movies
    let found = try await failures.translating { () async throws(StoreError) in
      try await store.recommendations(
        for: own.accountID, cityID: request.cityId,
        count: request.count == 0 ? 10 : Int(request.count), timeout: context.remaining)
    }
    return .init(recommendations: found.map { .init($0) })
  }
}

extension Usher.V1.Recommendation {
  init(_ record: RecommendationRecord) {
    let reason = Usher.V1.RecommendationReason(rawValue: Int32(record.reason))
    self.init(
      movie: .init(record.movie), reason: reason,
      becauseOf: record.becauseOf.map { .init($0) }, inCommon: record.inCommon,
      explanation: Self.explanation(reason, record))
  }

  private static func explanation(
    _ reason: Usher.V1.RecommendationReason, _ record: RecommendationRecord
  ) -> String {
    let other = record.becauseOf?.title ?? ""
    let shared = record.inCommon.joined(separator: ", ")
    return switch reason {
    case .bookedTogether: "Because you booked \(other), and others who did booked this too."
    case .peopleOfBooked: "Because you booked \(other): it is with \(shared), too."
    case .peopleOfRated: "Because you liked \(other): it is with \(shared), too."
    case .genreOfBooked: "Because you booked \(other): it is \(shared), too."
    case .genreOfRated: "Because you liked \(other): it is \(shared), too."
    default: "Because many see it or like it."
    }
  }
}
