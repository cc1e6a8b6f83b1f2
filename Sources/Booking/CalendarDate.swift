// A day of the Gregorian calendar, without a time zone and without a clock.

/// A day, as people name it.
package struct CalendarDate: Hashable, Sendable, CustomStringConvertible {
  /// 1 to 9999.
  package let year: Int
  /// 1 to 12.
  package let month: Int
  /// 1 to 31.
  package let day: Int

  /// Reads exactly "2027-03-28"; nil for anything else and for days that do not exist.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2],
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      (1...9999).contains(year), (1...12).contains(month),
      (1...Self.dayCount(year: year, month: month)).contains(day)
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// The day so many days after 1970-01-01; nil before the year 1 and after 9999.
  package init?(daysSince1970: Int32) {
    // Counted from the March that begins an era of four hundred years, so that a leap day ends a year.
    let days = Int(daysSince1970) + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    year = yearOfEra + era * 400 + (month > 2 ? 0 : 1)
    guard (1...9999).contains(year) else { return nil }
  }

  /// Days since 1970-01-01.
  package var daysSince1970: Int32 {
    // Years that begin in March, so that a leap day ends one.
    let shifted = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear
    return Int32(truncatingIfNeeded: days - 719_468)
  }

  package var description: String {
    let digits = [
      year / 1_000, year / 100 % 10, year / 10 % 10, year % 10, nil, month / 10, month % 10, nil,
      day / 10, day % 10,
    ]
    return String(decoding: digits.map { $0.map { 0x30 + UInt8($0) } ?? 0x2D }, as: UTF8.self)
  }

  private static func dayCount(year: Int, month: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }
}
