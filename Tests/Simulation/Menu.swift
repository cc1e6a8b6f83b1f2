// What there is to wish for. A new kind of request is one line of the menu.

import Booking

enum Menu {
  /// Makes a wish; nil when the client has nothing to wish it for.
  typealias Dish = @Sendable (SimClient, Tables, inout Dice) -> Wish.Body?

  static let dishes: [(weight: Int, Dish)] = [
    (28, named), (18, best),
    (22, { change(.confirm, $0, &$2) }),
    (8, { change(.release, $0, &$2) }),
    (8, cancel), (6, someSeats),
    (8, { change(.extend, $0, &$2) }), (8, attach),
    (8, exchange), (14, swap), (20, join),
    (3, { block(true, $1, &$2) }), (5, { block(false, $1, &$2) }),
  ]

  /// What may be wished for together: holds, or cancellations.
  static let groups: [[Dish]] = [[named, named, best], [cancel, someSeats]]

  // MARK: Seats

  private static func named(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    let showID = Town.show(&dice)
    return selection(showID, named: true, tables, &dice).map { selection, text in
      hold(client, showID, selection, text)
    }
  }

  private static func best(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    let showID = Town.show(&dice)
    return selection(showID, named: false, tables, &dice).map { selection, text in
      hold(client, showID, selection, text)
    }
  }

  private static func selection(
    _ showID: Int64, named: Bool, _ tables: Tables, _ dice: inout Dice
  ) -> (HoldRequest.Selection, String)? {
    guard let show = tables.shows[showID] else { return nil }
    guard named else {
      let wish = BestWish(
        count: dice.number(1..<5), tier: dice.pick(["", "", "gold", "stalls"]) ?? "",
        allowSplit: dice.chance(30))
      return (.best(wish), "\(wish)")
    }
    // Beside each other mostly, as people choose.
    let all = show.seats.indices.map(Int32.init)
    let numbers =
      dice.chance(80)
      ? Array(all[dice.number(0..<all.count)...].prefix(dice.number(1..<5)))
      : Array(all.shuffled(using: &dice).prefix(2))
    return (.named(numbers), "\(numbers)")
  }

  private static func hold(
    _ client: SimClient, _ showID: Int64, _ selection: HoldRequest.Selection, _ text: String
  ) -> Wish.Body {
    let customerRef = client.customerRef
    return Wish.Body(text: "hold \(showID) \(text) \(customerRef)") { identity, makeID in
      .hold(
        HoldRequest(
          identity: identity, bookingID: makeID(Town.lane(showID)), showID: showID,
          customerRef: customerRef, selection: selection))
    }
  }

  private static func join(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    guard client.place == nil else { return nil }
    let customerRef = client.customerRef
    let (count, tier) = (dice.number(1..<5), dice.pick(["", "", "gold", "stalls"]) ?? "")
    // Mostly where there are not enough seats just now.
    let scarce = dice.pick(Town.showIDs.filter { tables.freeCount($0) < count })
    let showID = dice.chance(90) ? scarce : Town.show(&dice)
    guard let showID else { return nil }
    return Wish.Body(
      text: "join \(showID) \(count) \(tier) \(customerRef)"
    ) { identity, makeID in
      .join(
        WaitRequest(
          identity: identity, bookingID: makeID(Town.lane(showID)), showID: showID,
          customerRef: customerRef, count: count, tier: tier))
    }
  }

  /// A theatre withdraws seats, mostly free ones, or gives some back, mostly withdrawn ones.
  private static func block(
    _ isBlock: Bool, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    let showID = Town.show(&dice)
    guard let show = tables.shows[showID] else { return nil }
    let fitting = show.seats.indices.filter {
      show.seats[$0].state == (isBlock ? .available : .blocked) || dice.chance(3)
    }
    let numbers = fitting.map(Int32.init).shuffled(using: &dice).prefix(dice.number(1..<4))
    guard !numbers.isEmpty else { return nil }
    return Wish.Body(text: "block \(isBlock) \(showID) \(numbers)") { identity, _ in
      .block(
        BlockRequest(
          identity, actorKeyID: 1, actor: "theatre", lane: Town.lane(showID), showID: showID,
          seatNumbers: Array(numbers), isBlock: isBlock))
    }
  }

  // MARK: Bookings

  private static func booking(_ client: SimClient, _ dice: inout Dice) -> BookingID? {
    dice.chance(70) ? client.bookings.last : dice.pick(client.bookings)
  }

  private static func change(
    _ change: ChangeRequest.Change, _ client: SimClient, _ dice: inout Dice
  ) -> Wish.Body? {
    guard let id = booking(client, &dice) else { return nil }
    let payment = change == .confirm ? "paid-\(dice.number(0..<3))" : ""
    return Wish.Body(text: "\(change) \(id) \(payment)") { identity, _ in
      .change(ChangeRequest(change, identity, bookingID: id, paymentReference: payment))
    }
  }

  private static let popcorn = addOn(7, 45)
  /// What cannot be had any more.
  static let ended = addOn(9, 10, active: false)

  private static func addOn(_ id: Int64, _ minorUnits: Int64, active: Bool = true) -> AddOn {
    guard let currency = try? Currency("INR") else { preconditionFailure("three letters") }
    return AddOn(
      id: id, title: "Add-on \(id)", price: Money(minorUnits, currency), isActive: active)
  }

  /// Some popcorn for a seat or two, mostly of a hold.
  private static func attach(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    guard let id = booking(client, &dice), let record = tables.bookings[id],
      let layout = tables.shows[record.showID]?.terms.layout
    else { return nil }
    let wanted = dice.chance(95) ? popcorn : ended
    let items = record.seatNumbers.prefix(dice.number(0..<3)).compactMap { number in
      layout.seat(number: number).map {
        AddOnItem(seat: $0.label, addOnID: wanted.id, count: dice.number(1..<4))
      }
    }
    return Wish.Body(text: "attach \(items) to \(id)") { identity, _ in
      .change(
        ChangeRequest(
          .attach, identity, bookingID: id,
          addOns: AddOnWish(items, menu: items.isEmpty ? [] : [wanted])))
    }
  }

  private static func cancel(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    change(.cancel, client, &dice)
  }

  /// Gives some seats back: those a booking began with, whatever became of them.
  private static func someSeats(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    guard let id = dice.pick(client.bookings), let record = tables.bookings[id],
      let layout = tables.shows[record.showID]?.terms.layout
    else { return nil }
    let labels = record.seatNumbers.prefix(dice.number(1..<3)).compactMap {
      layout.seat(number: $0)?.label
    }
    return Wish.Body(text: "cancel \(labels) of \(id)") { identity, _ in
      .change(ChangeRequest(.cancel, identity, bookingID: id, seats: labels))
    }
  }

  private static func exchange(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    guard let id = booking(client, &dice), let record = tables.bookings[id] else { return nil }
    let showID = dice.chance(50) ? record.showID : Town.show(&dice)
    let isNamed = dice.chance(50)
    return selection(showID, named: isNamed, tables, &dice).map { selection, text in
      exchange(id, showID, selection, text, &dice)
    }
  }

  /// Other seats for a hold, as many as it has or fewer: so many are open to who was offered some.
  private static func swap(
    _ client: SimClient, _ tables: Tables, _ dice: inout Dice
  ) -> Wish.Body? {
    let holds = client.bookings.compactMap { tables.bookings[$0] }.filter { $0.state == .held }
    guard let hold = dice.pick(holds), let show = tables.shows[hold.showID] else { return nil }
    // Mostly some that are free, or its own.
    let open = show.seats.indices.filter {
      show.seats[$0].owner == hold.id || show.seats[$0].state == .available || dice.chance(20)
    }
    let count = dice.number(1..<hold.seatNumbers.count + 1)
    let numbers = Array(open.map(Int32.init).shuffled(using: &dice).prefix(count))
    return exchange(hold.id, hold.showID, .named(numbers), "\(numbers)", &dice)
  }

  private static func exchange(
    _ id: BookingID, _ showID: Int64, _ selection: HoldRequest.Selection, _ text: String,
    _ dice: inout Dice
  ) -> Wish.Body {
    let payment = dice.chance(50) ? "more-\(dice.number(0..<3))" : ""
    return Wish.Body(text: "exchange \(id) \(showID) \(text) \(payment)") { identity, makeID in
      .exchange(
        ExchangeRequest(
          bookingID: id,
          wanted: HoldRequest(
            identity: identity, bookingID: makeID(Town.lane(showID)), showID: showID,
            customerRef: "", selection: selection),
          paymentReference: payment))
    }
  }
}
