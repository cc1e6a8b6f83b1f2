// The shows that are sold in a simulation, and how their terms change.

import Booking

enum Town {
  static let showIDs: [Int64] = [1, 2, 3]
  /// The halls are this small so that everybody wants the same seats.
  private static let columns = 3..<8
  private static let lines = 1..<4

  static func lane(_ showID: Int64) -> Int16 { Int16(showID % 2) }

  /// Most want to see the same.
  static func show(_ dice: inout Dice) -> Int64 {
    dice.chance(50) ? 1 : showIDs[dice.number(0..<showIDs.count)]
  }

  /// Three shows on two lanes; now and then one begins or ends soon.
  static func tables(_ dice: inout Dice, at now: Int64) throws -> Tables {
    var tables = Tables()
    for showID in showIDs {
      let layout = try hall(
        columns: Int32(dice.number(columns)), lines: Int32(dice.number(lines)), &dice)
      let begins = now + Int64(dice.chance(25) ? dice.number(600..<7_200) : 80_000) * 1_000_000
      let ends = begins + Int64(dice.chance(25) ? 600 : 7_200) * 1_000_000
      let terms = try terms(showID, layout, version: 1, during: (begins, ends), &dice)
      var show = Tables.Show(
        terms: terms, seats: layout.seats.map { _ in Tables.Seat(state: .available) })
      if dice.chance(30) {
        show.seats[dice.number(0..<show.seats.count)].state = .blocked
      } else {
        show.hasSeats = dice.chance(50)
      }
      tables.shows[showID] = show
    }
    return tables
  }

  /// New terms for a show: other prices, and sometimes another rule, cap, refund or end of the sale.
  static func changed(_ old: ShowTerms, _ dice: inout Dice) throws -> ShowTerms {
    try terms(
      old.showID, old.layout, version: old.prices.version + 1, during: (old.startsAt, old.endsAt),
      &dice)
  }

  private static func terms(
    _ showID: Int64, _ layout: SeatLayout, version: Int32, during: (from: Int64, to: Int64),
    _ dice: inout Dice
  ) throws -> ShowTerms {
    let prices = PriceList(
      currency: try Currency("INR"),
      tierPrices: ["gold": Int64(dice.number(300..<900)), "stalls": Int64(dice.number(50..<300))],
      offers: try offers(&dice), start: LocalStart(minute: 1_200, weekday: []), version: version)
    return ShowTerms(
      showID: showID, lane: lane(showID), layout: layout, prices: prices,
      allocations: allocations(layout, &dice),
      holdMinutes: dice.number(1..<4), seatsPerCustomer: dice.number(2..<7),
      orphanRule: dice.pick(OrphanRule.allCases) ?? .off,
      refunds: RefundPolicy(
        endsAt: during.from - Int64(dice.number(0..<3_600)) * 1_000_000,
        basisPoints: dice.number(0..<10_001)),
      isOnSale: dice.chance(90), startsAt: during.from, endsAt: during.to)
  }

  /// Sometimes something is set aside, until a time at which the simulation still runs.
  private static func allocations(_ layout: SeatLayout, _ dice: inout Dice) -> [Allocation] {
    guard dice.chance(20) else { return [] }
    let numbers = layout.seats.map(\.number).shuffled(using: &dice)
    let partnerID = Int64(dice.number(1..<3))
    func allocation(_ id: Int64, for partnerID: Int64, _ share: Allocation.Share) -> Allocation {
      let returnsAt = Simulation.startsAt + Int64(dice.number(0..<200)) * 1_000_000
      return Allocation(id: id, partnerID: partnerID, share: share, returnsAt: returnsAt)
    }
    guard dice.chance(50) else {
      return [
        allocation(
          1, for: partnerID,
          .quota(tier: dice.pick(layout.tiers) ?? "", count: dice.number(1..<4)))
      ]
    }
    let first = allocation(1, for: partnerID, .seats(Set(numbers.prefix(dice.number(1..<4)))))
    guard dice.chance(50), numbers.count > 6 else { return [first] }
    return [
      first,
      allocation(2, for: 3 - partnerID, .seats(Set(numbers.suffix(dice.number(1..<4))))),
    ]
  }

  /// Mostly some, which begin and end while the simulation runs.
  private static func offers(_ dice: inout Dice) throws -> [Offer] {
    try (0..<dice.number(0..<4)).map { index in
      let from = Simulation.startsAt + Int64(dice.number(0..<120)) * 1_000_000
      return Offer(
        id: Int64(index + 1), title: "offer \(index)",
        discount: dice.chance(50)
          ? .share(basisPoints: dice.number(1..<10_001))
          : .amount(Money(Int64(dice.number(1..<200)), try Currency("INR"))),
        condition: dice.chance(30) ? .nthTicket(dice.number(1..<4)) : .everySeat,
        target: .init(partnerID: dice.chance(30) ? 1 : nil, seats: dice.chance(30) ? [0, 1] : nil),
        priority: dice.number(0..<3), isExclusive: dice.chance(30),
        validFrom: dice.chance(70) ? from : nil,
        validUntil: dice.chance(70) ? from + Int64(dice.number(1..<60)) * 1_000_000 : nil)
    }
  }

  private static func hall(
    columns: Int32, lines: Int32, _ dice: inout Dice
  ) throws -> SeatLayout {
    var seats: [LayoutSeat] = []
    for y in 0..<lines {
      for x in 0..<columns {
        let attributes: SeatAttributes =
          dice.chance(6) ? .wheelchair : dice.chance(6) ? .restrictedView : []
        seats.append(
          LayoutSeat(
            number: y * columns + x, label: "\(y)-\(x)", row: "\(y)", x: x, y: y,
            tier: y == 0 ? "gold" : "stalls", attributes: attributes))
      }
    }
    return try SeatLayout(
      columns: columns, lines: lines,
      focalPoint: FocalPoint(xHundredths: columns * 50, yHundredths: lines * 50), seats: seats)
  }
}
