// What clients send: requests as their clients know them, the same bodies whenever they are sent
// again.

import Booking

/// A request, or several that are to be done together.
struct Wish {
  /// Makes the id of a new booking of a lane.
  typealias MakeID = (Int16) -> BookingID

  /// What is asked for, before it has an id.
  struct Body {
    /// Stands for the body: two with the same text are the same.
    let text: String
    /// The request as a node makes it, which chooses the id that a new booking would have.
    let request: (RequestIdentity, MakeID) -> SaleRequest
  }

  struct Part {
    let identity: RequestIdentity
    let body: Body

    init(_ body: Body, partnerID: Int64, requestID: UniqueID) {
      self.body = body
      // Stands for a digest: that of the real bodies is tested where they are made.
      var hash = UInt64(14_695_981_039_346_656_037)
      for byte in body.text.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
      identity = RequestIdentity(
        partnerID: partnerID, requestID: requestID,
        hash: Array(repeating: UniqueID(high: hash, low: ~hash).bytes, count: 2).flatMap { $0 })
    }
  }

  let parts: [Part]
  let isTogether: Bool

  init(_ part: Part) {
    parts = [part]
    isTogether = false
  }

  init(together parts: [Part]) {
    self.parts = parts
    isTogether = true
  }

  var identities: [RequestIdentity] { parts.map(\.identity) }

  var text: String {
    let all = parts.map { "\($0.body.text) \($0.identity.requestID)" }.joined(separator: "; ")
    return isTogether ? "together [\(all)]" : all
  }

  func request(_ makeID: MakeID) -> SaleRequest {
    let requests = parts.map { $0.body.request($0.identity, makeID) }
    return isTogether ? .together(requests) : requests[0]
  }
}

extension SaleRequest {
  /// The requests that are to be done together, or itself.
  var parts: [SaleRequest] {
    if case .together(let parts) = self { parts } else { [self] }
  }

  /// The booking that it is about, if it is about one.
  var bookingID: BookingID? {
    switch self {
    case .change(let change): change.bookingID
    case .exchange(let exchange): exchange.bookingID
    default: nil
    }
  }

  /// The show whose seats are wanted, if any are.
  var wantedShowID: Int64? {
    switch self {
    case .hold(let hold): hold.showID
    case .exchange(let exchange): exchange.wanted.showID
    case .join(let join): join.showID
    case .block(let block): block.showID
    default: nil
    }
  }
}

extension Wish {
  var isJoin: Bool { parts.contains { $0.body.text.hasPrefix("join") } }
  var isHold: Bool { parts.allSatisfy { $0.body.text.hasPrefix("hold") } }
  var isCancel: Bool { parts.allSatisfy { $0.body.text.hasPrefix("cancel") } }
}
