// Exchanging a hold for other seats of its show, above all an offer of the waiting list.

import Testing

@testable import Booking

@Suite struct HoldExchangeTests {
  /// Rows A (tier G) and B (tier S) of three. The first party was offered A3; B1 is free, and the
  /// second party wants a seat of tier G.
  private func hallWithOffer() throws -> (hall: WaitingHall, offer: BookingRecord) {
    let hall = try WaitingHall(["ooo", "ooo"], tiers: ["GGG", "SSS"])
    var holds: [String: BookingID] = [:]
    for label in ["A1", "A2", "A3", "B1", "B2", "B3"] {
      holds[label] = try #require(hall.ask(hall.hold(label)).record?.id)
    }
    hall.batch([hall.join(1, 1), hall.join(2, 1, tier: "G")])
    hall.ask(hall.change(.release, try #require(holds["A3"])))
    let offer = try #require(hall.writes.bookings.first { $0.before == nil }?.record)
    let settled = try #require(hall.ledger.booking(offer.id))
    hall.ask(hall.change(.release, try #require(holds["B1"])))
    #expect(hall.offers.isEmpty && hall.line == [2])
    return (hall, settled)
  }

  @Test func anOfferIsExchangedThoughOthersWait() throws {
    let (hall, offer) = try hallWithOffer()
    hall.now += 100_000_000
    let new = try #require(hall.ask(hall.exchange(offer.id, "B1")).record)
    #expect(new.state == .held && new.supersedes == offer.id && hall.labels(new) == "B1")
    #expect(new.holdUntil == offer.holdUntil)
    #expect(new.exchangeCredit == offer.quote.total.minorUnits)
    // What was given back is the next one's, in the same transaction.
    #expect(hall.offers == ["A3"])
    #expect(hall.line.isEmpty)
    let old = try #require(hall.writes.bookings.first { $0.record.id == offer.id }?.record)
    #expect(old.state == .exchanged && old.supersededBy == new.id)
    #expect(hall.writes.seats.count == 2 && hall.writes.seats.allSatisfy { $0.state == .held })
    #expect(hall.ledger.booking(new.id)?.holdUntil == offer.holdUntil)
  }

  @Test func itLastsNoLonger() throws {
    let (hall, offer) = try hallWithOffer()
    let new = try #require(hall.ask(hall.exchange(offer.id, "B1")).record)
    hall.now = offer.graceUntil - 1
    hall.ask(.sweep(lane: 3, showID: 7))
    #expect(hall.ledger.hasSeats(new.id))
    hall.now += 1
    hall.ask(.sweep(lane: 3, showID: 7))
    #expect(!hall.ledger.hasSeats(new.id))
  }

  @Test func anExtensionIsNotWonBack() throws {
    let hall = try WaitingHall(["ooo"])
    let hold = try #require(hall.ask(hall.hold("A1")).record)
    let extended = try #require(hall.ask(hall.change(.extend, hold.id)).record)
    let new = try #require(hall.ask(hall.exchange(hold.id, "A2")).record)
    #expect(new.isExtended && new.holdUntil == extended.holdUntil)
    guard case .refusedUnlessLogged(.extendedBefore) = hall.ask(hall.change(.extend, new.id)) else {
      Issue.record("extended twice")
      return
    }
    let fresh = try #require(hall.ask(hall.hold("A1")).record)
    let moved = try #require(hall.ask(hall.exchange(fresh.id, "A3")).record)
    #expect(!moved.isExtended)
    #expect(hall.ask(hall.change(.extend, moved.id)).record?.isExtended == true)
  }

  @Test func anOfferMayBeExchangedAgain() throws {
    let (hall, offer) = try hallWithOffer()
    let second = try #require(hall.ask(hall.exchange(offer.id, "B1")).record)
    // A3 went to the second party; a third waits for what there is not.
    hall.ask(hall.join(3, 1, tier: "G"))
    let other = try #require(hall.ledger.live.values.first { hall.labels($0) == "B2" }?.id)
    hall.ask(hall.change(.release, other))
    #expect(hall.line == [3])
    let third = try #require(hall.ask(hall.exchange(second.id, "B2")).record)
    #expect(hall.labels(third) == "B2" && third.holdUntil == offer.holdUntil)
  }

  /// The free seats are the line's: who did not wait, and who wants more than it was offered, gets
  /// none of them.
  @Test func nobodyElseTakesFromTheLine() throws {
    let (hall, offer) = try hallWithOffer()
    let stranger = try #require(hall.ledger.live.values.first { hall.labels($0) == "B2" })
    #expect(hall.ask(try hall.exchange(stranger.id, "B1")) == .refused(.reservedForWaiting))
    #expect(hall.ask(try hall.exchange(offer.id, "A3", "B1")) == .refused(.reservedForWaiting))
    #expect(hall.ledger.booking(offer.id) == offer)
    #expect(hall.writes.isEmpty)
    // A sale, even of what was an offer, goes the way of all sales.
    hall.ask(hall.change(.confirm, offer.id))
    #expect(hall.ask(try hall.exchange(offer.id, "B1")) == .refused(.reservedForWaiting))
  }

  @Test func withoutALineAnyHoldIsExchanged() throws {
    let hall = try WaitingHall(["oooo"])
    let id = try #require(hall.ask(hall.hold("A1", customer: "ann")).record?.id)
    let hold = try #require(hall.ledger.booking(id))
    hall.now += 1_000_000
    let new = try #require(hall.ask(hall.exchange(id, "A1", "A2", "A3")).record)
    #expect(hall.labels(new) == "A1 A2 A3" && new.customerRef == "ann")
    #expect(!new.isOffer && new.holdUntil == hold.holdUntil)
    #expect(hall.ledger.hasSeats(new.id) && !hall.ledger.hasSeats(id))
  }

  @Test func aRefusedExchangeChangesNothing() throws {
    let (hall, offer) = try hallWithOffer()
    guard
      case .refused(.seatsUnavailable(let lost, _)) = hall.ask(try hall.exchange(offer.id, "B2"))
    else {
      Issue.record("another's seat was taken")
      return
    }
    #expect(lost.map(\.state) == [.held])
    #expect(
      hall.ask(try hall.exchange(offer.id, "B1", partner: 2)) == .refused(.foreignBooking))
    #expect(hall.ledger.booking(offer.id) == offer && hall.line == [2])
    hall.now = offer.graceUntil
    let late = hall.ask(try hall.exchange(offer.id, "B1"))
    guard case .refusedUnlessLogged(.wrongState(let record)) = late else {
      Issue.record("a hold that was over was exchanged")
      return
    }
    #expect(record.state == .expired)
    // Its seat went to the next in line.
    #expect(hall.line.isEmpty)
  }

  @Test func aHoldStaysWithItsShow() throws {
    let (here, there) = (try WaitingHall(["oo"]), try WaitingHall(["oo"]))
    let hold = try #require(here.ask(here.hold("A1")).record)
    guard case .exchange(let wish) = try here.exchange(hold.id, "A2") else { return }
    var moment = Moment(here.now)
    let decision = here.ledger.exchange(wish, to: there.ledger, &moment)
    guard case .refusedUnlessLogged(.wrongState(let record)) = decision else {
      Issue.record("a hold left its show")
      return
    }
    #expect(record.state == .held)
  }

  @Test func itsRulesAreThoseOfAHold() throws {
    let hall = try WaitingHall(["oooooooooooo"], rule: .forbid)
    let four = try #require(hall.ask(hall.hold("A1", "A2", "A3", "A4", customer: "ann")).record)
    #expect(
      hall.ask(try hall.exchange(four.id, "A2", "A3", "A4", "A5"))
        == .refused(.strandsSeats(try hall.layout.resolve(labels: ["A1"]).map(\.number))))
    let six = hall.ask(try hall.hold("A7", "A8", "A9", "A10", "A11", "A12", customer: "ann"))
    #expect(six.record != nil)
    #expect(
      hall.ask(try hall.exchange(four.id, "A1", "A2", "A3", "A4", "A5"))
        == .refused(.holdLimitExceeded))
  }
}
