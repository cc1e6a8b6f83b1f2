// Days by number and by name.

import Testing

@testable import Booking

@Suite struct CalendarDateTests {
  @Test func aDayIsFoundByItsNumberAndTheOtherWayRound() throws {
    let first = try #require(CalendarDate("0001-01-01")).daysSince1970
    let last = try #require(CalendarDate("9999-12-31")).daysSince1970
    #expect((first, last) == (-719_162, 2_932_896))
    // Every day of the Gregorian calendar's four hundred years, and some of all the others.
    let days = Array(-20_000..<126_097) + Array(stride(from: first, through: last, by: 97)) + [last]
    let wrong = days.filter { number in
      guard let date = CalendarDate(daysSince1970: number) else { return true }
      return date.daysSince1970 != number || CalendarDate(date.description) != date
    }
    #expect(wrong == [])
  }

  @Test(arguments: [
    (Int32(0), "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (-25_508, "1900-03-01"),
    (20_779, "2026-11-22"),
  ])
  func aDayHasTheNameThatPeopleKnow(number: Int32, name: String) {
    #expect(CalendarDate(daysSince1970: number)?.description == name)
  }

  @Test(arguments: [-719_163, 2_932_897, Int32.min, .max])
  func daysThatHaveNoNameAreNone(number: Int32) {
    #expect(CalendarDate(daysSince1970: number) == nil)
  }
}
