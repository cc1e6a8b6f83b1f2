// How long a hold lasts: for its customer, and for everybody else.

import Testing

@testable import Booking

@Suite struct HoldTermTests {
  private static let second: Int64 = 1_000_000

  /// To the microsecond: the theatre's minutes for the customer, five seconds more for the others.
  @Test(arguments: [1, 5, 15])
  func nobodyTakesASeatBeforeTheGraceIsOver(minutes: Int) throws {
    let hall = try WaitingHall(["oo"], holdMinutes: minutes)
    let id = try #require(hall.ask(hall.hold("A1")).record?.id)
    let end = hall.now + Int64(minutes) * 60 * Self.second
    #expect(hall.ledger.booking(id)?.holdUntil == end)
    hall.now = end + 5 * Self.second - 1
    guard case .refused(.seatsUnavailable(let lost, _)) = try hall.ask(hall.hold("A1")) else {
      Issue.record("taken during the grace")
      return
    }
    #expect(lost.map(\.state) == [.held] && hall.ledger.hasSeats(id))
    hall.now += 1
    #expect(try hall.ask(hall.hold("A1")).record != nil)
    #expect(!hall.ledger.hasSeats(id))
  }

  /// In whole milliseconds, never more than there are: no client's timer outlives the server's.
  @Test(arguments: [
    (0, 300_000), (1, 299_999), (1_000, 299_999), (299_999_000, 1), (299_999_001, 0),
    (300_000_000, 0), (304_999_999, 0),
  ])
  func theCustomerIsToldItsOwnTime(passed: Int64, left: Int64) throws {
    let hall = try WaitingHall(["o"])
    let id = try #require(hall.ask(hall.hold("A1")).record?.id)
    let record = try #require(hall.ledger.booking(id))
    #expect(record.told(at: hall.now + passed).expiresInMs == left)
  }

  @Test func anExtensionIsAsLongAsTheHold() throws {
    let hall = try WaitingHall(["o"], holdMinutes: 2)
    let id = try #require(hall.ask(hall.hold("A1")).record?.id)
    let end = hall.now + 120 * Self.second
    // The last moment at which it still is a hold.
    hall.now = end + 5 * Self.second - 1
    let longer = try #require(hall.ask(hall.change(.extend, id)).record)
    #expect(longer.holdUntil == end + 120 * Self.second)
  }

  @Test func aLatePaymentBuysNothingThatIsNotOnSale() throws {
    let hall = try WaitingHall(["o"])
    let id = try #require(hall.ask(hall.hold("A1")).record?.id)
    // The show is over.
    hall.now = 100_000_000_000
    guard case .refusedUnlessLogged(.wrongState(let record)) = hall.ask(hall.change(.confirm, id))
    else {
      Issue.record("sold after the end")
      return
    }
    #expect(record.state == .expired)
  }

  /// A confirmation and somebody else's hold in the moment in which the hold ends: whoever comes first.
  @Test(arguments: [true, false])
  func ofAPaymentAndANewHoldOneWins(paysFirst: Bool) throws {
    let hall = try WaitingHall(["o"])
    let id = try #require(hall.ask(hall.hold("A1")).record?.id)
    hall.now += WaitingHall.secondsOfHold * Self.second
    let requests = [hall.change(.confirm, id), try hall.hold("A1")]
    let decisions = hall.batch(paysFirst ? requests : requests.reversed())
    #expect(decisions[0].record != nil)
    switch decisions[1] {
    case .refused(.seatsUnavailable(let lost, _)) where paysFirst:
      #expect(lost.map(\.state) == [.sold] && decisions[0].record?.isTakenAgain == true)
    case .refusedUnlessLogged(.wrongState(let record)) where !paysFirst:
      #expect(record.state == .expired)
    default: Issue.record("\(decisions)")
    }
  }
}
