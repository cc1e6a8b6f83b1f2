// Holding seats: all or nothing, arrival order, idempotency, expiry, caps.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct HoldTests {
  @Test func aHoldTakesItsSeatsAndTellsWhatTheyCost() async throws {
    try await House.run { house in
      let before = try await house.snapshot().version
      let record = try await house.held(["A1", "B2", "B1"], 1, customer: "ann")
      #expect(house.labels(record.seatNumbers) == ["B1", "B2", "A1"])
      #expect(record.state == .held)
      #expect(record.quote.total.minorUnits == 1_500 + 1_500 + 500)
      #expect(record.quote.lines.count == 4)
      #expect((290_000...300_000).contains(record.expiresInMs))
      #expect(record.version == before + 1)
      #expect(try await house.seats(.held) == ["A1", "B1", "B2"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func aBatchIsDecidedInArrivalOrder() async throws {
    try await House.run { house in
      let outcomes = try await house.hold([
        house.request(["A1", "A2"], 1), house.request(["A2", "A3"], 2),
        house.request(["A3", "A4"], 3), house.request(["A1", "A4", "A9"], 4),
        house.request(["A9"], 5),
      ])
      #expect(outcomes[0].seats(in: house) == ["A1", "A2"])
      // A2 is lost to the first; the second takes nothing, so the third gets A3.
      #expect(outcomes[1].lost == [SeatStatus(number: 1, state: .held)])
      #expect(outcomes[2].seats(in: house) == ["A3", "A4"])
      #expect(
        outcomes[3]
          .lost == [
            SeatStatus(number: 0, state: .held), SeatStatus(number: 3, state: .held),
          ])
      #expect(outcomes[4].seats(in: house) == ["A9"])
      #expect(try await house.seats(.held) == ["A1", "A2", "A3", "A4", "A9"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func aBatchRaisesTheVersionOnce() async throws {
    try await House.run { house in
      let before = try await house.snapshot().version
      _ = try await house.hold([house.request(["A1"], 1), house.request(["A2"], 2)])
      #expect(try await house.snapshot().version == before + 1)
      // Losers alone change nothing.
      _ = try await house.hold([house.request(["A1"], 3)])
      #expect(try await house.snapshot().version == before + 1)
    }
  }

  @Test func everyLostSeatIsNamedWithItsState() async throws {
    try await House.run { house in
      let sold = try await house.held(["A1"], 1)
      _ = try await house.change(.confirm, sold.id, 2, payment: "p")
      _ = try await house.held(["A2"], 3)
      try await house.run("update show_seat set state = 4 where show_id = 1 and seat_no = 2")
      try await house.touch()
      let outcome = try await house.hold([house.request(["A4", "A3", "A2", "A1"], 4)])[0]
      #expect(
        outcome
          .lost == [
            SeatStatus(number: 2, state: .blocked), SeatStatus(number: 1, state: .held),
            SeatStatus(number: 0, state: .sold),
          ])
      #expect(try await house.seats(.available).contains("A4"))
    }
  }

  @Test func aRepeatedRequestIsAnsweredAgainAndDoesNothing() async throws {
    try await House.run { house in
      let first = try await house.held(["A1"], 1)
      let version = try await house.snapshot().version
      let again = try #require(try await house.hold([house.request(["A1"], 1)])[0].record)
      #expect(again.id == first.id && again.quote == first.quote && again.version == first.version)
      // A refusal is repeated too, even when the seats are free by now.
      let refused = try await house.hold([house.request(["A1", "A2"], 2)])[0]
      _ = try await house.change(.release, first.id, 3)
      #expect(try await house.hold([house.request(["A1", "A2"], 2)])[0] == refused)
      // The answer is that of the first time: held, although it was released since.
      #expect(try await house.hold([house.request(["A1"], 1)])[0].record?.state == .held)
      #expect(try await house.snapshot().version == version + 1)
      #expect(try await house.seats(.held) == [])
    }
  }

  /// A ledger knows the requests since it was read; of those before, the log knows.
  @Test func anOldRequestIsFoundAlthoughItsSeatsAreOthersNow() async throws {
    try await House.run { house in
      let first = try await house.held(["A1"], 1)
      _ = try await house.change(.release, first.id, 2)
      _ = try await house.held(["A1"], 3)
      try await house.touch()
      let again = try await house.hold([house.request(["A1"], 1), house.request(["A1"], 4)])
      #expect(again[0].record?.id == first.id && again[0].record?.state == .held)
      #expect(again[1].lost == [SeatStatus(number: 0, state: .held)])
    }
  }

  @Test func aRefusalNamesTheVersionThatShowsIt() async throws {
    try await House.run { house in
      let version = try await house.snapshot().version
      let outcomes = try await house.hold([house.request(["A1"], 1), house.request(["A1"], 2)])
      let lost = [SeatStatus(number: 0, state: .held)]
      #expect(outcomes[0].record?.version == version + 1)
      #expect(outcomes[1] == .refused(.seatsUnavailable(lost, version: version + 1)))
      _ = try await house.held(["A2"], 3)
      // Seats that were lost before are lost at the version it was judged at.
      let later = try await house.hold([house.request(["A1"], 4), house.request(["A3"], 5)])
      #expect(later[0] == .refused(.seatsUnavailable(lost, version: version + 2)))
    }
  }

  @Test func aRequestTwiceInOneBatchRunsOnce() async throws {
    try await House.run { house in
      let outcomes = try await house.hold([
        house.request(["A1"], 1), house.request(["A1"], 1), house.request(["A2"], 1),
      ])
      #expect(outcomes[0].record?.id == outcomes[1].record?.id)
      #expect(outcomes[0].record != nil)
      #expect(outcomes[2] == .refused(.requestIDReused))
      #expect(try await house.seats(.held) == ["A1"])
    }
  }

  @Test func anIDWithAnotherBodyIsRefused() async throws {
    try await House.run { house in
      _ = try await house.held(["A1"], 1)
      #expect(try await house.hold([house.request(["A2"], 1)])[0] == .refused(.requestIDReused))
      // Another partner's ids are its own.
      let other = try house.request(["A2"], 1, partner: House.otherPartner)
      #expect(try await house.hold([other])[0].record != nil)
    }
  }

  @Test func anExpiredHoldIsFreeOnlyAfterItsGrace() async throws {
    try await House.run { house in
      let old = try await house.held(["A1", "A2"], 1)
      try await house.endHold(old.id, inSeconds: -1)
      #expect(
        try await house.hold([house.request(["A1"], 2)])[0]
          .lost == [SeatStatus(number: 0, state: .held)])
      try await house.endHold(old.id, inSeconds: -6)
      let version = try await house.snapshot().version
      let new = try #require(try await house.hold([house.request(["A1"], 3)])[0].record)
      #expect(new.version == version + 1)
      // The old booking ended as a whole, in the same transaction.
      #expect(try await house.seats(.held) == ["A1"])
      let lookup = BookingLookup(house.connection)
      #expect(try await lookup.booking(id: old.id, partnerID: House.partner)?.state == .expired)
      #expect(try await house.faults() == [])
    }
  }

  @Test func aCustomerHasAtMostTenSeatsOfAShow() async throws {
    try await House.run { house in
      let six = (1...6).map { "A\($0)" }
      let sold = try await house.held(six, 1, customer: "ann")
      _ = try await house.change(.confirm, sold.id, 2, payment: "p")
      let outcomes = try await house.hold([
        house.request(["B1", "B2"], 3, customer: "ann"),
        house.request(["B3", "B4", "B5"], 4, customer: "ann"),
        house.request(["B6", "B7"], 5, customer: "ann"),
        house.request(["B8"], 6, customer: "ann"),
        house.request(["B8"], 7, customer: "bob"),
        house.request(["B9"], 8, customer: "ann", partner: House.otherPartner),
      ])
      #expect(outcomes[0].record != nil)
      #expect(outcomes[1] == .refused(.holdLimitExceeded))
      #expect(outcomes[2].record != nil)
      #expect(outcomes[3] == .refused(.holdLimitExceeded))
      #expect(outcomes[4].record != nil)
      #expect(outcomes[5].record != nil)
      _ = try await house.change(.cancel, sold.id, 9)
      #expect(
        try await house.hold([house.request(["B10"], 10, customer: "ann")])[0].record != nil)
    }
  }

  /// Nobody knows what else a customer without a name has.
  @Test func aCallWithoutACustomerHasTheCapToItself() async throws {
    try await House.run { house in
      try await house.run("update theatre set seats_per_customer = 2")
      let outcomes = try await house.hold([
        house.request(["A1", "A2", "A3"], 1), house.best(3, 2), house.request(["A1", "A2"], 3),
        house.best(2, 4),
      ])
      #expect(outcomes[0] == .refused(.holdLimitExceeded))
      #expect(outcomes[1] == .refused(.holdLimitExceeded))
      #expect(outcomes[2].seats(in: house) == ["A1", "A2"])
      #expect(outcomes[3].record != nil)
      let sold = try #require(outcomes[2].record)
      _ = try await house.change(.confirm, sold.id, 5, payment: "p")
      let more = try house.exchange(sold.id, ["A1", "A2", "A3"], 6)
      #expect(try await house.serve([more]) == [.refused(.holdLimitExceeded)])
      #expect(try await house.faults() == [])
    }
  }

  @Test func changedTermsCountFromTheNextHoldOn() async throws {
    try await House.run { house in
      #expect(try await house.held(["B1"], 1).quote.total.minorUnits == 1_500)
      try await house.run("update show_price set minor_units = 2000 where tier = 'GOLD'")
      #expect(try await house.held(["B2"], 2).quote.total.minorUnits == 2_000)
      try await house.run("update theatre set hold_minutes = 15, seats_per_customer = 1")
      let long = try await house.held(["B3"], 3, customer: "ann")
      #expect((890_000...900_000).contains(long.expiresInMs))
      #expect(
        try await house.hold([house.request(["B4"], 4, customer: "ann")])[0]
          == .refused(.holdLimitExceeded))
      #expect(try await house.faults() == [])
    }
  }

  @Test func closedShowsAreRefused() async throws {
    try await House.run { house in
      _ = try await house.held(["A1"], 1)
      try await house.run("update show set sales_state = 3 where show_id = 1")
      #expect(try await house.hold([house.request(["A2"], 2)])[0] == .refused(.salesClosed))
      try await house.run(
        "update show set sales_state = 2, during = tstzrange(now() - interval '3 h', now() - interval '1 h') where show_id = 1"
      )
      #expect(try await house.hold([house.request(["A2"], 3)])[0] == .refused(.salesClosed))
    }
  }

  @Test func anUnknownShowIsNotFound() async throws {
    try await House.run { house in
      let known = try house.request(["A1"], 1)
      let unknown = HoldRequest(
        identity: known.identity, bookingID: known.bookingID, showID: 999, customerRef: "",
        selection: known.selection)
      let outcomes = try await house.hold([unknown, house.request(["A1"], 2)])
      #expect(outcomes[0] == .refused(.showNotFound))
      #expect(outcomes[1].record != nil)
    }
  }

  @Test func aBatchMaySpanShows() async throws {
    try await House.run { house in
      let outcomes = try await house.hold([
        house.request(["A1"], 1), house.request(["A1"], 2, show: 3), house.request(["A1"], 3),
      ])
      #expect(outcomes[0].record?.showID == 1)
      #expect(outcomes[1].record?.showID == 3)
      #expect(outcomes[2].lost == [SeatStatus(number: 0, state: .held)])
      #expect(try await house.faults() == [])
    }
  }
}
