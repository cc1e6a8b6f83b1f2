// What a caller is told when the database was in the way: what it may do, and when.

import BookingStore
import Logging
import Postgres
import ProtoWire
import RPC
import Testing
import UsherProtos

@testable import UsherServices

@Suite struct StoreFailureTests {
  private let failures = StoreFailures(
    logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))

  private func details(_ error: RPCError) throws -> (reason: String?, retryMs: Int64?) {
    let status = try Google.Rpc.Status(protoBytes: error.details)
    var reason: String?
    var retryMs: Int64?
    for detail in status.details {
      if detail.typeUrl.hasSuffix("/google.rpc.ErrorInfo") {
        reason = try Google.Rpc.ErrorInfo(protoBytes: detail.value).reason
      } else if detail.typeUrl.hasSuffix("/google.rpc.RetryInfo") {
        let delay = try Google.Rpc.RetryInfo(protoBytes: detail.value).retryDelay
        retryMs = delay.map { $0.seconds * 1_000 + Int64($0.nanos) / 1_000_000 }
      }
    }
    return (reason, retryMs)
  }

  /// What may be repeated says when; what is our fault says nothing of itself.
  @Test(arguments: [
    (StoreError(.overloaded), StatusCode.resourceExhausted, "OVERLOADED", true),
    (StoreError(PostgresError(.queueFull, "")), .resourceExhausted, "OVERLOADED", true),
    (StoreError(PostgresError(.connectFailed, "")), .unavailable, "DATABASE_UNAVAILABLE", true),
    (
      StoreError(PostgresError(.connectionLost(maybeExecuted: true), "")), .unavailable,
      "DATABASE_UNAVAILABLE", true
    ),
    (StoreError(PostgresError(.queryCancelled, "")), .unavailable, "DATABASE_UNAVAILABLE", true),
    (StoreError(PostgresError(.readOnly, "")), .unavailable, "DATABASE_UNAVAILABLE", true),
    (StoreError(PostgresError(.diskFull, "")), .unavailable, "DATABASE_UNAVAILABLE", true),
    (StoreError(PostgresError(.lockTimeout, "")), .aborted, "CONFLICT", true),
    (StoreError(PostgresError(.deadlockDetected, "")), .aborted, "CONFLICT", true),
    (StoreError(PostgresError(.serializationFailure, "")), .aborted, "CONFLICT", true),
    (StoreError(.invalidPageToken), .invalidArgument, "PAGE_TOKEN_INVALID", false),
    (StoreError(PostgresError(.decoding, "secret")), .internal, "INTERNAL_ERROR", false),
  ])
  func eachFailureHasItsStatus(
    failure: StoreError, code: StatusCode, reason: String, isRepeated: Bool
  ) throws {
    let error = failures.status(failure)
    let told = try details(error)
    #expect(error.code == code && told.reason == reason)
    #expect(((told.retryMs ?? 0) > 0) == isRepeated)
    #expect(!error.message.contains("secret"))
  }

  @Test func whoseTimeIsUpAndWhoLeftAreToldNoMore() {
    #expect(failures.status(StoreError(.deadlineExceeded)).code == .deadlineExceeded)
    #expect(failures.status(StoreError(PostgresError(.cancelled, ""))).code == .cancelled)
  }
}
