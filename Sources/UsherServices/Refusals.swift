// The one place where a refusal becomes a status: code, message and `google.rpc.Status` details
// with exactly one ErrorInfo. Reasons are stable API; every dynamic part of a message is also in
// the metadata or in a detail.

package import ProtoWire
package import RPC
import UsherProtos

/// Machine-readable reasons of refusals, as they stand in `ErrorInfo.reason`.
package enum Reason: String, Sendable, CaseIterable {
  case invalidFields = "INVALID_FIELDS"
  case credentialsMissing = "CREDENTIALS_MISSING"
  case credentialsInvalid = "CREDENTIALS_INVALID"
  case scopeMissing = "SCOPE_MISSING"
  case theatreNotGranted = "THEATRE_NOT_GRANTED"
  case accountRequired = "ACCOUNT_REQUIRED"
  case accountBlocked = "ACCOUNT_BLOCKED"
  case accountClosed = "ACCOUNT_CLOSED"
  case accountNotFound = "ACCOUNT_NOT_FOUND"
  case emailTaken = "EMAIL_TAKEN"
  case loginFailed = "LOGIN_FAILED"
  case loginLocked = "LOGIN_LOCKED"
  case passwordChanged = "PASSWORD_CHANGED"
  case sessionOver = "SESSION_OVER"
  case partnerNotFound = "PARTNER_NOT_FOUND"
  case partnerNameTaken = "PARTNER_NAME_TAKEN"
  case apiKeyNotFound = "API_KEY_NOT_FOUND"
  case apiKeyOver = "API_KEY_OVER"
  case certificateTaken = "CERTIFICATE_TAKEN"
  case showNotFound = "SHOW_NOT_FOUND"
  case movieNotFound = "MOVIE_NOT_FOUND"
  case reviewNotFound = "REVIEW_NOT_FOUND"
  case commentNotFound = "COMMENT_NOT_FOUND"
  case threadFull = "THREAD_FULL"
  case theatreNotFound = "THEATRE_NOT_FOUND"
  case theatreNameTaken = "THEATRE_NAME_TAKEN"
  case auditoriumNotFound = "AUDITORIUM_NOT_FOUND"
  case auditoriumNameTaken = "AUDITORIUM_NAME_TAKEN"
  case showsToCome = "SHOWS_TO_COME"
  case layoutNotFound = "LAYOUT_NOT_FOUND"
  case layoutChanged = "LAYOUT_CHANGED"
  case tooManyLayouts = "TOO_MANY_LAYOUTS"
  case seatNumbersUsedUp = "SEAT_NUMBERS_USED_UP"
  case movieAmbiguous = "MOVIE_AMBIGUOUS"
  case noSuchTime = "NO_SUCH_TIME"
  case showOver = "SHOW_OVER"
  case priceMissing = "PRICE_MISSING"
  case showElsewhere = "SHOW_ELSEWHERE"
  case showHasSales = "SHOW_HAS_SALES"
  case showOverlaps = "SHOW_OVERLAPS"
  case scheduleTooLarge = "SCHEDULE_TOO_LARGE"
  case movieExists = "MOVIE_EXISTS"
  case bookingNotFound = "BOOKING_NOT_FOUND"
  case seatsUnavailable = "SEATS_UNAVAILABLE"
  case noAdjacentSeats = "NO_ADJACENT_SEATS"
  case holdLimitExceeded = "HOLD_LIMIT_EXCEEDED"
  case strandsSeats = "STRANDS_SEATS"
  case salesClosed = "SALES_CLOSED"
  case reservedForWaitlist = "RESERVED_FOR_WAITLIST"
  case waitlistFull = "WAITLIST_FULL"
  case waitIsHopeless = "WAIT_IS_HOPELESS"
  case waitEnded = "WAIT_ENDED"
  case waitNotFound = "WAIT_NOT_FOUND"
  case holdExpired = "HOLD_EXPIRED"
  case holdReleased = "HOLD_RELEASED"
  case extendedBefore = "EXTENDED_BEFORE"
  case bookingState = "BOOKING_STATE"
  case requestIDReused = "REQUEST_ID_REUSED"
  case requestFenced = "REQUEST_FENCED"
  case requestNotFound = "REQUEST_NOT_FOUND"
  case showBegan = "SHOW_BEGAN"
  case currencyDiffers = "CURRENCY_DIFFERS"
  case seatsNotInBooking = "SEATS_NOT_IN_BOOKING"
  case statisticsTooLarge = "STATISTICS_TOO_LARGE"
  case positionAhead = "POSITION_AHEAD"
  case ticketCodeAmbiguous = "TICKET_CODE_AMBIGUOUS"
  case salesForgotten = "SALES_FORGOTTEN"
  case salesStreamsExceeded = "SALES_STREAMS_EXCEEDED"
  case seatsAllocated = "SEATS_ALLOCATED"
  case allocationNotFound = "ALLOCATION_NOT_FOUND"
  case seatsNotFound = "SEATS_NOT_FOUND"
  case seatsNotBlocked = "SEATS_NOT_BLOCKED"
  case offerEnded = "OFFER_ENDED"
  case tooManyOffers = "TOO_MANY_OFFERS"
  case tooManyAllocations = "TOO_MANY_ALLOCATIONS"
  case offerNotFound = "OFFER_NOT_FOUND"
  case addOnNotFound = "ADD_ON_NOT_FOUND"
  case addOnEnded = "ADD_ON_ENDED"
  case addOnLimitExceeded = "ADD_ON_LIMIT_EXCEEDED"
  case tierNotFound = "TIER_NOT_FOUND"
  case noShows = "NO_SHOWS"
  case tooManyShows = "TOO_MANY_SHOWS"
  case notASandbox = "NOT_A_SANDBOX"
  case pageTokenInvalid = "PAGE_TOKEN_INVALID"
  case overloaded = "OVERLOADED"
  case rateLimited = "RATE_LIMITED"
  case databaseUnavailable = "DATABASE_UNAVAILABLE"
  case conflict = "CONFLICT"
  case internalError = "INTERNAL_ERROR"
}

extension RPCError {
  /// A refusal with its ErrorInfo and further details, each detail type at most once. `metadata` has
  /// each name once.
  package static func refusal(
    _ reason: Reason, _ message: String, metadata: KeyValuePairs<String, String> = [:],
    details: [any ProtoMessage] = []
  ) -> RPCError {
    let code = reason.code
    assert(
      metadata.allSatisfy { reason.entry.metadata.contains($0.key) }, "\(reason) has other metadata"
    )
    let status = ProtoWriter.bytes { writer in
      for detail in details.reversed() {
        writer.detail(type(of: detail).protoName) { detail.encode(into: &$0) }
      }
      writer.detail(Google.Rpc.ErrorInfo.protoName) { $0.errorInfo(reason, metadata) }
      writer.field(StringCodec.self, message, tag: 2 << 3 | 2)
      writer.field(Int32Codec.self, Int32(code.rawValue), tag: 1 << 3)
    }
    return RPCError(code, message, details: status)
  }

  /// A refusal that is worth trying again after a delay.
  package static func retryable(
    _ reason: Reason, _ message: String, retryAfterMs: Int64
  ) -> RPCError {
    let delay = Google.Protobuf.Duration(
      seconds: retryAfterMs / 1_000, nanos: Int32(retryAfterMs % 1_000) * 1_000_000)
    return refusal(reason, message, details: [Google.Rpc.RetryInfo(retryDelay: delay)])
  }

  /// A credential, or an address, has called too often; `lane` says what is counted.
  static func tooManyCalls(_ lane: String, perSecond: Int, wait: Duration) -> RPCError {
    let (seconds, attoseconds) = wait.components
    let delay = Google.Protobuf.Duration(
      seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
    return refusal(
      .rateLimited, "There were too many calls.",
      metadata: ["lane": lane, "calls_per_second": String(perSecond)],
      details: [Google.Rpc.RetryInfo(retryDelay: delay)])
  }

  /// Whether it says something of a call and its caller alone: another's may well be answered.
  var isOfOneCaller: Bool {
    switch code {
    case .cancelled, .deadlineExceeded: true
    case .resourceExhausted: reason == .rateLimited
    default: false
    }
  }

  private var reason: Reason? {
    let name = "/\(Google.Rpc.ErrorInfo.protoName)"
    let info = status.details.first { $0.typeUrl.hasSuffix(name) }
      .flatMap { try? Google.Rpc.ErrorInfo(protoBytes: $0.value) }
    return info.flatMap { Reason(rawValue: $0.reason) }
  }

  /// Something does not exist, or not for this caller.
  package static func notFound(_ reason: Reason, _ type: String, _ name: String) -> RPCError {
    refusal(
      reason, "There is no such \(type).", metadata: [type: name],
      details: [Google.Rpc.ResourceInfo(resourceType: type, resourceName: name)])
  }

  /// A page token that was not made for the list and its filters.
  static func invalidPageToken(_ message: String) -> RPCError {
    refusal(
      .pageTokenInvalid, message,
      details: [
        Google.Rpc.BadRequest(fieldViolations: [.init(field: "page_token", description: message)])
      ])
  }

  /// Our own bug or a database that breaks its promises: nothing of it is told.
  package static var hidden: RPCError {
    refusal(.internalError, "The server failed; the fault has been logged.")
  }
}

/// Statuses, field by field and from their end: when seats are short most answers are refusals, and
/// message objects would cost several times what is in them.
extension ProtoWriter {
  /// A detail of `google.rpc.Status`, in its `google.protobuf.Any`.
  fileprivate mutating func detail(_ name: String, _ write: (inout ProtoWriter) -> Void) {
    let end = writtenByteCount
    write(&self)
    writePrefix(behind: end, tag: 2 << 3 | 2)
    let nameEnd = writtenByteCount
    let authority = "type.googleapis.com/"
    writeUTF8(name, byteCount: name.utf8.count)
    writeUTF8(authority, byteCount: authority.utf8.count)
    writePrefix(behind: nameEnd, tag: 1 << 3 | 2)
    writePrefix(behind: end, tag: 3 << 3 | 2)
  }

  /// The fields of `google.rpc.ErrorInfo`.
  fileprivate mutating func errorInfo(
    _ reason: Reason, _ metadata: KeyValuePairs<String, String>
  ) {
    for (name, value) in metadata.reversed() {
      let end = writtenByteCount
      field(StringCodec.self, value, tag: 2 << 3 | 2)
      field(StringCodec.self, name, tag: 1 << 3 | 2)
      writePrefix(behind: end, tag: 3 << 3 | 2)
    }
    field(StringCodec.self, "usher", tag: 2 << 3 | 2)
    field(StringCodec.self, reason.rawValue, tag: 1 << 3 | 2)
  }
}

/// Collects what is wrong with a request, field by field, so that a caller hears of all at once, as far as
/// that fits the details of a status.
struct FieldViolations {
  private var told: [Google.Rpc.BadRequest.FieldViolation] = []
  private var toldBytes = 0
  /// The first that is not told, and how many there are.
  private var untold: (field: String, count: Int)?

  mutating func add(_ field: String, _ description: String) {
    // A field's path stands in the ErrorInfo as well.
    let bytes = 2 * field.utf8.count + description.utf8.count
    if untold == nil, told.count < Limits.violationsPerRefusal,
      toldBytes + bytes <= Limits.violationBytes
    {
      told.append(.init(field: field, description: description))
      toldBytes += bytes
    } else {
      // No path of ours is so long.
      untold = (untold?.field ?? String(field.prefix(200)), (untold?.count ?? 0) + 1)
    }
  }

  /// Adds a violation unless the condition holds.
  mutating func require(
    _ condition: Bool, _ field: String, _ description: @autoclosure () -> String
  ) {
    if !condition { add(field, description()) }
  }

  var isEmpty: Bool { told.isEmpty && untold == nil }

  /// Throws INVALID_ARGUMENT with a BadRequest when anything was added.
  func check() throws(RPCError) {
    if let refusal { throw refusal }
  }

  /// What ``check()`` throws; nil when nothing was added.
  var refusal: RPCError? {
    var violations = told
    if let untold {
      let rest = untold.count == 1 ? "" : ", and \(untold.count - 1) more"
      violations.append(.init(field: untold.field, description: "is wrong as well\(rest)"))
    }
    guard let first = violations.first else { return nil }
    return .refusal(
      .invalidFields, "\(first.field): \(first.description)",
      metadata: ["fields": violations.map(\.field).joined(separator: ",")],
      details: [Google.Rpc.BadRequest(fieldViolations: violations)])
  }
}
