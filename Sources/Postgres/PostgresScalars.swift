// Values that Swift has no type of its own for: uuid, timestamptz, date, jsonb. Plain numbers with
// the conversions of PostgreSQL's epoch; no calendar, no clock.

/// 128 bits of a uuid, in network order: comparing two compares their bytes.
package struct PostgresUUID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Nil unless `bytes` are sixteen.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Sixteen bytes in network order.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    bytes.appendBigEndian(high)
    bytes.appendBigEndian(low)
    return bytes
  }

  package static func < (left: PostgresUUID, right: PostgresUUID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// The canonical lower-case form with four hyphens.
  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// A timestamptz: microseconds, or one of PostgreSQL's two infinities.
package struct PostgresTimestamp: Sendable, Hashable, Comparable {
  /// Microseconds since 1970-01-01T00:00:00Z; the bounds of `Int64` stand for the infinities.
  package let unixMicroseconds: Int64

  package init(unixMicroseconds: Int64) { self.unixMicroseconds = unixMicroseconds }

  /// Later than every time.
  package static let infinity = PostgresTimestamp(unixMicroseconds: .max)
  /// Earlier than every time.
  package static let negativeInfinity = PostgresTimestamp(unixMicroseconds: .min)

  /// 2000-01-01T00:00:00Z, the zero of PostgreSQL's binary form.
  static let epochUnixMicroseconds: Int64 = 946_684_800_000_000

  /// Nil for a time that microseconds since 1970 cannot hold: the last months of PostgreSQL's range.
  init?(wire: Int64) {
    if wire == .max || wire == .min {
      unixMicroseconds = wire
      return
    }
    let (sum, overflow) = wire.addingReportingOverflow(Self.epochUnixMicroseconds)
    guard !overflow else { return nil }
    unixMicroseconds = sum
  }

  /// Microseconds since 2000; times before PostgreSQL's range are left to the server to refuse.
  var wire: Int64 {
    if unixMicroseconds == .max || unixMicroseconds == .min { return unixMicroseconds }
    let (difference, overflow) = unixMicroseconds.subtractingReportingOverflow(
      Self.epochUnixMicroseconds)
    return overflow ? .min + 1 : difference
  }

  package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.unixMicroseconds < right.unixMicroseconds
  }
}

/// A date: days, or one of PostgreSQL's two infinities.
package struct PostgresDate: Sendable, Hashable, Comparable {
  /// Days since 1970-01-01; the bounds of `Int32` stand for the infinities.
  package let unixDays: Int32

  package init(unixDays: Int32) { self.unixDays = unixDays }

  /// 2000-01-01 in days since 1970.
  static let epochUnixDays: Int32 = 10_957

  /// Nil for a day that days since 1970 cannot hold.
  init?(wire: Int32) {
    if wire == .max || wire == .min {
      unixDays = wire
      return
    }
    let (sum, overflow) = wire.addingReportingOverflow(Self.epochUnixDays)
    guard !overflow else { return nil }
    unixDays = sum
  }

  /// Days since 2000; days before PostgreSQL's range are left to the server to refuse.
  var wire: Int32 {
    if unixDays == .max || unixDays == .min { return unixDays }
    let (difference, overflow) = unixDays.subtractingReportingOverflow(Self.epochUnixDays)
    return overflow ? .min + 1 : difference
  }

  package static func < (left: PostgresDate, right: PostgresDate) -> Bool {
    left.unixDays < right.unixDays
  }
}

/// A jsonb document as its text.
package struct PostgresJSON: Sendable, Hashable {
  package let text: String
  package init(_ text: String) { self.text = text }
}
