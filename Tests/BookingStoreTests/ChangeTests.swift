// Confirming, releasing, cancelling and expiring bookings.

import Logging
import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct ChangeTests {
  @Test func aBookingIsConfirmedAndCancelled() async throws {
    try await House.run { house in
      let held = try await house.held(["A1", "A2"], 1)
      guard case .changed(let sold) = try await house.change(.confirm, held.id, 2, payment: "pay")
      else {
        Issue.record("not confirmed")
        return
      }
      #expect(sold.state == .confirmed && sold.paymentReference == "pay" && sold.expiresInMs == 0)
      #expect(sold.quote == held.quote && sold.version == held.version + 1)
      #expect(try await house.seats(.sold) == ["A1", "A2"])
      #expect(try await house.faults() == [])
      #expect(try await house.change(.cancel, held.id, 3).state == .cancelled)
      #expect(try await house.seats(.sold) == [])
      #expect(try await house.hold([house.request(["A1"], 4)])[0].record != nil)
      #expect(try await house.faults() == [])
    }
  }

  @Test func refusalsTellTheStateOrTheOwner() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      #expect(
        try await house.change(.confirm, held.id, 2, partner: House.otherPartner)
          == .foreignBooking)
      let unknown = house.order(house.identity(0)).bookingID
      #expect(try await house.change(.confirm, unknown, 3) == .bookingNotFound)
      guard case .wrongState(let same) = try await house.change(.cancel, held.id, 4) else {
        Issue.record("a hold was cancelled")
        return
      }
      #expect(same.state == .held)
      #expect(try await house.change(.release, held.id, 5).state == .released)
      guard case .wrongState(let released) = try await house.change(.confirm, held.id, 6) else {
        Issue.record("a released hold was confirmed")
        return
      }
      #expect(released.state == .released && released.expiresInMs == 0)
      #expect(try await house.seats(.available).count == 30)
    }
  }

  @Test func anExpiredHoldIsNotConfirmedWhetherSweptOrNot() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      try await house.endHold(held.id, inSeconds: -6)
      guard case .wrongState(let late) = try await house.change(.confirm, held.id, 2) else {
        Issue.record("an expired hold was confirmed")
        return
      }
      #expect(late.state == .expired)
      let sweeper = HoldSweeper(house.connection, on: house.loop, logger: Logger(label: "test"))
      #expect(try await sweeper.sweep() == 1)
      #expect(try await sweeper.sweep() == 0)
      guard case .wrongState(let swept) = try await house.change(.release, held.id, 3) else {
        Issue.record("an expired hold was released")
        return
      }
      #expect(swept.state == .expired)
      #expect(try await house.seats(.held) == [])
      #expect(try await house.faults() == [])
    }
  }

  @Test func aHoldInItsGraceCanStillBeConfirmed() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      try await house.endHold(held.id, inSeconds: -3)
      let now = try await BookingLookup(house.connection)
        .booking(id: held.id, partnerID: House.partner)
      #expect(now?.state == .held && now?.expiresInMs == 0)
      #expect(try await house.change(.confirm, held.id, 2, payment: "p").state == .confirmed)
    }
  }

  @Test func aRepeatedChangeIsAnsweredAgain() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let first = try await house.change(.confirm, held.id, 2, payment: "p")
      _ = try await house.change(.cancel, held.id, 3)
      #expect(try await house.change(.confirm, held.id, 2, payment: "p") == first)
      #expect(try await house.change(.confirm, held.id, 2, payment: "q") == .requestIDReused)
      // The hold's own id is no id for a confirmation.
      #expect(try await house.change(.confirm, held.id, 1, payment: "p") == .requestIDReused)
    }
  }

  @Test func ofTwoChangesInABatchTheFirstWins() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let requests = (2...4).map { id in
        ChangeRequest(
          .confirm, house.identity(UInt64(id)), bookingID: held.id, paymentReference: "p\(id)")
      }
      let outcomes = try await SeatCommands.change(
        .confirm, requests, on: house.connection, timeout: nil)
      guard case .changed(let first) = outcomes[0], case .wrongState(let second) = outcomes[1],
        case .wrongState = outcomes[2]
      else {
        Issue.record("\(outcomes)")
        return
      }
      #expect(first.paymentReference == "p2" && second.paymentReference == "p2")
      #expect(second.state == .confirmed)
      #expect(try await house.faults() == [])
    }
  }

  @Test func aSweepIsBoundedAndTellsEachShowOnce() async throws {
    try await House.run { house in
      for (id, label) in ["A1", "A2", "A3"].enumerated() {
        let held = try await house.held([label], UInt64(id + 1))
        try await house.endHold(held.id, inSeconds: -6)
      }
      let version = try await house.snapshot().version
      let result = try await house.connection.query("select expire_holds(2)")
      #expect(try result.onlyRow().decode(0, as: Int32.self) == 2)
      #expect(try await house.snapshot().version == version + 1)
      #expect(try await house.seats(.held) == ["A3"])
    }
  }

  @Test func aBookingIsShownToItsPartnerOnly() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1, customer: "ann")
      let lookup = BookingLookup(house.connection)
      let mine = try #require(try await lookup.booking(id: held.id, partnerID: House.partner))
      #expect(mine.customerRef == "ann" && mine.quote == held.quote && mine.state == .held)
      #expect(try await lookup.booking(id: held.id, partnerID: House.otherPartner) == nil)
    }
  }
}
