// What callers of BookingService wish for, checked field by field and in canonical form.

import Booking
import BookingStore
import RPC
import UsherProtos

/// A request to hold seats, checked as far as that is possible without the show.
struct HoldWish {
  private let message: Usher.V1.HoldSeatsRequest
  private let identity: RequestIdentity

  /// Throws INVALID_ARGUMENT with every field that is wrong, those found before included. `command`
  /// and `subjects` are part of the request's identity.
  init(
    _ message: Usher.V1.HoldSeatsRequest, partnerID: Int64, command: String = "hold",
    subjects: [String] = [], _ violations: FieldViolations = FieldViolations()
  ) throws(RPCError) {
    var violations = violations
    let requestID = UniqueID(message.requestId)
    violations.require(requestID != nil, "request_id", "must be a UUID")
    violations.require(
      message.customerRef.utf8.count <= Booking.Limits.referenceByteCount
        && !message.customerRef.utf8.contains(0),
      "customer_ref", "must have at most \(Booking.Limits.referenceByteCount) bytes")
    switch (message.seats.isEmpty, message.bestAvailable) {
    case (true, nil): violations.add("seats", "name seats, or ask for best_available")
    case (false, .some): violations.add("best_available", "must not be set together with seats")
    case (true, .some(let best)):
      violations.require(
        (1...Int32(Booking.Limits.seatsPerBooking)).contains(best.count),
        "best_available.count", "must be 1 to \(Booking.Limits.seatsPerBooking)")
      violations.require(
        best.tier.utf8.count <= Limits.nameBytes, "best_available.tier",
        "must have at most \(Limits.nameBytes) bytes")
    case (false, nil):
      violations.require(
        message.seats.count <= Booking.Limits.seatsPerBooking, "seats",
        "a booking has at most \(Booking.Limits.seatsPerBooking) seats")
      violations.require(
        message.seats.allSatisfy { $0.utf8.count <= Limits.nameBytes }, "seats",
        "a label has at most \(Limits.nameBytes) bytes")
    }
    try violations.check()
    guard let requestID else { throw .hidden }
    self.message = message
    identity = RequestIdentity(
      partnerID: partnerID, requestID: requestID, hash: Self.hash(message, command, subjects))
  }

  private static func hash(
    _ message: Usher.V1.HoldSeatsRequest, _ command: String, _ subjects: [String]
  ) -> [UInt8] {
    var hash = RequestHash(command: command)
    hash.add(subjects)
    hash.add(message.showId)
    hash.add(message.seats)
    hash.add(Int64(message.bestAvailable?.count ?? 0))
    hash.add(message.bestAvailable?.tier ?? "")
    hash.add(message.bestAvailable?.allowSplit == true ? 1 : 0)
    hash.add(message.customerRef)
    return hash.digest
  }

  /// The lane's request for a show. Throws INVALID_ARGUMENT for labels or tiers it does not have.
  func request(_ show: ShowDetails, bookingID: BookingID) throws(RPCError) -> HoldRequest {
    do throws(BookingError) {
      return HoldRequest(
        identity: identity, bookingID: bookingID, showID: show.show.id,
        customerRef: message.customerRef, selection: try selection(show.layout))
    } catch {
      throw Self.status(error)
    }
  }

  private func selection(_ layout: SeatLayout) throws(BookingError) -> HoldRequest.Selection {
    guard let best = message.bestAvailable else {
      return .named(try layout.numbers(labels: message.seats))
    }
    guard best.tier.isEmpty || layout.tiers.contains(best.tier) else {
      throw BookingError(.unknownTier, "The show has no such tier.", subjects: [best.tier])
    }
    return .best(
      BestWish(count: Int(best.count), tier: best.tier, allowSplit: best.allowSplit))
  }

  private static func status(_ error: BookingError) -> RPCError {
    var violations = FieldViolations()
    // The caller's own words: cut, so that the details always fit the trailers.
    let subjects = error.subjects.map { $0.prefix(40) }.joined(separator: ",")
    switch error.code {
    case .noSeats, .tooManySeats: violations.add("seats", error.message)
    case .unknownSeats, .duplicateSeats: violations.add("seats", "\(error.message) (\(subjects))")
    case .unknownTier: violations.add("best_available.tier", "\(error.message) (\(subjects))")
    case .invalidLayout, .missingPrice, .moneyOverflow, .malformed: return .hidden
    }
    do throws(RPCError) { try violations.check() } catch { return error }
    return .hidden
  }
}

/// A request to change a booking.
struct ChangeWish {
  let change: ChangeRequest.Change
  let bookingID: String
  private let requestID: String
  private let paymentReference: String
  private let seats: [String]
  private let addOns: [AddOnItem]

  init(
    _ change: ChangeRequest.Change, _ bookingID: String, _ requestID: String,
    paymentReference: String = "", seats: [String] = [], addOns: [AddOnItem] = []
  ) {
    self.change = change
    self.bookingID = bookingID
    self.requestID = requestID
    self.paymentReference = paymentReference
    self.seats = seats
    self.addOns = addOns
  }

  /// Throws INVALID_ARGUMENT with every field that is wrong, NOT_FOUND for an id that no booking
  /// of ours can have.
  func request(
    partnerID: Int64, _ violations: FieldViolations
  ) throws(RPCError) -> ChangeRequest {
    var violations = violations
    let requestID = UniqueID(requestID)
    violations.require(requestID != nil, "request_id", "must be a UUID")
    violations.require(UniqueID(bookingID) != nil, "booking_id", "must be a UUID")
    try violations.check()
    guard let requestID else { throw .hidden }
    guard let id = BookingID(bookingID) else {
      throw .notFound(.bookingNotFound, "booking", bookingID)
    }
    var hash = RequestHash(command: "\(change)")
    hash.add(id.description)
    hash.add(paymentReference)
    hash.add(seats)
    // What they cost is no part of the request.
    for item in addOns {
      hash.add(item.seat)
      hash.add(item.addOnID)
      hash.add(Int64(item.count))
    }
    return ChangeRequest(
      change,
      RequestIdentity(partnerID: partnerID, requestID: requestID, hash: hash.digest),
      bookingID: id, paymentReference: paymentReference, seats: seats,
      addOns: AddOnWish(addOns))
  }
}
