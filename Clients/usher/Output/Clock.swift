// Times as people read them: wall clock of a theatre with its zone, spans, days of the week.

import Foundation
import ProtoWire
import UsherProtos

enum Clock {
  /// A span such as `4:59`, `1:02:03`; below ten seconds with one decimal, `2.5 s`.
  static func span(_ duration: Duration) -> String {
    let milliseconds = max(
      0,
      duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000)
    if milliseconds < 10_000 { return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s" }
    let seconds = milliseconds / 1_000
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
    let tail = two(seconds % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(tail)" : "\(minutes):\(tail)"
  }

  /// `2027-03-28T19:30` as `Sun 28 Mar 2027 19:30`; anything else stays as it is.
  static func localTime(_ text: String) -> String {
    let parts = text.split(separator: "T", maxSplits: 1)
    guard parts.count == 2, let day = day(String(parts[0])) else { return text }
    return "\(day) \(parts[1])"
  }

  /// `2027-03-28` as `Sun 28 Mar 2027`; nil for anything that is no date.
  static func day(_ text: String) -> String? {
    let fields = text.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.map(\.count) == [4, 2, 2], let year = Int(fields[0]), let month = Int(fields[1]),
      let day = Int(fields[2]), year > 0, (1...12).contains(month),
      (1...days(inMonth: month, year)).contains(day)
    else { return nil }
    return "\(weekdays[weekday(year, month, day)]) \(day) \(months[month - 1]) \(year)"
  }

  /// `UTC+01:00`.
  static func offset(minutes: Int32) -> String {
    let size = minutes.magnitude
    return "UTC\(minutes < 0 ? "-" : "+")\(two(Int64(size / 60))):\(two(Int64(size % 60)))"
  }

  /// This machine's time zone, whatever calendar its owner reads.
  static var own: Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .current
    return calendar
  }

  /// The date of today or tomorrow on this machine's wall clock.
  static func date(_ name: String, now: Date = Date(), calendar: Calendar = own) -> String? {
    let shift = ["today": 0, "tomorrow": 1]
    guard let days = shift[name.lowercased()],
      let date = calendar.date(byAdding: .day, value: days, to: now)
    else { return nil }
    let parts = calendar.dateComponents([.year, .month, .day], from: date)
    guard let year = parts.year, let month = parts.month, let day = parts.day else { return nil }
    return "\(year)-\(two(Int64(month)))-\(two(Int64(day)))"
  }

  /// The wall clock of this machine, to the second.
  static func timeOfDay(_ date: Date = Date(), calendar: Calendar = own) -> String {
    let parts = calendar.dateComponents([.hour, .minute, .second], from: date)
    return [parts.hour, parts.minute, parts.second].map { two(Int64($0 ?? 0)) }
      .joined(separator: ":")
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func days(inMonth month: Int, _ year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// Sakamoto's rule; 0 is Sunday.
  private static func weekday(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let shifted = month < 3 ? year - 1 : year
    return (shifted + shifted / 4 - shifted / 100 + shifted / 400 + shifts[month - 1] + day) % 7
  }

  private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension Usher.V1.Show {
  /// The start on the theatre's wall clock, with the zone: `Sun 28 Mar 2027 19:30 Europe/Berlin
  /// (UTC+02:00)`.
  var startText: String { onItsClock(localStart) }

  /// The end on the clock of the start, though the theatre's may have changed meanwhile; nil where it is not
  /// told.
  var endText: String? {
    guard let endsAt else { return nil }
    let local = Google.Protobuf.Timestamp(seconds: endsAt.seconds &+ Int64(utcOffsetMinutes) * 60)
    let text = String(decoding: local.jsonBytes(), as: UTF8.self)
    return onItsClock(String(text.dropFirst().prefix(16)))
  }

  private func onItsClock(_ time: String) -> String {
    "\(Clock.localTime(time)) \(timeZone) (\(Clock.offset(minutes: utcOffsetMinutes)))"
  }
}
