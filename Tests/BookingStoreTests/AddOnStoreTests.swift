// Food and other add-ons against PostgreSQL: whose they are, what bookings have of them, that requests are
// answered as they were, and that everything that counts money counts them.

import Postgres
import Reactor
import Support
import Testing

@testable import Booking
@testable import BookingStore

private let ours = TermsActor(
  partnerID: House.partner, isOperator: false, theatreIDs: nil,
  audit: AuditActor(keyID: 1, name: "ours"))
private let theirs = TermsActor(
  partnerID: House.otherPartner, isOperator: false, theatreIDs: nil,
  audit: AuditActor(keyID: 2, name: "theirs"))

extension TermsOutcome {
  fileprivate var subjectID: Int64? {
    if case .done(let change) = self { change.subjectID } else { nil }
  }

  fileprivate var refusal: TermsRefusal? {
    if case .refused(let refusal, _) = self { refusal } else { nil }
  }
}

private func terms(
  _ title: String, _ minorUnits: Int64, currency: String = "EUR", most: Int = 20
) throws -> AddOnTerms {
  AddOnTerms(
    title: title, category: "Food", price: Money(minorUnits, try Currency(currency)),
    mostPerSeat: most)
}

extension House {
  /// The house, whose theatre sells popcorn at 4.50 as its first add-on and cola at 3.00 as its second.
  fileprivate static func withAddOns(
    _ body: @escaping @Sendable (House, TermsStore) async throws -> Void
  ) async throws {
    try await House.run { house in
      try await house.run("update theatre set partner_id = theatre_id")
      let store = TermsStore(house.connection)
      for (id, (title, price)) in [("Popcorn", Int64(450)), ("Cola", 300)].enumerated() {
        let outcome = try await store.createAddOn(
          theatreID: 1, try terms(title, price), house.identity(UInt64(9_000 + id)), by: ours)
        #expect(outcome.subjectID == Int64(id + 1))
      }
      try await body(house, store)
    }
  }

  /// A request to attach so many of some add-ons to seats, as the service makes it.
  fileprivate func attaching(
    _ items: [(String, Int64, Int)], to booking: BookingID, _ id: UInt64
  ) async throws -> SaleRequest {
    let wish = items.map { AddOnItem(seat: $0.0, addOnID: $0.1, count: $0.2) }
    let menu = try await TermsStore(connection).addOns(
      Set(wish.map(\.addOnID)).sorted(), forBooking: booking)
    return .change(
      ChangeRequest(
        .attach, identity(id, body: "\(items)"), bookingID: booking,
        addOns: AddOnWish(wish, menu: menu)))
  }

  fileprivate func attach(
    _ items: [(String, Int64, Int)], to booking: BookingID, _ id: UInt64
  ) async throws -> SaleOutcome {
    try await serve([try await attaching(items, to: booking, id)])[0]
  }
}

@Suite(.timeLimit(.minutes(3))) struct AddOnStoreTests {
  // MARK: Keeping

  @Test func onesOwnTheatreSellsThem() async throws {
    try await House.withAddOns { house, store in
      let foreign = try await store.createAddOn(
        theatreID: 2, try terms("Ice", 1), house.identity(1), by: ours)
      #expect(foreign.refusal == .beyondReach)
      #expect(
        try await store.updateAddOn(
          id: 1, try terms("Ice", 1), house.identity(1, partner: 2), by: theirs
        ).refusal == .beyondReach)
      #expect(
        try await store.endAddOn(id: 1, house.identity(1, partner: 2), by: theirs).refusal
          == .beyondReach)
      #expect(
        try await store.updateAddOn(
          id: 1, try terms("Big popcorn", 600, most: 3), house.identity(2), by: ours
        ).subjectID == 1)
      // The same request has its effect once, and another body is refused.
      #expect(try await store.endAddOn(id: 2, house.identity(3), by: ours).subjectID == 2)
      #expect(try await store.endAddOn(id: 2, house.identity(3), by: ours).subjectID == 2)
      #expect(
        try await store.endAddOn(id: 1, house.identity(3, body: "x"), by: ours).refusal
          == .requestIDReused)
      #expect(
        try await store.updateAddOn(
          id: 2, try terms("Cola", 1), house.identity(4), by: ours
        ).refusal == .addOnEnded)
      let all = try await store.addOns(
        ofTheatre: 1, withEnded: true, pageSize: 0, pageToken: "")
      #expect(all.items.map(\.terms.title) == ["Big popcorn", "Cola"])
      #expect(all.items.map(\.isActive) == [true, false])
      #expect(all.items[0].terms.mostPerSeat == 3 && all.items[0].terms.category == "Food")
      let audited = try await house.connection.query(
        PostgresStatement(sql: "select action from audit_entry order by entry_id"))
      #expect(
        try audited.all { row throws(PostgresError) in try row.decode(0, as: String.self) } == [
          "CREATE_ADD_ON", "CREATE_ADD_ON", "UPDATE_ADD_ON", "END_ADD_ON",
        ])
    }
  }

  @Test func aShowListsThoseOfItsTheatreInItsCurrency() async throws {
    try await House.withAddOns { house, store in
      _ = try await store.createAddOn(
        theatreID: 1, try terms("Dollar menu", 100, currency: "USD"), house.identity(1), by: ours)
      _ = try await store.endAddOn(id: 2, house.identity(2), by: ours)
      let first = try await store.addOns(ofShow: 1, pageSize: 1, pageToken: "")
      #expect(first.items.map(\.terms.title) == ["Popcorn"] && first.nextPageToken == "")
      #expect(try await store.addOns(ofShow: 2, pageSize: 0, pageToken: "").items.isEmpty)
    }
  }

  // MARK: Attaching

  @Test func theyAreKeptWithTheBookingAtThePriceOfThen() async throws {
    try await House.withAddOns { house, store in
      let held = try await house.held(["A1", "B1"], 1)
      let base = held.quote.total.minorUnits
      let record = try #require(
        try await house.attach([("A1", 1, 2), ("B1", 2, 1)], to: held.id, 2).record)
      #expect(record.quote.total.minorUnits == base + 1_200)
      _ = try await store.updateAddOn(id: 1, try terms("Popcorn", 900), house.identity(3), by: ours)
      _ = try await store.endAddOn(id: 2, house.identity(4), by: ours)
      let stored = try #require(try await house.booking(held.id))
      #expect(stored.quote == record.quote && stored.state == .held)
      let sold = try await house.change(.confirm, held.id, 5, payment: "p").record
      #expect(sold?.quote == record.quote)
      #expect(try await house.booking(held.id)?.quote == record.quote)
      #expect(try await house.faults() == [])
    }
  }

  @Test func theSameRequestAgainIsAnsweredAsItWas() async throws {
    try await House.withAddOns { house, store in
      let held = try await house.held(["A1"], 1)
      let first = try await house.attach([("A1", 1, 2)], to: held.id, 2)
      _ = try await house.change(.extend, held.id, 3)
      let second = try await house.attach([("A1", 2, 1)], to: held.id, 4)
      _ = try await house.attach([], to: held.id, 5)
      _ = try await store.endAddOn(id: 1, house.identity(6), by: ours)
      let fates = [
        try await house.attach([("A1", 1, 2)], to: held.id, 2),
        try await house.attach([("A1", 2, 1)], to: held.id, 4),
        try await house.hold([house.request(["A1"], 1)])[0],
      ]
      #expect(fates[0].record?.quote == first.record?.quote)
      #expect(fates[0].record?.isExtended == false)
      #expect(fates[1].record?.quote == second.record?.quote)
      #expect(fates[1].record?.isExtended == true)
      #expect(fates[2].record?.quote == held.quote)
      #expect(
        try await house.attach([("A1", 1, 3)], to: held.id, 2) == .refused(.requestIDReused))
      #expect(try await house.booking(held.id)?.quote == held.quote)
      _ = try await house.change(.confirm, held.id, 7, payment: "p")
      #expect(
        try await house.attach([("A1", 1, 2)], to: held.id, 2).record?.quote
          == first.record?.quote)
      #expect(try await house.faults() == [])
    }
  }

  @Test func requestsOfOneBatchAreServedInTheirOrder() async throws {
    try await House.withAddOns { house, _ in
      let held = try await house.held(["A1"], 1)
      let confirm = SaleRequest.change(
        ChangeRequest(.confirm, house.identity(4), bookingID: held.id, paymentReference: "p"))
      let outcomes = try await house.serve([
        try await house.attaching([("A1", 1, 1)], to: held.id, 2),
        try await house.attaching([("A1", 2, 1)], to: held.id, 3), confirm,
        try await house.attaching([("A1", 1, 1)], to: held.id, 5),
      ])
      #expect(outcomes[0].record?.quote.total.minorUnits == 1_450)
      #expect(outcomes[2].record?.quote.total.minorUnits == 1_300)
      #expect(outcomes[3].state == .confirmed)
      #expect(try await house.booking(held.id)?.quote == outcomes[2].record?.quote)
      #expect(try await house.faults() == [])
    }
  }

  /// A node that has the booking in memory at its old price must not sell it at that.
  @Test func whatOneNodeAttachesAnotherConfirms() async throws {
    try await House.withAddOns { house, _ in
      let session = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let other = SaleDesk(session, house.shows, on: house.loop) { _ in }
      house.desk.value.setFeedLive(true)
      other.setFeedLive(true)
      let held = try await house.held(["A1"], 1)
      let attach = try await house.attaching([("A1", 1, 2)], to: held.id, 2)
      #expect(try await other.serve([attach], timeout: nil)[0].record != nil)
      let sold = try await house.change(.confirm, held.id, 3, payment: "p").record
      #expect(sold?.quote.total.minorUnits == 1_900)
      #expect(try await house.faults() == [])
      await session.close()
    }
  }

  /// On two nodes at the same time: either the payment is for what was attached, or it was too late to
  /// attach.
  @Test func ofAttachingAndConfirmingAtOnceEachIsAnsweredTruly() async throws {
    try await House.withAddOns { house, _ in
      let session = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let other = LoopBound(
        SaleDesk(session, house.shows, on: house.loop) { _ in }, loop: house.loop)
      for round in UInt64(0)..<10 {
        let held = try await house.held(["A\(round + 1)"], round * 10 + 1)
        let attach = try await house.attaching(
          [("A\(round + 1)", 1, 1)], to: held.id, round * 10 + 2)
        async let payment = house.change(.confirm, held.id, round * 10 + 3, payment: "p")
        let attached = try await other.value.serve([attach], timeout: nil)[0]
        let sold = try #require(try await payment.record)
        switch attached {
        case .done: #expect(sold.quote.total.minorUnits == held.quote.total.minorUnits + 450)
        case .refused(.wrongState(let record)):
          #expect(record.state == .confirmed && sold.quote == held.quote)
        default: Issue.record("\(attached)")
        }
        #expect(try await house.booking(held.id)?.quote == sold.quote)
      }
      #expect(try await house.faults() == [])
      await session.close()
    }
  }

  @Test func aHoldThatEndsGetsNoneAndALatePaymentBuysWhatItHad() async throws {
    try await House.withAddOns { house, _ in
      let held = try await house.held(["A1"], 1)
      _ = try await house.attach([("A1", 1, 1)], to: held.id, 2)
      try await house.endHold(held.id, inSeconds: -6)
      #expect(try await house.attach([], to: held.id, 3).state == .expired)
      let sold = try #require(try await house.change(.confirm, held.id, 4, payment: "p").record)
      #expect(sold.isTakenAgain && sold.quote.total.minorUnits == 1_450)
      #expect(try await house.faults() == [])
    }
  }

  // MARK: What counts money

  @Test func salesDigestsAndFiguresCountThem() async throws {
    try await House.withAddOns { house, _ in
      let held = try await house.held(["A1", "A2"], 1)
      _ = try await house.attach([("A1", 1, 2), ("A2", 2, 1)], to: held.id, 2)
      _ = try await house.change(.confirm, held.id, 3, payment: "p")
      let store = SalesStore(house.connection)
      let everybody = SalesReach(partnerID: nil)
      let before = try #require(try await store.digest(ofShow: 1, everybody))
      #expect(before.shares.map(\.amount.minorUnits) == [3_200])
      let cancelled = try await house.change(.cancel, held.id, 4, seats: ["A1"]).record
      #expect(cancelled?.refund?.amount.minorUnits == 1_900)
      let after = try #require(try await store.digest(ofShow: 1, everybody))
      #expect(after.shares.map(\.amount.minorUnits) == [1_300])
      _ = try await store.numberAll()
      let events = try await store.sales(after: 0, everybody).transactions.flatMap(\.events)
      #expect(events.map(\.amount.minorUnits) == [3_200, 1_900])
      #expect(events.map(\.refund?.minorUnits) == [nil, 1_900])
      #expect(events[0].seats.map(\.price.minorUnits) == [1_900, 1_300])
      #expect(events[0].seats.map { $0.addOns.map(\.description) } == [["Popcorn"], ["Cola"]])
      let (sold, refunded) = try await figures(house)
      #expect(sold == 1_300 && refunded == 1_900)
      #expect(try await house.faults() == [])
    }
  }

  /// What is sold of the first show, and what was given back.
  private func figures(_ house: House) async throws -> (sold: Int64, refunded: Int64) {
    var question = SalesQuestion(
      firstDay: try #require(CalendarDate("2020-01-01")),
      lastDay: try #require(CalendarDate("2199-12-31")), grouping: .show)
    question.showID = 1
    let found = try await SalesStore(house.connection).statistics(
      question, SalesReach(partnerID: nil))
    guard case .figures(let figures) = found, let first = figures.first else {
      throw StoreError(.fault)
    }
    return (first.soldAmount.minorUnits, first.refundedAmount.minorUnits)
  }
}
