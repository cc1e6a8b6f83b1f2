// Which entries of the audit log are asked for.

import Booking
import BookingStore
import RPC
import UsherProtos

extension OperatorService {
  /// Throws INVALID_ARGUMENT with every field that is wrong.
  static func filter(
    _ request: Usher.Admin.V1.ListAuditEntriesRequest
  ) throws(RPCError) -> AuditFilter {
    var (violations, filter) = (FieldViolations(), AuditFilter())
    filter.partnerID = request.partnerId
    filter.actorKeyID = request.actorKeyId
    filter.action = request.action
    filter.accountID = UniqueID(request.accountId)
    filter.from = violations.moment(request.from, "from")
    filter.until = violations.moment(request.until, "until")
    violations.require(request.partnerId >= 0, "partner_id", "must not be negative")
    violations.require(request.actorKeyId >= 0, "actor_key_id", "must not be negative")
    violations.require(
      request.accountId.isEmpty || filter.accountID != nil, "account_id", "must be a UUID")
    let isName = request.action.utf8.allSatisfy { (65...90).contains($0) || $0 == 95 }
    violations.require(
      isName && request.action.utf8.count <= Limits.nameBytes, "action",
      "must be an act's name, for example CREATE_PARTNER")
    try violations.check()
    return filter
  }
}
