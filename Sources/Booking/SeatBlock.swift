// Seats that their theatre withdraws from sale and gives back: changes of seats like any other, one
// version each, in the order of the lane. Whose the theatre is, the caller has seen to.

/// Asks to withdraw seats of a show from sale, or to give them back.
package struct BlockRequest: Sendable, Hashable {
  /// Who asks.
  package let identity: RequestIdentity
  /// Who that is, as the audit log has it: a key and a name.
  package let actorKeyID: Int64?
  /// The name.
  package let actor: String
  /// The lane of the show.
  package let lane: Int16
  /// The show.
  package let showID: Int64
  /// The seats, by number, each once.
  package let seatNumbers: [Int32]
  /// Whether they are withdrawn; else they are given back.
  package let isBlock: Bool
  /// Why, for people; may be empty.
  package let reason: String

  /// Asks for a change of seats.
  package init(
    _ identity: RequestIdentity, actorKeyID: Int64?, actor: String, lane: Int16, showID: Int64,
    seatNumbers: [Int32], isBlock: Bool, reason: String = ""
  ) {
    self.identity = identity
    self.actorKeyID = actorKeyID
    self.actor = actor
    self.lane = lane
    self.showID = showID
    self.seatNumbers = seatNumbers
    self.isBlock = isBlock
    self.reason = reason
  }
}

extension ShowLedger {
  /// Decides a request to withdraw seats, all of which must be free, or to give back seats that are all
  /// withdrawn. Also while somebody waits: the theatre's seats are its own, and the line is told what is
  /// left of its hope.
  func block(_ request: BlockRequest, _ moment: inout Moment) -> SaleDecision {
    let indices = request.seatNumbers.compactMap(terms.layout.index(number:))
    guard indices.count == request.seatNumbers.count else { return .refused(.staleShow) }
    if request.isBlock {
      if let refusal = lost(of: indices, &moment) { return .refusedUnlessLogged(refusal) }
    } else {
      let others = indices.filter { state(at: $0) != .blocked }
      guard others.isEmpty else {
        return .refusedUnlessLogged(.seatsNotBlocked(others.map { terms.layout.seats[$0].number }))
      }
    }
    setBlocked(request.isBlock, at: indices)
    return .seatsChanged(version: version + 1)
  }
}
