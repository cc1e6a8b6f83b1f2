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
    let error = RPCError.refusal(reason, "No.")
    #expect(error.code == reason.entry.code)
    let bytes = try #require(try details(error)["google.rpc.ErrorInfo"])
    let info = try Google.Rpc.ErrorInfo(protoBytes: bytes)
    #expect(info.reason == reason.rawValue && info.domain == "usher")
    #expect(info.metadata.isEmpty)
  }

  @Test func metadataTravels() throws {
    let error = RPCError.refusal(
      .seatsUnavailable, "No.", metadata: ["show": "7", "seats": "A1,A2"])
    let bytes = try #require(try details(error)["google.rpc.ErrorInfo"])
    let info = try Google.Rpc.ErrorInfo(protoBytes: bytes)
    #expect(info.metadata == ["show": "7", "seats": "A1,A2"])
  }

  @Test(arguments: [(50, 0, 50_000_000), (2_500, 2, 500_000_000)])
  func aRetryableRefusalSaysWhen(milliseconds: Int64, seconds: Int64, nanos: Int32) throws {
    let error = RPCError.retryable(.databaseUnavailable, "Away.", retryAfterMs: milliseconds)
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

  /// Requests in which far more is wrong than a status has room for.
  private static let hopeless: [@Sendable () throws -> Void] = [
    {
      var violations = FieldViolations()
      for index in 0..<300 { violations.add("items[\(index)].add_on_id", "must be given") }
      try violations.check()
    },
    {
      var violations = FieldViolations()
      violations.add(String(repeating: "f", count: 4_000), "is too long to be told")
      violations.add("name", "must be given")
      try violations.check()
    },
    {
      _ = try AccountWishes.change(
        .init(updateMask: .init(paths: (0..<2_000).map { "path \($0)" })))
    },
    {
      _ = try SandboxWishes.faults(
        .init(faults: (0..<100).map { _ in .init(method: "x", times: -1) }))
    },
  ]

  @Test(arguments: hopeless.indices)
  func whatIsWrongInManyPlacesIsStillTold(index: Int) throws {
    let error = try #require(throws: RPCError.self) { try Self.hopeless[index]() }
    #expect(WireFields.fitting(error.details, limit: 4_096) == error.details)
    let told = try details(error)
    let info = try Google.Rpc.ErrorInfo(protoBytes: try #require(told["google.rpc.ErrorInfo"]))
    #expect(info.reason == "INVALID_FIELDS" && info.metadata["fields"]?.isEmpty == false)
    let fields = try Google.Rpc.BadRequest(
      protoBytes: try #require(told["google.rpc.BadRequest"])
    ).fieldViolations
    #expect(!fields.isEmpty && fields.count <= Limits.violationsPerRefusal + 1)
    if index == 0 { #expect(fields.last?.description.hasSuffix(" more") == true) }
  }
}

/// What a credential is by its looks: whatever has none of ours costs nobody a question.
@Suite struct CredentialShapeTests {
  @Test(arguments: [
    ("Bearer usher_pk_abc", CredentialShape.key("usher_pk_abc")),
    ("bearer usher_ak_A9", .key("usher_ak_A9")), ("BEARER a.b-_.c", .token("a.b-_.c")),
  ])
  func whatMayBeOurs(shown: String, shape: CredentialShape) {
    #expect(CredentialShape(shown) == shape)
  }

  @Test(arguments: [
    "", "Bearer", "Bearer ", "usher_pk_abc", "Basic usher_pk_abc", "Bearer sk_abc",
    "Bearer  usher_pk_abc", "Bearer usher_pk_a b", "Bearer usher_pk_\u{e9}", "Bearer usher_pk_a\0",
    "Bearer a.b", "Bearer a..c", "Bearer a.b.c.d", "Bearer .b.c", "Bearer a.b.c=",
    "Bearer usher_p-k",
    "Bearer usher_pk_" + String(repeating: "x", count: 512),
  ])
  func whatCannotBe(shown: String) {
    #expect(CredentialShape(shown) == nil)
  }
}
