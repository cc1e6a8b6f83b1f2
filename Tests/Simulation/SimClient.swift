// Somebody who books: sends wishes until they are answered, and may stand in a line meanwhile.

import Booking

final class SimClient {
  /// Its place in a line.
  struct Place {
    let join: Wish
    let showID: Int64
    /// The node that has its stream; nil when it has to come back.
    var node: Int?

    var key: RequestKey { join.parts[0].identity.key }
  }

  let partnerID: Int64
  let customerRef: String
  /// Bookings it knows of, its own and now and then somebody else's.
  var bookings: [BookingID] = []
  /// Wishes that were answered; some are sent again nevertheless.
  var past: [Wish] = []
  /// Wishes that were not answered yet.
  var open: [Wish] = []
  var place: Place?

  init(partnerID: Int64, customerRef: String) {
    self.partnerID = partnerID
    self.customerRef = customerRef
  }

  /// The client's open wish with these ids, which is open no longer.
  func close(_ identities: [RequestIdentity]) -> Wish? {
    guard let index = open.firstIndex(where: { $0.identities == identities }) else { return nil }
    let wish = open.remove(at: index)
    past.append(wish)
    return wish
  }

  func learn(_ id: BookingID) {
    bookings.removeAll { $0 == id }
    bookings.append(id)
  }
}
