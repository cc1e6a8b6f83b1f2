// Offers and prices against PostgreSQL: what they reach, that no sale is made under terms that are no
// longer so, whose they are, and that a request has its effect once.

import Postgres
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
private let operators = TermsActor(
  partnerID: House.partner, isOperator: true, theatreIDs: nil,
  audit: AuditActor(keyID: 3, name: "operator"))

extension House {
  /// The house with an owner for each of its theatres.
  fileprivate static func owned(
    _ body: @escaping @Sendable (House, TermsStore) async throws -> Void
  ) async throws {
    try await House.run { house in
      try await house.run("update theatre set partner_id = theatre_id")
      try await body(house, TermsStore(house.connection))
    }
  }

  fileprivate func versions() async throws -> [Int32] {
    let result = try await connection.query(
      PostgresStatement(sql: "select pricing_version from show order by show_id"))
    return try result.all { row throws(PostgresError) in try row.decode(0) }
  }

  /// What a hold of a seat costs, on a node that has sold before.
  fileprivate func price(_ label: String, _ id: UInt64, partner: Int64 = 1) async throws -> Int64? {
    let outcome = try await hold([request([label], id, partner: partner)])[0]
    return outcome.record?.quote.total.minorUnits
  }
}

extension TermsOutcome {
  fileprivate var change: TermsChange? {
    if case .done(let change) = self { change } else { nil }
  }

  fileprivate var refusal: TermsRefusal? {
    if case .refused(let refusal, _) = self { refusal } else { nil }
  }
}

private func half(
  _ place: OfferPlace = OfferPlace(), tier: String? = nil, seats: [String] = [],
  channel: Int64? = nil
) -> OfferWish {
  OfferWish(
    terms: OfferTerms(
      title: "Half", discount: .share(basisPoints: 5_000), condition: .everySeat),
    place: place, channelID: channel, tier: tier, seatLabels: seats)
}

@Suite struct OfferStoreTests {
  @Test func anOfferIsInTheNextQuoteAndIsGoneWhenItEnds() async throws {
    try await House.owned { house, terms in
      #expect(try await house.price("A1", 1) == 1_000)
      let made = try await terms.createOffer(half(), house.identity(100), by: ours)
      // Shows 1 and 3 are in our theatre.
      #expect(made.change?.showIDs == [1, 3])
      #expect(try await house.price("A2", 2) == 500)
      let id = try #require(made.change?.subjectID)
      let wider = OfferTerms(
        title: "Third", discount: .amount(Money(333, try Currency("EUR"))), condition: .everySeat)
      _ = try await terms.updateOffer(id: id, wider, house.identity(101), by: ours)
      #expect(try await house.price("A3", 3) == 667)
      _ = try await terms.endOffer(id: id, house.identity(102), by: ours)
      #expect(try await house.price("A4", 4) == 1_000)
      let late = try await terms.updateOffer(id: id, wider, house.identity(103), by: ours)
      #expect(late.refusal == .ended)
      #expect(try await house.faults().isEmpty)
    }
  }

  /// One row per target: which shows are raised, and what two seats then cost us and others.
  @Test(
    arguments: [
      (OfferPlace(theatreID: 1), nil, [], nil, [Int64(1), 3], [500, 750, 500]),
      (OfferPlace(auditoriumID: 1), "GOLD", [], nil, [1, 3], [1_000, 750, 1_000]),
      (OfferPlace(showID: 1), nil, ["A1", "C3"], nil, [1], [500, 1_500, 1_000]),
      (OfferPlace(theatreID: 1, movieID: 2), nil, [], nil, [3], [1_000, 1_500, 1_000]),
      (OfferPlace(movieID: 1), nil, [], nil, [1], [500, 750, 500]),
      (OfferPlace(), nil, [], House.otherPartner, [1, 3], [1_000, 1_500, 500]),
    ] as [(OfferPlace, String?, [String], Int64?, [Int64], [Int64])])
  func anOfferReachesItsTarget(
    place: OfferPlace, tier: String?, seats: [String], channel: Int64?, shows: [Int64],
    prices: [Int64]
  ) async throws {
    try await House.owned { house, terms in
      let before = try await house.versions()
      let wish = half(place, tier: tier, seats: seats, channel: channel)
      let made = try await terms.createOffer(wish, house.identity(100), by: ours)
      #expect(made.change?.showIDs == shows)
      let raised = zip(before, try await house.versions()).map { $1 - $0 }
      #expect(raised == [1, 2, 3].map { shows.contains($0) ? 1 : 0 })
      #expect(try await house.price("A1", 1) == prices[0])
      #expect(try await house.price("B1", 2) == prices[1])
      #expect(try await house.price("A2", 3, partner: House.otherPartner) == prices[2])
      let listed = try await terms.offers(
        of: ours, showID: shows.first ?? 0, withEnded: false, pageSize: 0, pageToken: "")
      #expect(listed.items.map(\.place.showID) == [place.showID])
      #expect(listed.items.map(\.seatLabels) == [seats])
    }
  }

  @Test(arguments: [ours, operators])
  func anOfferForWhatIsClosedIsForWhatIsNotThere(actor: TermsActor) async throws {
    try await House.owned { house, terms in
      func refusal(_ place: OfferPlace, _ id: UInt64) async throws -> TermsRefusal? {
        try await terms.createOffer(half(place), house.identity(id), by: actor).refusal
      }
      try await house.run("update auditorium set closed_at = now() where auditorium_id = 1")
      #expect(try await refusal(OfferPlace(auditoriumID: 1), 100) == .beyondReach)
      #expect(try await refusal(OfferPlace(auditoriumID: 99), 101) == .beyondReach)
      #expect(try await refusal(OfferPlace(theatreID: 1), 102) == nil)
      try await house.run("update theatre set closed_at = now() where theatre_id = 1")
      #expect(try await refusal(OfferPlace(theatreID: 1), 103) == .beyondReach)
    }
  }

  /// A schedule may give a show another movie and change nothing else.
  @Test func anOfferForAMovieGoesWithTheMovie() async throws {
    try await House.owned { house, terms in
      _ = try await terms.createOffer(
        half(OfferPlace(movieID: 1)), house.identity(100), by: ours)
      #expect(try await house.price("A1", 1) == 500)
      try await house.run("update show set movie_id = 2 where show_id = 1")
      #expect(try await house.price("A2", 2) == 1_000)
      try await house.run("update show set movie_id = 1 where show_id = 1")
      #expect(try await house.price("A3", 3) == 500)
    }
  }

  /// By the clock of the database, which every quote is decided by anew.
  @Test func anOfferAppliesFromItsBeginningToItsEnd() async throws {
    try await House.owned { house, terms in
      let made = try await terms.createOffer(half(), house.identity(100), by: ours)
      let id = try #require(made.change?.subjectID)
      let now = try await house.connection.query(Statements.databaseTime).onlyRow()
        .decode(0, as: PostgresTimestamp.self).unixMicroseconds
      let hour: Int64 = 3_600_000_000
      let spans: [(Int64?, Int64?, Int64)] = [
        (now + hour, nil, 1_000), (now - hour, nil, 500), (now - hour, now + hour, 500),
        (nil, now + hour, 500), (nil, now, 1_000), (now - hour, now, 1_000),
      ]
      for (index, (from, until, price)) in spans.enumerated() {
        var wish = half().terms
        (wish.validFrom, wish.validUntil) = (from, until)
        let request = house.identity(UInt64(200 + index))
        #expect(try await terms.updateOffer(id: id, wish, request, by: ours).change != nil)
        #expect(try await house.price("A\(index + 1)", UInt64(index)) == price)
      }
    }
  }

  @Test func whatIsOthersIsBeyondReachWhetherOrNotItExists() async throws {
    try await House.owned { house, terms in
      let mine = try await terms.createOffer(half(), house.identity(100), by: ours)
      let id = try #require(mine.change?.subjectID)
      let narrow = TermsActor(
        partnerID: House.partner, isOperator: false, theatreIDs: [2], audit: ours.audit)
      let places: [OfferPlace] = [
        .init(theatreID: 2), .init(theatreID: 99), .init(auditoriumID: 2), .init(auditoriumID: 99),
        .init(showID: 2), .init(showID: 99),
      ]
      for (index, place) in places.enumerated() {
        let request = house.identity(UInt64(200 + index))
        let refused = try await terms.createOffer(half(place), request, by: ours)
        #expect(refused == .refused(.beyondReach, []))
      }
      for (index, offer) in [id, 1, 9_999].enumerated() {
        let request = house.identity(UInt64(300 + index), partner: 2)
        #expect(
          try await terms.endOffer(id: offer, request, by: theirs) == .refused(.beyondReach, []))
      }
      #expect(
        try await terms.endOffer(id: id, house.identity(310), by: narrow).refusal == .beyondReach)
      #expect(
        try await terms.createOffer(half(), house.identity(311), by: narrow).refusal == .noTarget)
      // An operator reaches all of them.
      let all = try await terms.createOffer(half(), house.identity(312), by: operators)
      #expect(all.change?.showIDs == [2, 1, 3] || all.change?.showIDs == [1, 3, 2])
      #expect(try await terms.endOffer(id: id, house.identity(313), by: operators).change != nil)
      let listed = try await terms.offers(
        of: theirs, showID: 0, withEnded: true, pageSize: 0, pageToken: "")
      #expect(listed.items.isEmpty)
    }
  }

  @Test func whatAnOfferNamesMustBeThere() async throws {
    try await House.owned { house, terms in
      let wishes: [(OfferWish, TermsRefusal, [String])] = [
        (half(channel: 99), .noPartner, []), (half(OfferPlace(movieID: 99)), .noMovie, []),
        (half(OfferPlace(showID: 1), seats: ["A1", "Z9", "A99"]), .unknownSeats, ["Z9", "A99"]),
      ]
      for (wish, refusal, names) in wishes {
        let outcome = try await terms.createOffer(wish, house.identity(100), by: ours)
        #expect(outcome == .refused(refusal, names))
      }
      // A refusal leaves no row: the id is as good as new.
      #expect(try await terms.createOffer(half(), house.identity(100), by: ours).change != nil)
    }
  }

  @Test func aRequestHasItsEffectOnce() async throws {
    try await House.owned { house, terms in
      let before = try await house.versions()
      let first = try await terms.createOffer(half(), house.identity(100), by: ours)
      let again = try await terms.createOffer(half(), house.identity(100), by: ours)
      #expect(again.change?.subjectID == first.change?.subjectID)
      #expect(again.change?.showCount == 2 && again.change?.showIDs == [])
      #expect(try await house.versions()[0] == before[0] + 1)
      let other = house.identity(100, body: "other")
      #expect(try await terms.createOffer(half(), other, by: ours).refusal == .requestIDReused)
      // The ids are those of sales too: one fence for both.
      guard case .refused(.requestIDReused) = try await house.hold([house.request(["A1"], 100)])[0]
      else { return #expect(Bool(false), "the id of an offer sells seats") }
      let bookings = BookingLookup(house.connection)
      _ = try await bookings.fence(house.identity(101))
      #expect(
        try await terms.createOffer(half(), house.identity(101), by: ours).refusal
          == .requestFenced)
      #expect(try await bookings.fate(of: house.identity(100).key) == .ranWithoutBooking)
      let noted = try await house.connection.query(
        PostgresStatement(sql: "select count(*) from audit_entry where action = 'CREATE_OFFER'"))
      #expect(try noted.onlyRow().decode(0, as: Int64.self) == 1)
      #expect(try await house.faults().isEmpty)
    }
  }
}

@Suite struct PriceStoreTests {
  private func euros(
    _ shows: PricesWish.Shows, _ prices: [(String, Int64)]
  ) throws -> PricesWish {
    PricesWish(
      shows: shows, currency: try Currency("EUR"), prices: prices.map { .init($0.0, $0.1) })
  }

  @Test func pricesCountForTheNextQuoteAndHeldOnesKeepTheirs() async throws {
    try await House.owned { house, terms in
      let held = try await house.held(["A1"], 1)
      let set = try await terms.setPrices(
        euros(.these([1, 3]), [("SILVER", 1_200)]), house.identity(100), by: ours)
      #expect(set.change?.showIDs.sorted() == [1, 3] && set.change?.showCount == 2)
      #expect(try await house.price("A2", 2) == 1_200)
      #expect(try await house.price("B2", 3) == 1_500)
      let sold = try await house.change(.confirm, held.id, 4, payment: "paid").record
      #expect(sold?.quote.total.minorUnits == 1_000)
      // What costs the same already is not changed.
      let same = try await terms.setPrices(
        euros(.these([1]), [("SILVER", 1_200)]), house.identity(101), by: ours)
      #expect(same.change?.showCount == 0)
      let all = try await terms.setPrices(
        euros(
          .all(theatreID: 1, auditoriumID: nil, movieID: nil, from: nil, before: nil), [("", 700)]),
        house.identity(102), by: ours)
      #expect(all.change?.showCount == 2)
      #expect(try await house.price("B3", 5) == 700)
      #expect(try await house.faults().isEmpty)
    }
  }

  @Test func pricesThatFitNoShowAreRefused() async throws {
    try await House.owned { house, terms in
      func set(_ wish: PricesWish) async throws -> TermsOutcome {
        try await terms.setPrices(wish, house.identity(100), by: ours)
      }
      let dollars = PricesWish(
        shows: .these([1]), currency: try Currency("USD"), prices: [.init("SILVER", 1)])
      #expect(try await set(dollars) == .refused(.currencyDiffers, ["1"]))
      #expect(
        try await set(euros(.these([1]), [("GOLD", 1), ("BRASS", 1)]))
          == .refused(.unknownTiers, ["BRASS"]))
      for shows in [[2], [1, 2], [99], [1, 99]] as [[Int64]] {
        #expect(try await set(euros(.these(shows), [("", 1)])) == .refused(.beyondReach, []))
      }
      let never = PricesWish.Shows.all(
        theatreID: 1, auditoriumID: nil, movieID: 99, from: nil, before: nil)
      #expect(try await set(euros(never, [("", 1)])) == .refused(.noShows, []))
      let other = PricesWish.Shows.all(
        theatreID: 2, auditoriumID: nil, movieID: nil, from: nil, before: nil)
      #expect(try await set(euros(other, [("", 1)])).refusal == .beyondReach)
      #expect(try await house.versions() == [1, 1, 1].map { $0 + 1 })
    }
  }
}
