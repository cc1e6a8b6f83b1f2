// Food and other add-ons of theatres: keeping them, and what bookings can have of them.

package import Booking
import Postgres

/// What an add-on is, and what it costs.
package struct AddOnTerms: Sendable, Hashable {
  /// Its name as quotes print it.
  package let title: String
  /// What kind of thing it is; may be empty.
  package let category: String
  /// What one of it costs.
  package let price: Money
  /// Most of it that a seat can have.
  package let mostPerSeat: Int

  package init(title: String, category: String, price: Money, mostPerSeat: Int) {
    self.title = title
    self.category = category
    self.price = price
    self.mostPerSeat = mostPerSeat
  }

  fileprivate var values: [PostgresValue] {
    [
      .text(title), .text(category), .int8(price.minorUnits), .text(price.currency.code),
      .int4(Int32(clamping: mostPerSeat)),
    ]
  }
}

/// An add-on as its theatre sees it.
package struct ManagedAddOn: Sendable, Hashable {
  /// Its id.
  package let id: Int64
  /// The theatre that sells it.
  package let theatreID: Int64
  /// What it is, and what it costs.
  package let terms: AddOnTerms
  /// Whether it has not been ended.
  package let isActive: Bool
  /// When it was made, in microseconds since 1970.
  package let createdAt: Int64

  /// As it is attached.
  package var addOn: AddOn {
    AddOn(
      id: id, title: terms.title, price: terms.price, mostPerSeat: terms.mostPerSeat,
      isActive: isActive)
  }

  /// Reads the columns of list_add_ons.
  init(_ row: PostgresRow) throws(PostgresError) {
    guard let currency = try? Currency(try row.decode(5)) else {
      throw PostgresError(.decoding, "an add-on cannot be read")
    }
    id = try row.decode(0)
    theatreID = try row.decode(1)
    terms = AddOnTerms(
      title: try row.decode(2), category: try row.decode(3),
      price: Money(try row.decode(4), currency),
      mostPerSeat: Int(try row.decode(6, as: Int32.self)))
    isActive = try row.decode(7)
    createdAt = try row.decode(8, as: PostgresTimestamp.self).unixMicroseconds
  }
}

extension TermsStore {
  // MARK: Keeping

  /// Makes an add-on.
  package func createAddOn(
    theatreID: Int64, _ terms: AddOnTerms, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await act(
      Statements.createAddOn, actor, identity, [.int8(theatreID)] + terms.values, timeout)
  }

  /// Gives an add-on other terms.
  package func updateAddOn(
    id: Int64, _ terms: AddOnTerms, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await act(Statements.updateAddOn, actor, identity, [.int8(id)] + terms.values, timeout)
  }

  /// Ends an add-on for good.
  package func endAddOn(
    id: Int64, _ identity: RequestIdentity, by actor: TermsActor, timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await act(Statements.endAddOn, actor, identity, [.int8(id)], timeout)
  }

  // MARK: Reading

  /// The add-ons of a theatre, by id.
  package func addOns(
    ofTheatre theatreID: Int64, withEnded: Bool, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<ManagedAddOn> {
    var filter = RequestHash(command: "own_add_ons")
    filter.add(theatreID)
    filter.add(withEnded ? 1 : 0)
    return try await database.page(
      Statements.listOwnAddOns, filter, [.int8(theatreID), .bool(withEnded)], pageSize, pageToken,
      timeout, key: { ("", $0.id) }, ManagedAddOn.init)
  }

  /// Those that bookings of a show can have, by id.
  package func addOns(
    ofShow showID: Int64, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<ManagedAddOn> {
    var filter = RequestHash(command: "add_ons")
    filter.add(showID)
    return try await database.page(
      Statements.listAddOns, filter, [.int8(showID)], pageSize, pageToken, timeout,
      key: { ("", $0.id) }, ManagedAddOn.init)
  }

  /// Of some add-ons those that a booking's theatre has, ended ones too. None for an unknown booking.
  package func addOns(
    _ ids: [Int64], forBooking id: BookingID, timeout: Duration? = nil
  ) async throws(StoreError) -> [AddOn] {
    guard !ids.isEmpty else { return [] }
    let result = try await database.ask(
      Statements.getAddOns, [.int2(id.lane), .uuid(PostgresUUID(id.value)), .array(ids)],
      timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.all { row throws(PostgresError) in try ManagedAddOn(row).addOn }
    }
  }
}
