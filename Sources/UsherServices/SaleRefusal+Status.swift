// Refusals of the sale as statuses: which reason each has, and what is told with it.

import Booking
import BookingStore
import RPC

extension RPCError {
  /// Refusals of a hold.
  static func refusal(_ refusal: SaleRefusal, of show: ShowDetails) -> RPCError {
    let showID = String(show.show.id)
    var metadata: KeyValuePairs<String, String> { ["show": showID] }
    switch refusal {
    case .seatsUnavailable(let seats, let version):
      return seatsUnavailable(seats, version, show)
    case .noAdjacentSeats:
      return .refusal(
        .noAdjacentSeats, "No such run of adjacent free seats is left.",
        metadata: metadata)
    case .strandsSeats(let numbers):
      let labels = labels(numbers, show)
      return .refusal(
        .strandsSeats, "These seats would be left alone: \(labels)",
        metadata: ["show": showID, "seats": labels])
    case .holdLimitExceeded:
      return .refusal(
        .holdLimitExceeded,
        "The customer would have more seats of the show than the theatre allows.",
        metadata: metadata)
    case .salesClosed:
      return .refusal(.salesClosed, "The show is not on sale.", metadata: metadata)
    case .reservedForWaiting:
      return .refusal(
        .reservedForWaitlist,
        "The free seats of the show are for those on its waiting list.", metadata: metadata)
    case .seatsAllocated(let numbers):
      let labels = labels(numbers, show)
      return .refusal(
        .seatsAllocated,
        "These seats are set aside for another partner: \(labels)",
        metadata: ["show": showID, "seats": labels])
    case .showNotFound: return .notFound(.showNotFound, "show", showID)
    case .requestIDReused: return requestIDReused
    case .requestFenced: return requestFenced
    case .staleShow, .bookingNotFound, .foreignBooking, .wrongState, .extendedBefore,
      .seatsNotInBooking, .showBegan, .currencyDiffers, .waitIsHopeless, .waitlistFull,
      .seatsNotBlocked, .addOnsNotFound, .addOnsEnded, .tooManyAddOns:
      // Not for holds.
      return .hidden
    }
  }

  private static func labels(_ numbers: [Int32], _ show: ShowDetails) -> String {
    show.layout.labels(numbers).joined(separator: ",")
  }

  /// Every lost seat is named, and why each was lost, as of a version of the seat map.
  private static func seatsUnavailable(
    _ seats: [SeatStatus], _ version: Int64, _ show: ShowDetails
  ) -> RPCError {
    var labels = "", states = ""
    for seat in seats {
      if !labels.isEmpty {
        labels += ","
        states += ","
      }
      labels += show.layout.label(number: seat.number) ?? "?"
      states += seat.state.name
    }
    return .refusal(
      .seatsUnavailable, "These seats are no longer free: \(labels)",
      metadata: [
        "show": String(show.show.id), "seats": labels,
        "states": states, "version": String(version),
      ])
  }

  static var requestIDReused: RPCError {
    .refusal(
      .requestIDReused,
      "The request_id was used before with another request; choose a new one.")
  }

  static var requestFenced: RPCError {
    .refusal(
      .requestFenced,
      "The request_id was fenced and never runs; choose a new one.")
  }

  /// Refusals of a change.
  static func refusal(_ refusal: SaleRefusal, of wish: ChangeWish) -> RPCError {
    switch refusal {
    case .wrongState(let record): return wrongState(record, isPaid: wish.change == .confirm)
    case .extendedBefore(let record):
      return .refusal(
        .extendedBefore, "The hold was extended before.",
        metadata: ["booking": record.id.description])
    case .bookingNotFound, .foreignBooking:
      // Nobody learns which bookings others have.
      return .notFound(.bookingNotFound, "booking", wish.bookingID)
    case .requestIDReused: return requestIDReused
    case .requestFenced: return requestFenced
    case .seatsNotInBooking(let labels):
      let labels = labels.joined(separator: ",")
      return .refusal(
        .seatsNotInBooking, "The booking does not have these seats: \(labels)",
        metadata: ["booking": wish.bookingID, "seats": labels])
    case .addOnsNotFound(let ids): return .notFound(.addOnNotFound, "add_on", list(ids))
    case .addOnsEnded(let ids):
      return .refusal(
        .addOnEnded, "These add-ons have ended: \(list(ids))",
        metadata: ["booking": wish.bookingID, "add_ons": list(ids)])
    case .tooManyAddOns(let ids):
      return .refusal(
        .addOnLimitExceeded,
        "A seat would have more of these add-ons than their theatre allows: \(list(ids))",
        metadata: ["booking": wish.bookingID, "add_ons": list(ids)])
    case .currencyDiffers:
      return .refusal(
        .currencyDiffers, "The add-ons are sold in another currency.",
        metadata: ["booking": wish.bookingID])
    case .seatsUnavailable, .noAdjacentSeats, .strandsSeats, .holdLimitExceeded, .salesClosed,
      .showNotFound, .staleShow, .showBegan, .reservedForWaiting, .waitIsHopeless,
      .waitlistFull, .seatsNotBlocked, .seatsAllocated:
      // Not for changes.
      return .hidden
    }
  }

  /// Ids, as many as fit the trailers.
  private static func list(_ ids: [Int64]) -> String {
    ids.prefix(Limits.labelsPerRefusal).map(String.init).joined(separator: ",")
  }

  /// A payment for a hold that is gone is told to be given back.
  private static func wrongState(_ record: BookingRecord, isPaid: Bool) -> RPCError {
    let booking = record.id.description, state = "\(record.state)".uppercased()
    let (reason, message): (Reason, String) =
      switch record.state {
      case .expired: (.holdExpired, "The hold has expired.")
      case .released: (.holdReleased, "The hold was released.")
      default: (.bookingState, "The booking is \(record.state).")
      }
    guard isPaid, reason != .bookingState else {
      return .refusal(reason, message, metadata: ["booking": booking, "state": state])
    }
    return .refusal(
      reason, "\(message) Its seats are lost: give the payment back.",
      metadata: ["booking": booking, "state": state, "payment": "REFUND"])
  }

  /// Refusals of an exchange, of the booking or of what is wanted instead.
  static func refusal(
    _ refusal: SaleRefusal, ofExchanging wish: ChangeWish, for show: ShowDetails
  ) -> RPCError {
    switch refusal {
    case .showBegan:
      return .refusal(
        .showBegan, "The show of the booking has begun.",
        metadata: ["booking": wish.bookingID])
    case .currencyDiffers:
      return .refusal(
        .currencyDiffers, "The other show is sold in another currency.",
        metadata: ["booking": wish.bookingID, "show": String(show.show.id)])
    case .wrongState, .bookingNotFound, .foreignBooking: return .refusal(refusal, of: wish)
    default: return .refusal(refusal, of: show)
    }
  }
}

extension SeatState {
  /// As it is told in metadata.
  fileprivate var name: String {
    switch self {
    case .available: "AVAILABLE"
    case .held: "HELD"
    case .sold: "SOLD"
    case .blocked: "BLOCKED"
    }
  }
}
