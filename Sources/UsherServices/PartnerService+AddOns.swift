// usher.v1.PartnerService: the food and other add-ons of one's own theatres. What they are is checked field
// by field; whose they are, the store's acts decide.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

extension PartnerService {
  package func createAddOn(
    _ request: Usher.V1.CreateAddOnRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CreateAddOnResponse {
    let addOn = request.addOn ?? .init()
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    violations.require(addOn.addOnId == 0, "add_on.add_on_id", "must not be set")
    let terms = AddOnTerms(addOn, &violations)
    try violations.check()
    guard let id, let terms else { throw .hidden }
    var hash = RequestHash(command: "create_add_on")
    hash.add(addOn.theatreId)
    hash.add(terms)
    let change = try await change(id, hash, of: ("theatre", addOn.theatreId), context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.createAddOn(
        theatreID: addOn.theatreId, terms, identity, by: actor, timeout: timeout)
    }
    return .init(addOnId: change.subjectID)
  }

  package func updateAddOn(
    _ request: Usher.V1.UpdateAddOnRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.UpdateAddOnResponse {
    let addOn = request.addOn ?? .init()
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    violations.require(
      addOn.theatreId == 0, "add_on.theatre_id", "must not be set: it never changes")
    let terms = AddOnTerms(addOn, &violations)
    try violations.check()
    guard let id, let terms else { throw .hidden }
    var hash = RequestHash(command: "update_add_on")
    hash.add(addOn.addOnId)
    hash.add(terms)
    _ = try await change(id, hash, of: ("add_on", addOn.addOnId), context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.updateAddOn(
        id: addOn.addOnId, terms, identity, by: actor, timeout: timeout)
    }
    return .init()
  }

  package func endAddOn(
    _ request: Usher.V1.EndAddOnRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.EndAddOnResponse {
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    try violations.check()
    guard let id else { throw .hidden }
    var hash = RequestHash(command: "end_add_on")
    hash.add(request.addOnId)
    _ = try await change(id, hash, of: ("add_on", request.addOnId), context) {
      (store, identity, actor, timeout) async throws(StoreError) in
      try await store.endAddOn(id: request.addOnId, identity, by: actor, timeout: timeout)
    }
    return .init()
  }

  package func listOwnAddOns(
    _ request: Usher.V1.ListOwnAddOnsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListOwnAddOnsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    try await requireOwn(theatre: request.theatreId, context)
    let store = parts[context.loop].terms
    let page = try await failures.translating { () async throws(StoreError) in
      try await store.addOns(
        ofTheatre: request.theatreId, withEnded: request.withEnded, pageSize: size,
        pageToken: request.pageToken, timeout: context.remaining)
    }
    return .init(
      addOns: page.items.map { Usher.V1.ManagedAddOn($0) }, nextPageToken: page.nextPageToken)
  }
}

extension AddOnTerms {
  /// Reads the terms of an add-on; nil when something is wrong with them, which is added.
  fileprivate init?(_ addOn: Usher.V1.AddOn, _ violations: inout FieldViolations) {
    violations.require(
      (1...Limits.addOnTitleCharacters).contains(addOn.title.unicodeScalars.count)
        && addOn.title.isPrintable, "add_on.title",
      "must have 1 to \(Limits.addOnTitleCharacters) characters, none for control")
    violations.require(
      addOn.category.unicodeScalars.count <= Limits.addOnCategoryCharacters
        && addOn.category.isPrintable, "add_on.category",
      "must have at most \(Limits.addOnCategoryCharacters) characters, none for control")
    let price = addOn.price ?? .init()
    violations.require(
      (0...Booking.Limits.addOnMinorUnits).contains(price.minorUnits), "add_on.price.minor_units",
      "must be 0 to \(Booking.Limits.addOnMinorUnits)")
    let most = addOn.mostPerSeat == 0 ? Booking.Limits.addOnsOfAKind : Int(addOn.mostPerSeat)
    violations.require(
      (1...Booking.Limits.addOnsOfAKind).contains(most), "add_on.most_per_seat",
      "must be 0 to \(Booking.Limits.addOnsOfAKind)")
    guard let currency = violations.currency(price.currencyCode, "add_on.price.currency_code")
    else { return nil }
    self.init(
      title: addOn.title, category: addOn.category, price: Money(price.minorUnits, currency),
      mostPerSeat: most)
  }
}

extension RequestHash {
  fileprivate mutating func add(_ terms: AddOnTerms) {
    add(terms.title)
    add(terms.category)
    add(terms.price.minorUnits)
    add(terms.price.currency.code)
    add(Int64(terms.mostPerSeat))
  }
}

extension Usher.V1.AddOn {
  init(_ addOn: ManagedAddOn) {
    self.init(
      addOnId: addOn.id, theatreId: addOn.theatreID, title: addOn.terms.title,
      category: addOn.terms.category,
      price: .init(addOn.terms.price.minorUnits, addOn.terms.price.currency),
      mostPerSeat: Int32(clamping: addOn.terms.mostPerSeat))
  }
}

extension Usher.V1.ManagedAddOn {
  fileprivate init(_ addOn: ManagedAddOn) {
    self.init(
      addOn: .init(addOn), ended: !addOn.isActive,
      createdAt: .init(unixMicroseconds: addOn.createdAt))
  }
}
