// Food and other add-ons: what a theatre sells with a seat, and what of it a held booking is given. Each is
// a line of the booking's quote, at its price of the moment of attaching.

/// Something that a theatre sells with a seat.
package struct AddOn: Sendable, Hashable {
  /// Its id.
  package let id: Int64
  /// Its name as quotes print it.
  package let title: String
  /// What one of it costs.
  package let price: Money
  /// Most of it that a seat can have.
  package let mostPerSeat: Int
  /// Whether it has not been ended.
  package let isActive: Bool

  /// An add-on.
  package init(
    id: Int64, title: String, price: Money, mostPerSeat: Int = Limits.addOnsOfAKind,
    isActive: Bool = true
  ) {
    self.id = id
    self.title = title
    self.price = price
    self.mostPerSeat = mostPerSeat
    self.isActive = isActive
  }
}

/// So many of an add-on for one seat.
package struct AddOnItem: Sendable, Hashable {
  /// Label of the seat.
  package let seat: String
  /// The add-on.
  package let addOnID: Int64
  /// How many.
  package let count: Int

  /// So many of an add-on.
  package init(seat: String, addOnID: Int64, count: Int) {
    self.seat = seat
    self.addOnID = addOnID
    self.count = count
  }
}

/// All the add-ons that a booking is to have.
package struct AddOnWish: Sendable, Hashable {
  /// What is wanted, each seat and add-on once.
  package let items: [AddOnItem]
  /// Those of the wanted that the theatre has, as they are now.
  package var menu: [AddOn] = []

  /// A wish; nothing is wanted unless it is told.
  package init(_ items: [AddOnItem] = [], menu: [AddOn] = []) {
    self.items = items
    self.menu = menu
  }
}

extension AddOnWish {
  /// Why the booking cannot have them; nil when it can.
  fileprivate func refusal(
    for record: BookingRecord, _ layout: SeatLayout
  ) -> SaleRefusal? {
    let left = Set(record.seatsLeft)
    let strangers = Set(items.map(\.seat)).filter { label in
      layout.seat(label: label).map { !left.contains($0.number) } ?? true
    }
    guard strangers.isEmpty else {
      return .seatsNotInBooking(Array(strangers.sorted().prefix(Limits.seatsPerBooking)))
    }
    let known = Set(menu.map(\.id))
    let unknown = ids { !known.contains($0.addOnID) }
    guard unknown.isEmpty else { return .addOnsNotFound(unknown) }
    let ended = Set(menu.lazy.filter { !$0.isActive }.map(\.id))
    guard ended.isEmpty else { return .addOnsEnded(ended.sorted()) }
    let currency = record.quote.total.currency
    guard menu.allSatisfy({ $0.price.currency == currency }) else { return .currencyDiffers }
    let most = Dictionary(menu.map { ($0.id, $0.mostPerSeat) }) { first, _ in first }
    let excessive = ids { $0.count > most[$0.addOnID] ?? 0 }
    return excessive.isEmpty ? nil : .tooManyAddOns(excessive)
  }

  private func ids(_ isMeant: (AddOnItem) -> Bool) -> [Int64] {
    Set(items.lazy.filter(isMeant).map(\.addOnID)).sorted()
  }

  /// Their lines, in the order in which they are wanted. What is not of the menu has none.
  fileprivate func lines(
    for record: BookingRecord, _ layout: SeatLayout
  ) -> [QuoteLine] {
    let menu = Dictionary(menu.map { ($0.id, $0) }) { first, _ in first }
    return items.compactMap { item in
      guard let addOn = menu[item.addOnID], let number = layout.seat(label: item.seat)?.number,
        let position = record.seatNumbers.firstIndex(of: number)
      else { return nil }
      return QuoteLine(
        position: position, minorUnits: addOn.price.minorUnits * Int64(item.count), offerID: 0,
        description: addOn.title, addOn: AttachedAddOn(id: addOn.id, count: item.count))
    }
  }
}

extension ShowLedger {
  /// Gives a held booking add-ons instead of those that it had. Its seats stay as they are; that its price
  /// does not makes a version, so that nobody decides on the old one.
  func attach(_ record: BookingRecord, _ wish: AddOnWish) -> SaleDecision {
    if let refusal = wish.refusal(for: record, terms.layout) {
      return .refusedUnlessLogged(refusal)
    }
    let lines = wish.lines(for: record, terms.layout)
    guard let quote = try? record.quote.with(addOns: lines) else { return .refused(.staleShow) }
    return .done(update(record) { $0.quote = quote }, .attached)
  }
}
