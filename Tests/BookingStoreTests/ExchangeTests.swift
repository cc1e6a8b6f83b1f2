// Exchanging bookings: both or neither, within a show and across shows and lanes.

import Postgres
import Reactor
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct ExchangeTests {
  @Test func seatsOfTheSameShowMayOverlap() async throws {
    try await House.run { house in
      let old = try await house.sold(["B1", "B2"], 1, customer: "ann")
      let version = try await house.snapshot().version
      let request = try house.exchange(old.id, ["B2", "B3"], 2)
      let outcome = try await house.serve([request])[0]
      let new = try #require(outcome.record)
      #expect(new.state == .confirmed && new.supersedes == old.id && new.customerRef == "ann")
      #expect(new.paymentReference == "paid 1" && new.exchangeCredit == 3_000)
      #expect(new.refund == nil)
      #expect(try await house.seats(.sold) == ["B2", "B3"])
      #expect(try await house.snapshot().version == version + 1)
      let before = try #require(try await house.booking(old.id))
      #expect(before.state == .exchanged && before.supersededBy == new.id)
      #expect(try await house.serve([request])[0] == outcome)
      #expect(try await house.serve([house.exchange(old.id, ["B9"], 3)])[0].state == .exchanged)
      #expect(try await house.change(.cancel, old.id, 4).state == .exchanged)
      #expect(try await house.faults() == [])
    }
  }

  /// A payment of the difference has a reference of its own; a hold is not paid yet.
  @Test func theDifferenceMayBePaidApart() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1"], 1)
      let hold = try await house.held(["A2"], 2)
      for (id, old) in [(UInt64(3), sale), (4, hold)] {
        guard case .exchange(let plain) = try house.exchange(old.id, ["B\(id)"], id) else { return }
        let request = ExchangeRequest(
          bookingID: plain.bookingID, wanted: plain.wanted, paymentReference: "difference")
        let new = try #require(try await house.serve([.exchange(request)])[0].record)
        let stored = try #require(try await house.booking(new.id))
        #expect(stored.state == old.state && stored.exchangeCredit == 1_000)
        #expect(stored.paymentReference == (old.state == .held ? "" : "difference"))
        #expect(stored.quote.total.minorUnits == 1_500 && new.refund == nil)
      }
      #expect(try await house.faults() == [])
    }
  }

  @Test(arguments: [
    ("refund_basis_points = 5000", Int64(250)), ("refund_minutes_before = 10", 500),
    // The show is tomorrow evening.
    ("refund_minutes_before = 4000", 0),
  ])
  func theDifferenceIsGivenBackByTheTheatresPolicy(policy: String, amount: Int64) async throws {
    try await House.run { house in
      let old = try await house.sold(["B1"], 1)
      try await house.run("update theatre set \(policy) where theatre_id = 1")
      let new = try await house.serve([house.exchange(old.id, ["A1"], 2)])[0].record
      #expect(new?.refund?.amount.minorUnits == amount)
      #expect(try await house.faults() == [])
    }
  }

  /// Show 2 is another theatre's, in another lane: a second worker sells it at the same time.
  @Test func aShowOfAnotherLaneKnowsAtOnce() async throws {
    try await House.run { house in
      let old = try await house.sold(["B1", "B2"], 1)
      let other = SaleDesk(house.connection, house.shows, on: house.loop) { _ in }
      other.setFeedLive(true)
      house.desk.value.setFeedLive(true)
      func there(_ labels: [String], _ id: UInt64) throws -> SaleRequest {
        .hold(
          HoldRequest(
            identity: house.identity(id, body: "there"), bookingID: house.newBookingID(lane: 9),
            showID: 2, customerRef: "",
            selection: .named(try house.details.layout.resolve(labels: labels).map(\.number))))
      }
      #expect(try await other.serve([there(["A9"], 2)], timeout: nil)[0].record != nil)
      // Cheaper seats: the difference is given back.
      let request = try house.exchange(old.id, ["A1", "A2"], 3, show: 2, lane: 9)
      let new = try #require(try await other.serve([request], timeout: nil)[0].record)
      #expect(new.showID == 2 && new.id.lane == 9)
      #expect(new.refund?.bookingID == old.id && new.refund?.amount.minorUnits == 1_000)
      #expect(try await house.seats(.sold) == [])
      // The first desk had show 1 with the sale, and is not told: it reads anew.
      #expect(try await house.hold([house.request(["B1", "B2"], 4)])[0].record != nil)
      let back = try house.exchange(new.id, ["B3"], 5)
      #expect(try await house.serve([back])[0].record?.refund?.amount.minorUnits == 500)
      // Of the change of its own show a desk is told; the first keeps nothing of that show.
      other.note(2, version: 1_000)
      let taken = try await other.serve([there(["A1"], 6)], timeout: nil)[0]
      let wish = try SaleRequest.together([house.exchange(old.id, ["B5"], 7), there(["A1"], 8)])
      guard case .refusedTogether(item: 0, .wrongState) = try await house.serve([wish])[0] else {
        Issue.record("exchanged twice")
        return
      }
      let id = try #require(taken.record?.id)
      let release = ChangeRequest(.release, house.identity(9), bookingID: id)
      #expect(try await other.serve([.change(release)], timeout: nil)[0].state == .released)
      let both = try SaleRequest.together([.hold(house.request(["B7"], 10)), there(["A1"], 11)])
      guard case .together = try await house.serve([both])[0] else {
        Issue.record("judged on a ledger that nobody keeps true")
        return
      }
      #expect(try await house.faults() == [])
    }
  }

  @Test func aRefusedExchangeLeavesTheOldBooking() async throws {
    try await House.run { house in
      let old = try await house.sold(["B1", "B2"], 1)
      _ = try await house.held(["B4"], 2)
      let foreign = try house.exchange(old.id, ["A1"], 3, partner: House.otherPartner)
      #expect(try await house.serve([foreign]) == [.refused(.foreignBooking)])
      let lost = try await house.serve([house.exchange(old.id, ["B1", "B4"], 4)])[0].lost
      #expect(lost?.map(\.state) == [.held])
      let unknown = try house.exchange(house.newBookingID(), ["A1"], 5)
      #expect(try await house.serve([unknown]) == [.refused(.bookingNotFound)])
      let nowhere = try house.exchange(old.id, ["A1"], 6, show: 99)
      #expect(try await house.serve([nowhere]) == [.refused(.showNotFound)])
      try await house.run("update show set currency = 'USD' where show_id = 3")
      let abroad = try house.exchange(old.id, ["A1"], 7, show: 3)
      #expect(try await house.serve([abroad]) == [.refused(.currencyDiffers)])
      try await house.run(
        "update show set during = tstzrange(now() - interval '1 min', now() + interval '1 h')"
          + " where show_id = 1")
      #expect(
        try await house.serve([house.exchange(old.id, ["A1"], 8)]) == [.refused(.showBegan)])
      #expect(try await house.booking(old.id)?.state == .confirmed)
      #expect(try await house.seats(.sold) == ["B1", "B2"])
      #expect(try await house.seats(.held) == ["B4"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func theCapCountsWhatIsKept() async throws {
    try await House.run { house in
      let six = ["A1", "A2", "A3", "A4", "A5", "A6"]
      let old = try await house.sold(six, 1, customer: "ann")
      _ = try await house.held(["B1", "B2", "B3", "B4"], 2, customer: "ann")
      let seven = try house.exchange(old.id, six + ["A7"], 3)
      #expect(try await house.serve([seven]) == [.refused(.holdLimitExceeded)])
      let moved = try house.exchange(old.id, ["A2", "A3", "A4", "A5", "A6", "A7"], 4)
      #expect(try await house.serve([moved])[0].record != nil)
      #expect(try await house.faults() == [])
    }
  }
}
