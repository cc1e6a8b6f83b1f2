// How far a key reaches: some are good for certain theatres only. Whoever asks for what lies beyond is
// told the same whether or not it exists.

import Booking
import BookingStore
import RPC
import Reactor

extension PartnerCaller {
  /// Throws PERMISSION_DENIED unless the key is good for the theatre of a show; nil for a show that
  /// does not exist, which a key for some theatres must not learn.
  func requireReach(to show: ShowDetails?) throws(RPCError) {
    guard let theatreIDs else { return }
    guard let show, theatreIDs.contains(show.show.theatreID) else { throw Self.beyondReach }
  }

  static var beyondReach: RPCError {
    .refusal(
      .permissionDenied, .theatreNotGranted, "The key is not good for the theatre.")
  }
}

extension ServerContext {
  /// The partner that calls. The interceptor admits nobody else to where this is asked.
  func partnerCaller() throws(RPCError) -> PartnerCaller {
    guard let caller = caller as? PartnerCaller else { throw .hidden }
    return caller
  }
}

extension BookingService {
  /// Throws PERMISSION_DENIED unless the caller's key is good for the theatre of a booking, or for all:
  /// a key for some theatres costs a look at the booking before each change of it.
  func requireReach(to id: BookingID, _ context: ServerContext) async throws(RPCError) {
    let caller = try context.partnerCaller()
    guard caller.theatreIDs != nil else { return }
    let bookings = parts[context.loop].bookings
    let record = try await failures.translating { () async throws(StoreError) in
      try await bookings.booking(
        id: id, partnerID: caller.partnerID, timeout: context.remaining)
    }
    guard let record else { throw PartnerCaller.beyondReach }
    _ = try await show(record.showID, context, fresh: false)
  }
}
