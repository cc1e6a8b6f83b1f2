// The rules of the waiting list, one by one.

import Testing

@testable import Booking

@Suite struct WaitingTests {
  /// Two rows of three, all held: one hold for each seat but A1 A2 together.
  private func soldOutHall() throws -> (hall: WaitingHall, holds: [String: BookingID]) {
    let hall = try WaitingHall(["ooo", "ooo"])
    var holds: [String: BookingID] = [:]
    holds["A1"] = try #require(hall.ask(hall.hold("A1", "A2")).record?.id)
    for label in ["A3", "B1", "B2", "B3"] {
      holds[label] = try #require(hall.ask(hall.hold(label)).record?.id)
    }
    return (hall, holds)
  }

  @Test func aFreedSeatIsTheFirstInLines() throws {
    let (hall, holds) = try soldOutHall()
    #expect(hall.ask(hall.join(1, 1)) == .inLine)
    #expect(hall.ask(hall.join(2, 1)) == .inLine)
    #expect(hall.line == [1, 2])
    // The stranger stands in the same batch, right behind the release.
    let decisions = hall.batch([
      hall.change(.release, try #require(holds["B2"])), try hall.hold("B2"),
    ])
    #expect(decisions[1] == .refused(.reservedForWaiting))
    #expect(hall.offers == ["B2"])
    #expect(hall.line == [2])
  }

  @Test func theFirstKeepsSmallerPartiesWaiting() throws {
    let (hall, holds) = try soldOutHall()
    hall.batch([hall.join(1, 3), hall.join(2, 1)])
    hall.ask(hall.change(.release, try #require(holds["A1"])))
    #expect(hall.offers.isEmpty)
    #expect(hall.line == [1, 2])
    #expect(hall.ask(try hall.hold("A1")) == .refused(.reservedForWaiting))
    hall.ask(hall.change(.release, try #require(holds["A3"])))
    #expect(hall.offers == ["A1 A2 A3"])
    #expect(hall.line == [2])
  }

  @Test func seatsNeedNotBeSideBySide() throws {
    let (hall, holds) = try soldOutHall()
    hall.ask(hall.join(1, 2))
    hall.ask(hall.change(.release, try #require(holds["B1"])))
    hall.ask(hall.change(.release, try #require(holds["A3"])))
    // A3 and B1 are no pair in any way, and yet enough.
    #expect(hall.offers == ["A3 B1"])
  }

  /// Side by side at the best place, else in two rows, else wherever they are; never a wheelchair place
  /// or a bad view while there are others.
  @Test(arguments: [
    (["oooooo", "oooooo"], 2, "B3 B4"), (["ooxoo", "xoxox"], 3, "A4 A5 B4"),
    (["oxoxo", "xxxxx", "oxoxo"], 3, "A3 A5 C3"), (["oxWxo", "xxxxx", "vxxxo"], 3, "A1 A5 C5"),
    (["oxWxo", "xxxxx", "vxxxo"], 4, "A1 A5 C1 C5"),
  ])
  func offersAreTheBestSeatsThereAre(lines: [String], count: Int, offered: String) throws {
    let hall = try WaitingHall(lines)
    hall.ask(hall.join(1, count))
    #expect(hall.offers == [offered])
  }

  @Test func oneReleaseServesSeveral() throws {
    let (hall, holds) = try soldOutHall()
    hall.batch([hall.join(1, 1), hall.join(2, 1), hall.join(3, 1)])
    hall.ask(hall.change(.release, try #require(holds["A1"])))
    #expect(hall.offers.count == 2)
    #expect(hall.line == [3])
  }

  @Test func anEndedHoldIsTheFirstInLines() throws {
    let (hall, _) = try soldOutHall()
    hall.ask(hall.join(1, 2))
    hall.now += WaitingHall.secondsOfHold * 1_000_000
    let decision = hall.ask(try hall.hold("A1"))
    // All holds are over: the party has two seats, and the rest is for anyone.
    #expect(hall.offers.count == 1)
    #expect(hall.line.isEmpty)
    #expect(decision.record != nil || hall.offers == ["A1 A2"])
  }

  @Test func whoFindsEnoughIsServedAtOnce() throws {
    let hall = try WaitingHall(["ooo"])
    hall.ask(hall.join(1, 2))
    #expect(hall.offers.count == 1)
    #expect(hall.line.isEmpty)
    #expect(hall.writes.waits.map(\.isNew) == [true])
  }

  @Test func anOfferIsAHoldThatEnds() throws {
    let (hall, holds) = try soldOutHall()
    hall.batch([hall.join(1, 1), hall.join(2, 1)])
    hall.ask(hall.change(.release, try #require(holds["B1"])))
    let offered = try #require(hall.writes.bookings.first { $0.before == nil }?.record)
    #expect(offered.state == .held)
    #expect(offered.partnerID == 1)
    // Whoever was offered the seat gives it back: the next has it.
    hall.ask(hall.change(.release, offered.id))
    #expect(hall.offers == ["B1"])
    #expect(hall.line.isEmpty)
  }

  // MARK: Hope

  @Test func whoWantsMoreThanIsFreeOrHeldNeedNotWait() throws {
    let (hall, holds) = try soldOutHall()
    hall.ask(hall.change(.confirm, try #require(holds["A1"])))
    #expect(hall.ask(hall.join(1, 5)) == .refused(.waitIsHopeless))
    #expect(hall.ask(hall.join(2, 4)) == .inLine)
  }

  @Test func aSaleMayEndAllHope() throws {
    let (hall, holds) = try soldOutHall()
    hall.batch([hall.join(1, 6), hall.join(2, 1)])
    hall.ask(hall.change(.confirm, try #require(holds["B2"])))
    #expect(hall.writes.waits.map(\.entry.state) == [.hopeless])
    #expect(hall.line == [2])
    // Seats that were kept for the first are for the second once there is no hope for the first.
    hall.ask(hall.change(.release, try #require(holds["B3"])))
    #expect(hall.offers == ["B3"])
  }

  @Test func hopeIsCountedInTheTierWanted() throws {
    let hall = try WaitingHall(["ooo", "ooo"], tiers: ["GGG", "SSS"])
    let held = try #require(hall.ask(hall.hold("A1", "A2", "A3")).record)
    #expect(hall.ask(hall.join(1, 4, tier: "G")) == .refused(.waitIsHopeless))
    hall.ask(hall.join(2, 1, tier: "G"))
    #expect(hall.line == [2])
    hall.ask(hall.change(.release, held.id))
    #expect(hall.offers == ["A3"])
  }

  // MARK: Joining and leaving

  @Test func theSameRequestIsTheSamePlace() throws {
    let (hall, _) = try soldOutHall()
    hall.batch([hall.join(1, 1), hall.join(2, 1)])
    #expect(hall.ask(hall.join(1, 1)) == .inLine)
    #expect(hall.writes.isEmpty)
    #expect(hall.line == [1, 2])
    #expect(hall.ask(hall.join(1, 2, body: 9)) == .refused(.requestIDReused))
  }

  @Test func leavingMakesWayForOthers() throws {
    let (hall, holds) = try soldOutHall()
    hall.batch([hall.join(1, 3), hall.join(2, 1), hall.join(3, 2)])
    hall.ask(hall.change(.release, try #require(holds["B1"])))
    hall.ask(hall.end(1, .left))
    #expect(hall.offers == ["B1"])
    #expect(hall.line == [3])
    #expect(hall.ask(hall.end(1, .lost)) == .swept(any: false))
    #expect(hall.writes.isEmpty)
  }

  @Test func theLineIsBounded() throws {
    let parties = (1...Limits.waitingParties).map { number in
      WaitEntry(
        WaitRequest(
          identity: RequestIdentity(
            partnerID: 1, requestID: UniqueID(high: 1, low: UInt64(number)), hash: []),
          bookingID: BookingID(lane: 3, unixMilliseconds: 2, random: (0, UInt64(number))),
          showID: 7, count: 3),
        arrival: Int64(number))
    }
    let hall = try WaitingHall(
      ["oo"], queue: WaitingQueue(parties, lastArrival: Int64(parties.count)))
    #expect(hall.ask(hall.join(1, 1)) == .refused(.waitlistFull))
  }

  @Test func aCustomerWaitsForNoMoreThanItMayHave() throws {
    let hall = try WaitingHall(["oooooooooooo"])
    _ = try hall.ask(hall.hold("A1", "A2", "A3", "A4", "A5", "A6"))
    _ = try hall.ask(hall.hold("A7", "A8", "A9", "A10", customer: "ann"))
    _ = try hall.ask(hall.hold("A11", "A12"))
    #expect(hall.ask(hall.join(1, 7, customer: "ann")) == .refused(.holdLimitExceeded))
    #expect(hall.ask(hall.join(2, 4, customer: "ann")) == .inLine)
    #expect(hall.ask(hall.join(3, 3, customer: "ann")) == .refused(.holdLimitExceeded))
    #expect(hall.ask(hall.join(4, 3, customer: "bob")) == .inLine)
  }

  @Test func aPartyWithoutANameHasTheCapToItself() throws {
    let hall = try WaitingHall(["ooooo"], cap: 2)
    #expect(hall.ask(hall.join(1, 3)) == .refused(.holdLimitExceeded))
    _ = try hall.ask(hall.hold("A1", "A2"))
    _ = try hall.ask(hall.hold("A3", "A4"))
    #expect(hall.batch([hall.join(2, 2), hall.join(3, 2)]) == [.inLine, .inLine])
    #expect(hall.line == [2, 3])
  }

  @Test func nobodyWaitsForAShowThatIsOver() throws {
    let (hall, _) = try soldOutHall()
    hall.batch([hall.join(1, 1), hall.join(2, 1)])
    hall.now = 100_000_000_000
    #expect(hall.ask(hall.join(3, 1)) == .refused(.salesClosed))
    #expect(hall.writes.waits.map(\.entry.state) == [.closed, .closed])
    #expect(hall.line.isEmpty)
    let closed = try WaitingHall(["oo"], isOnSale: false)
    #expect(closed.ask(closed.join(1, 1)) == .refused(.salesClosed))
  }

  // MARK: What belongs to the line

  @Test func aLatePaymentDoesNotTakeSeatsFromTheLine() throws {
    let hall = try WaitingHall(["oo"])
    let early = try #require(hall.ask(hall.hold("A1")).record?.id)
    hall.now += 100_000_000
    hall.ask(try hall.hold("A2"))
    hall.ask(hall.join(1, 2))
    hall.now += (WaitingHall.secondsOfHold - 100) * 1_000_000
    // A1 is free now, but the party waits for both.
    let decision = hall.ask(hall.change(.confirm, early))
    guard case .refusedUnlessLogged(.wrongState(let record)) = decision else {
      Issue.record("not refused: \(decision)")
      return
    }
    #expect(record.state == .expired)
    #expect(hall.line == [1])
  }

  @Test func aLatePaymentForSeatsThatTheShowDoesNotHaveIsTooLate() throws {
    let hall = try WaitingHall(["oo"])
    let held = try #require(hall.ask(hall.hold("A1")).record)
    let old = BookingRecord(
      id: BookingID(lane: 3, unixMilliseconds: 1, random: (0, 99)), showID: 7, partnerID: 1,
      customerRef: "", requestID: held.requestID, state: .expired, seatNumbers: [1, 99],
      quote: held.quote, holdUntil: 1, isExtended: false, paymentReference: "", createdAt: 1,
      version: 1)
    hall.ledger.bringIn(old)
    #expect(
      hall.ask(hall.change(.confirm, old.id)) == .refusedUnlessLogged(.wrongState(old)))
  }

  /// A ledger that is behind serves a party anew whose offer is known, and long over, elsewhere: none
  /// of it is written, but all of it is decided.
  @Test func anOfferIsExtendedInTheBatchThatMakesIt() throws {
    let (hall, _) = try soldOutHall()
    hall.ask(hall.join(1, 1))
    let offer = try #require(hall.ledger.queue.parties.first?.request.bookingID)
    hall.now += WaitingHall.secondsOfHold * 1_000_000
    let record = try #require(hall.ask(hall.change(.extend, offer)).record)
    #expect(record.isExtended && record.holdUntil == BookingRecord.notYet)
  }

  @Test func versionsTellSeatsFromTheLine() throws {
    let (hall, holds) = try soldOutHall()
    let version = hall.ledger.version
    hall.ask(hall.join(1, 1))
    #expect(hall.ledger.version == version)
    #expect(hall.ledger.queueVersion == 1)
    #expect(hall.writes.shows.map(\.changesSeats) == [false])
    #expect(hall.writes.shows.map(\.changesQueue) == [true])
    hall.ask(hall.change(.release, try #require(holds["A3"])))
    #expect(hall.ledger.version == version + 1)
    #expect(hall.ledger.queueVersion == 2)
    // The seat went from one to the other: no watcher has seen it free.
    #expect(hall.writes.shows.first?.change.seats.map(\.state) == [.held])
    hall.ask(hall.change(.confirm, try #require(holds["B1"])))
    #expect(hall.ledger.queueVersion == 2)
  }
}
