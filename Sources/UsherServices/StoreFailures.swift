// Failures of the layers below as statuses. Refusals by the rules of the sale are elsewhere.

import Booking
import BookingStore
import Logging
import RPC
import SeatFeed

/// Turns failures into statuses; our own faults are logged here and nowhere told.
struct StoreFailures: Sendable {
  let logger: Logger

  /// Runs a body of the store and turns what it throws.
  func translating<T>(
    _ body: () async throws(StoreError) -> T
  ) async throws(RPCError) -> T {
    do {
      return try await body()
    } catch {
      throw status(error)
    }
  }

  func status(_ error: StoreError) -> RPCError {
    switch error.kind {
    case .overloaded: return .overloaded
    case .unavailable: return .databaseUnavailable
    case .contended: return .contended
    case .deadlineExceeded: return .deadlineExceeded
    case .cancelled: return .cancelled
    case .invalidPageToken:
      return .invalidPageToken("The page token was not made for this list with these filters.")
    case .fault:
      logger.error("store fault", metadata: ["error": "\(error)"])
      return .hidden
    }
  }

  func status(_ error: FeedError, showID: Int64 = 0, theatreID: Int64 = 0) -> RPCError {
    switch error {
    case .showNotFound: .notFound(.showNotFound, "show", String(showID))
    case .listedShowNotFound(let showID): .notFound(.showNotFound, "show", String(showID))
    case .theatreNotFound: .notFound(.theatreNotFound, "theatre", String(theatreID))
    case .cancelled: .cancelled
    case .unavailable:
      .retryable(.databaseUnavailable, "The seat map cannot be read now.", retryAfterMs: 500)
    }
  }
}

extension RPCError {
  /// More is waiting than can be done soon.
  static var overloaded: RPCError {
    .retryable(.overloaded, "Too many requests are waiting.", retryAfterMs: 250)
  }

  /// The database is away.
  static var databaseUnavailable: RPCError {
    .retryable(
      .databaseUnavailable, "The database is away; repeat with the same request.",
      retryAfterMs: 500)
  }

  /// Another transaction was in the way several times over.
  static var contended: RPCError {
    .retryable(
      .conflict, "Another request was in the way; repeat with the same request.",
      retryAfterMs: 50)
  }
}
