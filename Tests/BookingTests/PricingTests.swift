// Exact prices: the order of rules, rounding, and what a quote says.

import Testing

@testable import Booking

/// Prices of a show that starts at `minute`, with the two offers that ship as defaults.
private func prices(
  _ tiers: [String: Int64], startingAt minute: Int, offers: [Offer]? = nil
) throws -> PriceList {
  PriceList(
    currency: try Currency("EUR"), tierPrices: tiers, offers: offers ?? [matinee, thirdTicket],
    start: LocalStart(minute: minute, weekday: []), version: 1)
}

extension PriceList {
  /// What seats cost when the time does not matter.
  fileprivate func quote(seats: [LayoutSeat], partnerID: Int64) throws(BookingError) -> SeatQuote {
    var moment = Moment(0)
    return try quote(seats: seats, partnerID: partnerID, &moment)
  }

  /// What a seat of a tier costs.
  fileprivate func price(_ tier: String, partnerID: Int64 = 1) throws(BookingError) -> Int64 {
    try quote(seats: [seat(1, "A1", tier)], partnerID: partnerID).quote.total.minorUnits
  }
}

private let matinee = Offer(
  id: 1, title: "Matinee", discount: .share(basisPoints: 2_000),
  condition: .timeWindow(720...1_019))
private let thirdTicket = Offer(
  id: 2, title: "Third ticket half price", discount: .share(basisPoints: 5_000),
  condition: .nthTicket(3))

private func seat(_ number: Int32, _ label: String, _ tier: String) -> LayoutSeat {
  LayoutSeat(number: number, label: label, row: "A", x: number, y: 0, tier: tier)
}

@Suite struct PricingTests {
  @Test func oneSeatInTheEveningCostsItsTier() throws {
    let priced = try prices(["GOLD": 1_500], startingAt: 20 * 60)
      .quote(seats: [seat(1, "A1", "GOLD")], partnerID: 1)
    #expect(priced.quote.total.minorUnits == 1_500)
    #expect(
      priced.quote.lines == [
        QuoteLine(position: 0, minorUnits: 1_500, offerID: 0, description: "GOLD")
      ])
  }

  /// The window is the theatre's wall clock, both ends included, whatever UTC says.
  @Test(arguments: [(719, 1_000), (720, 800), (1_019, 800), (1_020, 1_000), (0, 1_000)])
  func matineeWindow(minute: Int, expected: Int) throws {
    let total = try prices(["G": 1_000], startingAt: minute)
      .quote(seats: [seat(1, "A1", "G")], partnerID: 1).quote.total
    #expect(total.minorUnits == Int64(expected))
  }

  /// A matinee of three: 20 % off each, then half of what is left of the third.
  @Test func nthTicketComesAfterPerSeatOffers() throws {
    let seats = [seat(3, "A3", "GOLD"), seat(1, "A1", "SILVER"), seat(2, "A2", "GOLD")]
    let priced = try prices(["GOLD": 1_250, "SILVER": 999], startingAt: 15 * 60)
      .quote(seats: seats, partnerID: 1)
    #expect(priced.seats.map(\.label) == ["A2", "A3", "A1"])
    #expect(
      priced.quote.lines == [
        QuoteLine(position: 0, minorUnits: 1_250, offerID: 0, description: "GOLD"),
        QuoteLine(position: 0, minorUnits: -250, offerID: 1, description: "Matinee"),
        QuoteLine(position: 1, minorUnits: 1_250, offerID: 0, description: "GOLD"),
        QuoteLine(position: 1, minorUnits: -250, offerID: 1, description: "Matinee"),
        QuoteLine(position: 2, minorUnits: 999, offerID: 0, description: "SILVER"),
        QuoteLine(position: 2, minorUnits: -200, offerID: 1, description: "Matinee"),
        QuoteLine(
          position: 2, minorUnits: -400, offerID: 2, description: "Third ticket half price"),
      ])
    #expect(priced.quote.total.minorUnits == 1_000 + 1_000 + 399)
  }

  @Test func onlyTheThirdOfManyIsDiscounted() throws {
    let seats = (1...6).map { seat(Int32($0), "A\($0)", "G") }
    let priced = try prices(["G": 1_000], startingAt: 0).quote(seats: seats, partnerID: 1)
    #expect(priced.quote.lines.filter { $0.offerID == 2 }.map(\.position) == [2])
    #expect(priced.quote.total.minorUnits == 5_500)
  }

  /// Labels sort by bytes, as the database sorts them, so "A10" comes before "A2".
  @Test func equalPricesSortByLabelBytes() throws {
    let seats = [seat(2, "A2", "G"), seat(10, "A10", "G"), seat(3, "a1", "G")]
    let priced = try prices(["G": 1], startingAt: 0).quote(seats: seats, partnerID: 1)
    #expect(priced.seats.map(\.label) == ["A10", "A2", "a1"])
  }

  @Test(arguments: [
    (1, 5_000, 1), (25, 5_000, 13), (24, 5_000, 12), (999, 2_000, 200), (2, 2_000, 0),
  ])
  func discountsRoundHalvesUp(price: Int, basisPoints: Int, discount: Int) throws {
    let share = try Money(Int64(price), Currency("EUR")).share(basisPoints: basisPoints)
    #expect(share.minorUnits == Int64(discount))
  }

  @Test func offersOfOtherPartnersAndTiersDoNotApply() throws {
    let offers = [
      Offer(
        id: 3, title: "Ours", discount: .share(basisPoints: 1_000),
        condition: .timeWindow(0...1_439), target: .init(partnerID: 7)),
      Offer(
        id: 4, title: "Gold", discount: .share(basisPoints: 1_000), condition: .everySeat,
        target: .init(tier: "GOLD")),
    ]
    let list = try prices(["GOLD": 1_000, "S": 1_000], startingAt: 0, offers: offers)
    #expect(try list.price("S") == 1_000)
    #expect(try list.price("GOLD") == 900)
    #expect(try list.price("GOLD", partnerID: 7) == 810)
  }

  @Test func aTierWithoutPriceIsAFault() throws {
    let list = try prices([:], startingAt: 0)
    #expect(
      throws: BookingError(.missingPrice, "A tier of the show has no price.", subjects: ["G"])
    ) {
      try list.price("G")
    }
  }
}

@Suite struct OfferTests {
  private static func off(
    _ id: Int64, _ discount: Offer.Discount, _ condition: Offer.Condition = .everySeat,
    _ target: Offer.Target = .init(), priority: Int = 0, exclusive: Bool = false,
    from: Int64? = nil, until: Int64? = nil
  ) -> Offer {
    Offer(
      id: id, title: "\(id)", discount: discount, condition: condition, target: target,
      priority: priority, isExclusive: exclusive, validFrom: from, validUntil: until)
  }

  private static func euros(_ minorUnits: Int64) throws -> Offer.Discount {
    .amount(Money(minorUnits, try Currency("EUR")))
  }

  /// Priority, then id; whatever its priority, an offer for a position comes last.
  @Test(arguments: [(0, 0, [1, 2, 3]), (0, 1, [2, 1, 3]), (9, 9, [1, 2, 3]), (2, 1, [1, 2, 3])])
  func offersApplyByPriorityAndThenById(first: Int, second: Int, order: [Int64]) throws {
    let offers = [
      Self.off(3, .share(basisPoints: 1_000), .nthTicket(1), priority: 1_000),
      Self.off(2, try Self.euros(100), priority: second),
      Self.off(1, .share(basisPoints: 5_000), priority: first),
    ]
    let quote = try prices(["G": 1_000], startingAt: 0, offers: offers)
      .quote(seats: [seat(1, "A1", "G")], partnerID: 1).quote
    #expect(quote.lines.map(\.offerID) == [0] + order)
    // Half and then 1.00 off, or 1.00 off and then half; and a tenth of what is left.
    #expect(quote.total.minorUnits == (order[0] == 1 ? 360 : 405))
  }

  /// The exclusive offer of the higher priority shuts out both kinds of others, on its seats alone.
  @Test func afterAnExclusiveOfferNoOtherApplies() throws {
    let offers = [
      Self.off(
        1, .share(basisPoints: 1_000), .everySeat, .init(tier: "G"), priority: 5, exclusive: true),
      Self.off(2, .share(basisPoints: 5_000)),
      Self.off(3, .share(basisPoints: 5_000), .nthTicket(1)),
      Self.off(4, .share(basisPoints: 5_000), .nthTicket(2)),
      Self.off(5, .share(basisPoints: 100), priority: 6),
    ]
    let quote = try prices(["G": 1_000, "S": 1_000], startingAt: 0, offers: offers)
      .quote(seats: [seat(1, "A1", "G"), seat(2, "A2", "S")], partnerID: 1).quote
    #expect(quote.lines.filter { $0.position == 0 }.map(\.offerID) == [0, 5, 1])
    #expect(quote.lines.filter { $0.position == 1 }.map(\.offerID) == [0, 5, 2, 4])
  }

  @Test func anAmountTakesNoMoreThanThePriceThatIsLeft() throws {
    let offers = [
      Self.off(1, try Self.euros(700)), Self.off(2, try Self.euros(700)),
      Self.off(3, .amount(Money(100, try Currency("USD"))), priority: 9),
    ]
    let list = try prices(["G": 1_000], startingAt: 0, offers: offers)
    let quote = try list.quote(seats: [seat(1, "A1", "G")], partnerID: 1).quote
    #expect(quote.lines.map(\.minorUnits) == [1_000, -700, -300])
    // The dollars are for no show in euros.
    #expect(list.offers.map(\.id) == [1, 2])
  }

  @Test func anOfferForSeatsLowersThemAlone() throws {
    let offers = [Self.off(1, .share(basisPoints: 5_000), .everySeat, .init(seats: [2, 9]))]
    let quote = try prices(["G": 1_000], startingAt: 0, offers: offers)
      .quote(seats: [seat(1, "A1", "G"), seat(2, "A2", "G")], partnerID: 1)
    #expect(quote.seats.map(\.label) == ["A1", "A2"])
    #expect(quote.quote.lines.filter { $0.offerID == 1 }.map(\.position) == [1])
  }

  /// 2027-03-28 is a Sunday, as is 1969-12-28; 1970-01-01 was a Thursday, 2000-02-29 a Tuesday.
  @Test(arguments: [
    ("2027-03-28", 7), ("1969-12-28", 7), ("1970-01-01", 4), ("2000-02-29", 2), ("2026-11-23", 1),
  ])
  func weekdaysAreThoseOfTheCalendar(date: String, day: Int) throws {
    let date = try #require(CalendarDate(date))
    let start = LocalStart(minute: 0, on: date)
    #expect(start.weekday.days == [day])
    for other in 1...7 {
      let days = try #require(Weekdays(day: other))
      let offer = Self.off(1, .share(basisPoints: 1), .everySeat, .init(weekdays: days))
      #expect(offer.mayApply(startingAt: start, in: try Currency("EUR")) == (other == day))
    }
    #expect(Weekdays(day: 0) == nil && Weekdays(day: 8) == nil)
  }

  /// Valid from its first moment, no longer at its last; and the quote holds for exactly as long.
  @Test(arguments: [
    (999, 1_000, Int64.min, Int64(1_000)), (1_000, 500, 1_000, 2_000), (1_999, 500, 1_000, 2_000),
    (2_000, 1_000, 2_000, Int64.max),
  ])
  func validityIsJudgedByTheMoment(now: Int64, price: Int64, from: Int64, until: Int64) throws {
    let offers = [
      Self.off(1, .share(basisPoints: 5_000), from: 1_000, until: 2_000),
      // What does not apply anyway does not limit for how long the quote is right.
      Self.off(2, .share(basisPoints: 5_000), .everySeat, .init(partnerID: 7), from: 1_500),
    ]
    let list = try prices(["G": 1_000], startingAt: 0, offers: offers)
    var moment = Moment(now)
    let quote = try list.quote(seats: [seat(1, "A1", "G")], partnerID: 1, &moment).quote
    #expect(quote.total.minorUnits == price)
    #expect(moment.validFrom == from && moment.validUntil == until)
  }
}

@Suite struct QuoteTests {
  @Test func textIsReadBackExactly() throws {
    let euro = try Currency("EUR")
    let quote = try Quote(
      lines: [
        QuoteLine(position: 0, minorUnits: 1_000, offerID: 0, description: "GOLD"),
        QuoteLine(position: 0, minorUnits: -200, offerID: 1, description: "Ma ti née"),
      ], currency: euro)
    #expect(quote.text == "0\t1000\t0\tGOLD\n0\t-200\t1\tMa ti née")
    #expect(try Quote(text: quote.text, currency: euro) == quote)
  }

  @Test func separatorsInADescriptionDoNotBreakTheForm() throws {
    let euro = try Currency("EUR")
    let line = QuoteLine(position: 0, minorUnits: 1, offerID: 0, description: "a\tb\nc\r\nd")
    let text = try Quote(lines: [line], currency: euro).text
    #expect(text == "0\t1\t0\ta b c d")
  }

  @Test(arguments: ["", "0\t1\t0", "x\t1\t0\tG", "0\t1\t0\tG\n", "10\t1\t0\tG", "-1\t1\t0\tG"])
  func malformedTextIsRefused(text: String) throws {
    let euro = try Currency("EUR")
    #expect(throws: BookingError.self) { try Quote(text: text, currency: euro) }
  }

  @Test func sumsAreChecked() throws {
    let euro = try Currency("EUR")
    let line = QuoteLine(position: 0, minorUnits: .max, offerID: 0, description: "G")
    #expect(throws: BookingError.self) { try Quote(lines: [line, line], currency: euro) }
    #expect(throws: BookingError.self) { try Money(1, euro).adding(Money(1, Currency("USD"))) }
  }

  @Test(arguments: ["", "EU", "eur", "EURO", "ÄUR"])
  func currenciesAreThreeCapitals(code: String) {
    #expect(throws: BookingError.self) { try Currency(code) }
  }
}
