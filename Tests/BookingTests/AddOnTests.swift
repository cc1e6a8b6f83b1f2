// Food and other add-ons on a ledger: what they do to a booking's price and to nothing else.

import Testing

@testable import Booking

private func addOn(
  _ id: Int64, _ minorUnits: Int64, currency: String = "EUR", most: Int = 20, active: Bool = true
) throws -> AddOn {
  AddOn(
    id: id, title: "Add-on \(id)", price: Money(minorUnits, try Currency(currency)),
    mostPerSeat: most, isActive: active)
}

extension WaitingHall {
  /// Attaches so many of some add-ons of the menu to seats.
  fileprivate func attach(
    _ booking: BookingID, _ items: [(String, Int64, Int)], _ menu: [AddOn], id: UInt64,
    partner: Int64 = 1
  ) -> SaleRequest {
    .change(
      ChangeRequest(
        .attach, identity(900 + id, partner: partner), bookingID: booking,
        addOns: AddOnWish(
          items.map { AddOnItem(seat: $0.0, addOnID: $0.1, count: $0.2) }, menu: menu)))
  }
}

@Suite struct AddOnTests {
  private let popcorn: AddOn
  private let cola: AddOn

  init() throws {
    popcorn = try addOn(7, 450)
    cola = try addOn(8, 300, most: 2)
  }

  /// A hall of three seats, of which A1 and A2 are held at 1,000 each.
  private func hallWithHold() throws -> (hall: WaitingHall, hold: BookingRecord) {
    let hall = try WaitingHall(["ooo"])
    let hold = try #require(hall.ask(hall.hold("A1", "A2")).record)
    return (hall, try #require(hall.ledger.booking(hold.id)))
  }

  @Test func eachIsALineOfItsSeat() throws {
    let (hall, hold) = try hallWithHold()
    let request = hall.attach(hold.id, [("A2", 8, 1), ("A1", 7, 2)], [popcorn, cola], id: 1)
    let record = try #require(hall.ask(request).record)
    #expect(
      record.quote.lines == [
        QuoteLine(position: 0, minorUnits: 1_000, offerID: 0, description: "G"),
        QuoteLine(
          position: 0, minorUnits: 900, offerID: 0, description: "Add-on 7",
          addOn: AttachedAddOn(id: 7, count: 2)),
        QuoteLine(position: 1, minorUnits: 1_000, offerID: 0, description: "G"),
        QuoteLine(
          position: 1, minorUnits: 300, offerID: 0, description: "Add-on 8",
          addOn: AttachedAddOn(id: 8, count: 1)),
      ])
    #expect(record.quote.total.minorUnits == 3_200)
    #expect(record.holdUntil == hold.holdUntil && record.state == .held)
  }

  /// No seat is another's, and yet whoever knows the old price must not decide on it.
  @Test func seatsStayAndTheVersionDoesNot() throws {
    let (hall, hold) = try hallWithHold()
    let version = hall.ledger.version
    hall.ask(hall.attach(hold.id, [("A1", 7, 1)], [popcorn], id: 1))
    #expect(hall.writes.seats.isEmpty)
    #expect(hall.writes.shows.map(\.change.version) == [version + 1])
    #expect(hall.writes.shows[0].change.seats.map(\.state) == [.held, .held])
    #expect(hall.ledger.version == version + 1)
    #expect(hall.ledger.booking(hold.id)?.quote.total.minorUnits == 2_450)
  }

  @Test func attachingAgainReplaces() throws {
    let (hall, hold) = try hallWithHold()
    hall.ask(hall.attach(hold.id, [("A1", 7, 1), ("A2", 7, 1)], [popcorn], id: 1))
    let dearer = try addOn(7, 500)
    let second = try #require(
      hall.ask(hall.attach(hold.id, [("A2", 7, 1)], [dearer], id: 2)).record)
    #expect(second.quote.total.minorUnits == 2_500)
    let none = try #require(hall.ask(hall.attach(hold.id, [], [], id: 3)).record)
    #expect(none.quote == hold.quote)
  }

  @Test func whatCannotBeHadIsNamed() throws {
    let (hall, hold) = try hallWithHold()
    let menu = [popcorn, cola]
    let ended = try addOn(9, 100, active: false)
    let dollars = try addOn(10, 100, currency: "USD")
    let cases: [([(String, Int64, Int)], [AddOn], SaleRefusal)] = [
      ([("A3", 7, 1), ("Z9", 7, 1), ("A1", 7, 1)], menu, .seatsNotInBooking(["A3", "Z9"])),
      ([("A1", 11, 1), ("A1", 7, 1), ("A2", 5, 1)], menu, .addOnsNotFound([5, 11])),
      ([("A1", 9, 1)], [ended], .addOnsEnded([9])),
      ([("A1", 10, 1)], [dollars], .currencyDiffers),
      ([("A1", 8, 3), ("A2", 8, 2)], menu, .tooManyAddOns([8])),
    ]
    let version = hall.ledger.version
    for (number, (items, menu, refusal)) in cases.enumerated() {
      let decision = hall.ask(hall.attach(hold.id, items, menu, id: UInt64(number)))
      #expect(decision == .refusedUnlessLogged(refusal))
    }
    #expect(hall.ledger.version == version && hall.ledger.booking(hold.id) == hold)
  }

  @Test func onlyOnesOwnHoldGetsSome() throws {
    let (hall, hold) = try hallWithHold()
    let theirs = hall.attach(hold.id, [("A1", 7, 1)], [popcorn], id: 1, partner: 2)
    #expect(hall.ask(theirs) == .refused(.foreignBooking))
    hall.ask(hall.change(.confirm, hold.id))
    let late = hall.ask(hall.attach(hold.id, [("A1", 7, 1)], [popcorn], id: 2))
    guard case .refusedUnlessLogged(.wrongState(let record)) = late else {
      Issue.record("\(late)")
      return
    }
    #expect(record.state == .confirmed && record.quote == hold.quote)
  }

  @Test func anExpiredHoldGetsNone() throws {
    let (hall, hold) = try hallWithHold()
    hall.now = hold.graceUntil
    let late = hall.ask(hall.attach(hold.id, [("A1", 7, 1)], [popcorn], id: 1))
    guard case .refusedUnlessLogged(.wrongState(let record)) = late else {
      Issue.record("\(late)")
      return
    }
    #expect(record.state == .expired)
  }

  @Test func aCancelledSeatGivesUpItsOwn() throws {
    let (hall, hold) = try hallWithHold()
    hall.ask(hall.attach(hold.id, [("A1", 7, 2), ("A2", 8, 1)], [popcorn, cola], id: 1))
    hall.ask(hall.change(.confirm, hold.id))
    let one = ChangeRequest(.cancel, hall.identity(800), bookingID: hold.id, seats: ["A1"])
    #expect(hall.ask(.change(one)).record?.refund?.amount.minorUnits == 1_900)
    let rest = try #require(hall.ask(hall.change(.cancel, hold.id)).record)
    #expect(rest.refund?.amount.minorUnits == 1_300 && rest.state == .cancelled)
  }

  @Test func anExchangeCountsThemAndGetsNone() throws {
    let (hall, hold) = try hallWithHold()
    hall.ask(hall.attach(hold.id, [("A1", 7, 2)], [popcorn], id: 1))
    hall.ask(hall.change(.confirm, hold.id))
    let new = try #require(hall.ask(hall.exchange(hold.id, "A2", "A3")).record)
    #expect(new.exchangeCredit == 2_900 && new.refund?.amount.minorUnits == 900)
    #expect(new.quote.total.minorUnits == 2_000 && new.quote.addOns.isEmpty)
  }

  /// Its refund is counted without an overflow.
  @Test func aShareOfTheDearestBookingFits() throws {
    let price = Money(Limits.bookingMinorUnits, try Currency("EUR"))
    #expect(try price.share(basisPoints: 10_000) == price)
  }

  // MARK: The form in the database

  @Test func aQuoteWithAddOnsIsReadBack() throws {
    let lines = [
      QuoteLine(position: 0, minorUnits: 1_000, offerID: 0, description: "GOLD"),
      QuoteLine(position: 0, minorUnits: -200, offerID: 3, description: "Matinee"),
      QuoteLine(
        position: 0, minorUnits: 900, offerID: 0, description: "Popcorn",
        addOn: AttachedAddOn(id: 7, count: 2)),
    ]
    let quote = try Quote(lines: lines, currency: try Currency("EUR"))
    #expect(quote.text.split(separator: "\n").last == "0\t900\t+7x2\tPopcorn")
    #expect(try Quote(text: quote.text, currency: try Currency("EUR")) == quote)
  }

  @Test(arguments: ["+7x", "+x2", "+7", "7x2", "+7x2x2", "+", "+7x2 "])
  func whatIsNoAddOnIsNoQuote(source: String) throws {
    let currency = try Currency("EUR")
    #expect(throws: BookingError.self) {
      try Quote(text: "0\t900\t\(source)\tPopcorn", currency: currency)
    }
  }
}
