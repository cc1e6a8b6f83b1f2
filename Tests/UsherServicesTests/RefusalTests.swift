// Refusals: one ErrorInfo each, and details that travel.

import ProtoWire
import RPC
import Testing
import UsherProtos

@testable import UsherServices

@Suite struct RefusalTests {
  private func details(_ error: RPCError) throws -> [String: [UInt8]] {
    let status = try Google.Rpc.Status(protoBytes: error.details)
    #expect(status.code == Int32(error.code.rawValue))
    #expect(status.message == error.message)
    let types = status.details.map(\.typeUrl)
    #expect(Set(types).count == types.count, "each detail at most once")
    return Dictionary(
      uniqueKeysWithValues: status.details.map {
        ($0.typeUrl.replacing("type.googleapis.com/", with: ""), $0.value)
      })
  }

  @Test(arguments: Reason.allCases)
  func everyReasonIsOneErrorInfoOfTheDomain(reason: Reason) throws {
    let error = RPCError.refusal(reason.entry.code, reason, "No.")
    let bytes = try #require(try details(error)["google.rpc.ErrorInfo"])
    let info = try Google.Rpc.ErrorInfo(protoBytes: bytes)
    #expect(info.reason == reason.rawValue && info.domain == "usher")
    #expect(info.metadata.isEmpty)
  }

  @Test func metadataTravels() throws {
    let error = RPCError.refusal(
      .failedPrecondition, .seatsUnavailable, "No.", metadata: ["show": "7", "seats": "A1,A2"])
    let bytes = try #require(try details(error)["google.rpc.ErrorInfo"])
    let info = try Google.Rpc.ErrorInfo(protoBytes: bytes)
    #expect(info.metadata == ["show": "7", "seats": "A1,A2"])
  }

  @Test(arguments: [(50, 0, 50_000_000), (2_500, 2, 500_000_000)])
  func aRetryableRefusalSaysWhen(milliseconds: Int64, seconds: Int64, nanos: Int32) throws {
    let error = RPCError.retryable(
      .unavailable, .databaseUnavailable, "Away.", retryAfterMs: milliseconds)
    let bytes = try #require(try details(error)["google.rpc.RetryInfo"])
    let delay = try Google.Rpc.RetryInfo(protoBytes: bytes).retryDelay
    #expect(delay?.seconds == seconds && delay?.nanos == nanos)
  }

  @Test func whatDoesNotExistIsNamed() throws {
    let bytes = try #require(
      try details(.notFound(.showNotFound, "show", "5"))["google.rpc.ResourceInfo"])
    let info = try Google.Rpc.ResourceInfo(protoBytes: bytes)
    #expect(info.resourceType == "show" && info.resourceName == "5")
  }

  @Test func everyWrongFieldIsTold() throws {
    let error = #expect(throws: RPCError.self) {
      _ = try HoldWish(
        Usher.V1.HoldSeatsRequest(
          showId: 1, customerRef: String(repeating: "c", count: 10_000), requestId: "x"),
        partnerID: 1)
    }
    let refusal = try #require(error)
    let found = try details(refusal)
    let bytes = try #require(found["google.rpc.BadRequest"])
    let fields = try Google.Rpc.BadRequest(protoBytes: bytes).fieldViolations.map(\.field)
    #expect(fields == ["request_id", "customer_ref", "seats"])
  }

  /// What a caller sent must not push the details over what a trailer may hold.
  @Test(arguments: [
    Usher.V1.HoldSeatsRequest(
      showId: 1, seats: [String(repeating: "A", count: 60_000)],
      requestId: "01890a5d-ac96-774b-bcce-b302099a8057"),
    Usher.V1.HoldSeatsRequest(
      showId: 1, bestAvailable: .init(count: 2, tier: String(repeating: "A", count: 60_000)),
      requestId: "01890a5d-ac96-774b-bcce-b302099a8057"),
  ])
  func longNamesAreRefusedWithoutRepeatingThem(request: Usher.V1.HoldSeatsRequest) throws {
    let error = #expect(throws: RPCError.self) {
      _ = try HoldWish(request, partnerID: 1)
    }
    #expect(error?.code == .invalidArgument)
    #expect((error?.details.count ?? .max) <= RPC.Limits.statusDetailsBytes)
  }
}
