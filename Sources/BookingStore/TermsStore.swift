// Changes of the terms that shows are sold under: offers and prices. Each is one statement that does it,
// notes it, remembers its request id and raises the shows that it concerns, so that nothing is sold under
// terms that are no longer so.

package import Booking
import Postgres

/// Changes terms, and lists offers.
package struct TermsStore: Sendable {
  let database: any Database

  /// Reads and writes a database.
  package init(_ database: any Database) {
    self.database = database
  }

  // MARK: Offers

  /// Makes an offer.
  package func createOffer(
    _ wish: OfferWish, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    let labels = wish.seatLabels.isEmpty ? nil : wish.seatLabels
    return try await act(
      Statements.createOffer, actor, identity,
      wish.terms.values + [
        .int8(wish.channelID), .text(wish.tier), PostgresValue(labels), .int8(wish.place.theatreID),
        .int8(wish.place.auditoriumID), .int8(wish.place.showID), .int8(wish.place.movieID),
      ], timeout)
  }

  /// Gives an offer other terms; what it is for stays.
  package func updateOffer(
    id: Int64, _ terms: OfferTerms, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await act(
      Statements.updateOffer, actor, identity, [.int8(id)] + terms.values, timeout)
  }

  /// Ends an offer for good.
  package func endOffer(
    id: Int64, _ identity: RequestIdentity, by actor: TermsActor, timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await act(Statements.endOffer, actor, identity, [.int8(id)], timeout)
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

  /// Runs an act.
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
