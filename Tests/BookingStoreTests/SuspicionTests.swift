// How far holds are looked at for suspicious customers, and what is looked at first.

import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct SuspicionTests {
  private func suspects(_ house: House, bookings: Int) async throws -> Suspects {
    let thresholds = SuspicionThresholds(
      window: .seconds(3_600), unpaidHolds: 3, unpaidPercent: 1, holdsPerMinute: 1_000)
    return try await SuspicionStore(house.connection, bookings: bookings)
      .suspects(thresholds, atMost: 10)
  }

  @Test func whatIsPaidDoesNotHideWhatIsNot() async throws {
    try await House.run { house in
      for number in 1...3 as ClosedRange<UInt64> {
        let held = try await house.held(["A\(number)"], 2 * number, customer: "nuisance")
        _ = try await house.change(.release, held.id, 2 * number + 1)
      }
      for number in 1...5 as ClosedRange<UInt64> {
        _ = try await house.sold(["B\(number)"], 100 + number, customer: "buyer")
      }
      // All of the unpaid ones, and not all of the others.
      let found = try await suspects(house, bookings: 4)
      #expect(found.customers.map(\.customerRef) == ["nuisance"])
      #expect(found.customers.map(\.unpaidCount) == [3])
      #expect(found.isShort && found.unpaidLookedBackTo < found.lookedBackTo)
      // Not all of either.
      let less = try await suspects(house, bookings: 2)
      #expect(less.customers.isEmpty && less.isShort)
      #expect(less.unpaidLookedBackTo > found.unpaidLookedBackTo)
      let all = try await suspects(house, bookings: 6)
      #expect(all.customers.count == 1 && !all.isShort)
      #expect(all.unpaidLookedBackTo == all.lookedBackTo)
    }
  }
}
