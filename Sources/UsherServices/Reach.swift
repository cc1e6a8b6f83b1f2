// How far a key reaches: some are good for certain theatres only. Whoever asks for what lies beyond is
// told the same whether or not it exists.

import Booking
import BookingStore
import RPC
import Reactor

extension KnownCaller {
  /// Throws PERMISSION_DENIED unless the key is good for the theatre of a show; nil for a show that
  /// does not exist, which a key for some theatres must not learn.
  func requireReach(to show: ShowDetails?) throws(RPCError) {
    guard let theatreIDs else { return }
    guard let show, theatreIDs.contains(show.show.theatreID) else { throw Self.beyondReach }
  }

  static var beyondReach: RPCError {
    .refusal(.theatreNotGranted, "The key is not good for the theatre.")
  }
}

extension KnownCaller {
  /// Whether this is the operator of the house, who may run and follow everything.
  var isOperator: Bool { scopes.contains(.admin) }

  /// Throws PERMISSION_DENIED unless the caller may run a theatre: an operator any, a partner its own, as far
  /// as the key is good.
  func requireOwn(_ theatre: OwnedTheatre) throws(RPCError) {
    guard !isOperator else { return }
    guard theatre.partnerID == partnerID, theatreIDs?.contains(theatre.theatreID) ?? true
    else { throw Self.beyondReach }
  }

  /// What is said of a theatre that is not there: NOT_FOUND to operators, to others the same as of one
  /// that is not theirs.
  func missing(theatre id: Int64) -> RPCError {
    isOperator ? .notFound(.theatreNotFound, "theatre", String(id)) : Self.beyondReach
  }

  /// The same of an auditorium.
  func missing(auditorium id: Int64) -> RPCError {
    isOperator ? .notFound(.auditoriumNotFound, "auditorium", String(id)) : Self.beyondReach
  }

  /// Throws NOT_FOUND unless a customer's booking is its own: whose it is otherwise is nobody's business.
  func requireOwn(_ record: BookingRecord, named name: String) throws(RPCError) {
    guard let account, record.customerRef != account.customerRef else { return }
    throw .notFound(.bookingNotFound, "booking", name)
  }

  /// The name that a hold is made under: a customer holds for itself. Throws INVALID_ARGUMENT for
  /// anybody else's.
  func customerRef(_ wanted: String) throws(RPCError) -> String {
    guard let account else { return wanted }
    var violations = FieldViolations()
    violations.require(
      wanted.isEmpty || wanted == account.customerRef, "customer_ref",
      "must be empty: an account holds for itself")
    try violations.check()
    return account.customerRef
  }
}

extension ServerContext {
  /// Who sells: a partner, or the house to a customer. The interceptor admits nobody else to where this
  /// is asked.
  func seller() throws(RPCError) -> KnownCaller {
    guard let caller = caller as? KnownCaller else { throw .hidden }
    return caller
  }

  /// The customer that calls. The interceptor admits nobody else to where this is asked.
  func ownAccount() throws(RPCError) -> OwnAccount {
    guard let account = try seller().account else { throw .hidden }
    return account
  }
}

extension BookingService {
  /// Throws unless a booking is within the caller's reach: PERMISSION_DENIED for a key that is not good for
  /// its theatre, NOT_FOUND for a customer whose it is not. Costs those two a look at the booking before
  /// each change of it, and other keys nothing. Returns a customer's booking as it was then.
  @discardableResult
  func requireReach(
    to id: BookingID, _ context: ServerContext
  ) async throws(RPCError) -> BookingRecord? {
    let caller = try context.seller()
    guard caller.theatreIDs != nil || caller.account != nil else { return nil }
    let bookings = parts[context.loop].bookings
    let record = try await failures.translating { () async throws(StoreError) in
      try await bookings.booking(
        id: id, partnerID: caller.partnerID, timeout: context.remaining)
    }
    guard let record else {
      try caller.requireReach(to: nil)
      throw .notFound(.bookingNotFound, "booking", id.description)
    }
    try caller.requireOwn(record, named: id.description)
    _ = try await show(record.showID, context, fresh: false)
    return caller.account == nil ? nil : record
  }
}
