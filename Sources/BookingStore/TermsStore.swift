// Changes of the terms that shows are sold under: offers and prices. Each is one statement that does it,
// notes it, remembers its request id and raises the shows that it concerns, so that nothing is sold under
// terms that are no longer so. Shows of an offer, which may be all that there are, are raised afterwards,
// some at a time; the sweepers of all nodes see to it that they are when the caller is gone.

package import Booking
import Postgres
import Reactor

/// Changes terms, and lists offers.
package struct TermsStore: Sendable {
  let database: any Database
  private let raisedShows: Int32

  /// Reads and writes a database. At most `raisedShows` shows are raised in a transaction.
  package init(_ database: any Database, raisedShows: Int = StoreLimits.raisedShows) {
    self.database = database
    self.raisedShows = Int32(clamping: raisedShows)
  }

  // MARK: Offers

  /// Makes an offer. This and the next two count for every show when they return; when they throw, they
  /// may have been done, and count soon for those shows too for which they do not yet.
  package func createOffer(
    _ wish: OfferWish, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    let labels = wish.seatLabels.isEmpty ? nil : wish.seatLabels
    return try await actOnOffer(
      Statements.createOffer, actor, identity,
      wish.terms.values + [
        .int8(wish.channelID), .text(wish.tier), PostgresValue(labels), .int8(wish.place.theatreID),
        .int8(wish.place.auditoriumID), .int8(wish.place.showID), .int8(wish.place.movieID),
        .int4(Int32(StoreLimits.activeOffers)),
      ], timeout)
  }

  /// Gives an offer other terms; what it is for stays.
  package func updateOffer(
    id: Int64, _ terms: OfferTerms, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await actOnOffer(
      Statements.updateOffer, actor, identity, [.int8(id)] + terms.values, timeout)
  }

  /// Ends an offer for good.
  package func endOffer(
    id: Int64, _ identity: RequestIdentity, by actor: TermsActor, timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await actOnOffer(Statements.endOffer, actor, identity, [.int8(id)], timeout)
  }

  /// Offers by id: a partner's own as far as its key reaches, everybody's to an operator. `showID` leaves
  /// out those that do not reach that show, unless it is 0.
  package func offers(
    of actor: TermsActor, showID: Int64, withEnded: Bool, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<ManagedOffer> {
    var filter = RequestHash(command: "offers")
    filter.add(actor.isOperator ? 0 : actor.partnerID)
    filter.add((actor.theatreIDs ?? []).map(String.init))
    filter.add(showID)
    filter.add(withEnded ? 1 : 0)
    return try await database.page(
      Statements.listManagedOffers, filter,
      [
        .int8(actor.isOperator ? nil : actor.partnerID), PostgresValue(actor.theatreIDs),
        .int8(showID), .bool(withEnded),
      ], pageSize, pageToken, timeout, key: { ("", $0.offer.id) }, ManagedOffer.init)
  }

  // MARK: Prices

  /// Sets what seats cost.
  package func setPrices(
    _ wish: PricesWish, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    let shows: [PostgresValue]
    switch wish.shows {
    case .these(let ids):
      let never = PostgresValue.timestamp(nil)
      shows = [.array(ids), .int8(nil), .int8(nil), .int8(nil), never, never]
    case .all(let theatreID, let auditoriumID, let movieID, let from, let before):
      shows = [
        PostgresValue([Int64]?.none), .int8(theatreID), .int8(auditoriumID), .int8(movieID),
        .timestamp(from.map { PostgresTimestamp(unixMicroseconds: $0) }),
        .timestamp(before.map { PostgresTimestamp(unixMicroseconds: $0) }),
      ]
    }
    return try await act(
      Statements.setPrices, actor, identity,
      shows + [
        .array(wish.prices.map(\.tier)), .array(wish.prices.map(\.minorUnits)),
        .text(wish.currency.code), .int4(Int32(StoreLimits.repricedShows)),
      ], timeout)
  }

  // MARK: Acts

  /// Runs an act, or finds what it did before.
  func act(
    _ statement: PostgresStatement, _ actor: TermsActor, _ identity: RequestIdentity,
    _ parameters: [PostgresValue], _ timeout: Duration?
  ) async throws(StoreError) -> TermsOutcome {
    let common: [PostgresValue] = [
      .int8(actor.audit.keyID), .text(actor.audit.name), .int8(actor.partnerID),
      .bool(actor.isOperator), PostgresValue(actor.theatreIDs),
      .uuid(PostgresUUID(identity.requestID)), .bytea(identity.hash),
    ]
    let result = try await database.act(statement, common + parameters, timeout: timeout)
    return try reading { () throws(PostgresError) in try TermsOutcome(try result.onlyRow()) }
  }

  /// Runs an act on an offer, and raises its shows until all are, also those of an act that was cut off.
  private func actOnOffer(
    _ statement: PostgresStatement, _ actor: TermsActor, _ identity: RequestIdentity,
    _ parameters: [PostgresValue], _ timeout: Duration?
  ) async throws(StoreError) -> TermsOutcome {
    let end = timeout.map { LoopInstant.now + $0 }
    let outcome = try await act(statement, actor, identity, parameters, timeout)
    guard case .done(let change) = outcome else { return outcome }
    var showIDs: [Int64] = []
    while true {
      let rest = end.map { max(.zero, $0 - .now) }
      let step = try await raiseShows(of: identity, rest)
      showIDs += step.showIDs
      guard step.isOver else { continue }
      return .done(
        TermsChange(subjectID: change.subjectID, showCount: step.showCount, showIDs: showIDs))
    }
  }

  private func raiseShows(
    of identity: RequestIdentity, _ timeout: Duration?
  ) async throws(StoreError) -> (showIDs: [Int64], isOver: Bool, showCount: Int) {
    let result = try await database.act(
      Statements.raiseShowsOfOffer,
      [
        .int8(identity.partnerID), .uuid(PostgresUUID(identity.requestID)), .int4(raisedShows),
      ], timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      return (
        try row.decode(0), try row.decode(1), Int(try row.decode(2, as: Int32.self))
      )
    }
  }
}

extension TermsOutcome {
  /// Reads an act_result.
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    let outcome: String = try row.decode(0)
    guard outcome != "done" else {
      self = .done(
        TermsChange(
          subjectID: try row.decode(1), showCount: Int(try row.decode(2, as: Int32.self)),
          showIDs: try row.decode(3)))
      return
    }
    guard let refusal = TermsRefusal(rawValue: outcome) else {
      throw PostgresError(.decoding, "an act has an outcome that is not known")
    }
    self = .refused(refusal, try row.decode(4, as: [String]?.self) ?? [])
  }
}
