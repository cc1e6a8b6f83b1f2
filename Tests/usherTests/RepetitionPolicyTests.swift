// What the client repeats is what Clients/service-config.json tells stock clients to repeat.

import Foundation
import RPC
import Testing

@testable import usher

@Suite struct RepetitionPolicyTests {
  private struct Configuration: Decodable {
    struct Method: Decodable {
      struct Name: Decodable {
        let service: String
        let method: String?
      }
      struct Policy: Decodable {
        let maxAttempts: Int
        let initialBackoff: String
        let maxBackoff: String
        let backoffMultiplier: Double
        let retryableStatusCodes: [String]
      }
      let name: [Name]
      let retryPolicy: Policy
    }
    let methodConfig: [Method]
  }

  private func policy(_ service: String, _ method: String) throws -> Configuration.Method.Policy {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Clients/service-config.json")
    let configuration = try JSONDecoder().decode(
      Configuration.self, from: try Data(contentsOf: file))
    let found = configuration.methodConfig.first {
      $0.name.contains { $0.service == service && ($0.method ?? method) == method }
    }
    return try #require(found).retryPolicy
  }

  private func seconds(_ text: String) throws -> Duration {
    try .seconds(#require(Double(text.dropLast())))
  }

  @Test(arguments: [
    ("usher.v1.CatalogService", "ListShows", Repetition.reads),
    ("usher.v1.SeatMapService", "GetSeatMap", Repetition.reads),
    ("usher.v1.BookingService", "GetBooking", Repetition.reads),
    ("usher.v1.BookingService", "HoldSeats", Repetition.changes),
    ("usher.v1.BookingService", "CancelBooking", Repetition.changes),
  ])
  func thePoliciesAreThoseOfTheServiceConfig(
    service: String, method: String, ours: RetryPolicy
  ) throws {
    let theirs = try policy(service, method)
    #expect(ours.maxAttempts == theirs.maxAttempts)
    #expect(ours.initialBackoff == (try seconds(theirs.initialBackoff)))
    #expect(ours.maxBackoff == (try seconds(theirs.maxBackoff)))
    #expect(ours.multiplier == theirs.backoffMultiplier)
    #expect(ours.retryableCodes.map(\.name) == theirs.retryableStatusCodes)
  }
}
