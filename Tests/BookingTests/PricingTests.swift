// Exact prices: the order of rules, rounding, and what a quote says.

import Testing

@testable import Booking

/// Prices of a show that starts at `minute`, with the two offers that ship as defaults.
private func prices(
  _ tiers: [String: Int64], startingAt minute: Int, offers: [Offer]? = nil
) throws -> PriceList {
  PriceList(
    currency: try Currency("EUR"), tierPrices: tiers, offers: offers ?? [matinee, thirdTicket],
    localStartMinute: minute, version: 1)
}

private let matinee = Offer(
  id: 1, title: "Matinee", discountBasisPoints: 2_000, condition: .timeWindow(720...1_019))
private let thirdTicket = Offer(
  id: 2, title: "Third ticket half price", discountBasisPoints: 5_000, condition: .nthTicket(3))

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

  @Test func seatsNotYetChosenCostWhatNamedOnesDo() throws {
    let list = try prices(["G": 1_111], startingAt: 13 * 60)
    let named = try list.quote(seats: (1...5).map { seat($0, "A\($0)", "G") }, partnerID: 1)
    #expect(try list.quote(count: 5, tier: "G", partnerID: 1) == named.quote)
  }

  @Test func offersOfOtherPartnersAndTiersDoNotApply() throws {
    let offers = [
      Offer(
        id: 3, title: "Ours", discountBasisPoints: 1_000, condition: .timeWindow(0...1_439),
        partnerID: 7),
      Offer(
        id: 4, title: "Gold", discountBasisPoints: 1_000, condition: .timeWindow(0...1_439),
        tier: "GOLD"),
    ]
    let list = try prices(["GOLD": 1_000, "S": 1_000], startingAt: 0, offers: offers)
    #expect(try list.quote(count: 1, tier: "S", partnerID: 1).total.minorUnits == 1_000)
    #expect(try list.quote(count: 1, tier: "GOLD", partnerID: 1).total.minorUnits == 900)
    #expect(try list.quote(count: 1, tier: "GOLD", partnerID: 7).total.minorUnits == 810)
  }

  @Test func aTierWithoutPriceIsAFault() throws {
    let list = try prices([:], startingAt: 0)
    #expect(
      throws: BookingError(.missingPrice, "A tier of the show has no price.", subjects: ["G"])
    ) {
      try list.quote(count: 1, tier: "G", partnerID: 1)
    }
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
