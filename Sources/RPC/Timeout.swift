// The `grpc-timeout` header: one to eight digits and a unit.

import Reactor

package enum Timeout {
  private static let units: [(suffix: UInt8, nanoseconds: Int64)] = [
    (UInt8(ascii: "n"), 1), (UInt8(ascii: "u"), 1_000), (UInt8(ascii: "m"), 1_000_000),
    (UInt8(ascii: "S"), 1_000_000_000), (UInt8(ascii: "M"), 60_000_000_000),
    (UInt8(ascii: "H"), 3_600_000_000_000),
  ]

  /// Reads a header value; nil when it is malformed.
  package static func parse(_ text: String) -> Duration? {
    let bytes = Array(text.utf8)
    guard (2...9).contains(bytes.count), let suffix = bytes.last,
      let unit = units.first(where: { $0.suffix == suffix })
    else { return nil }
    var amount: Int64 = 0
    for digit in bytes.dropLast() {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      amount = amount * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    let (seconds, remainder) = unit.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return .seconds(amount * seconds) + .nanoseconds(amount * remainder)
  }

  /// Writes a duration in the finest unit that fits eight digits; at least one nanosecond.
  package static func format(_ duration: Duration) -> String {
    let nanoseconds = max(1, duration.wholeNanoseconds)
    for unit in units where nanoseconds / unit.nanoseconds < 100_000_000 {
      return "\(nanoseconds / unit.nanoseconds)\(Character(UnicodeScalar(unit.suffix)))"
    }
    return "99999999H"
  }
}
