// The short name of a booking that is printed on tickets, read out at counters and typed in at gates.

/// A ticket's code: `TKT-` and ten characters of Crockford's base 32, which has no I, L, O and U.
///
/// It is the booking id's lane and the last 44 of its random bits, so nothing is kept for it. Of a hundred
/// million bookings of one lane some three hundred have one that another has too: who looks for a booking
/// by its code must be ready to find two.
package struct TicketCode: Hashable, Sendable, CustomStringConvertible {
  /// What the code stands for: the lane in front of the random bits.
  private let bits: UInt64

  private static let prefix = "TKT-"
  private static let digitCount = 10
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let randomBitCount: UInt64 = 44

  /// The code of a booking.
  package init(_ id: BookingID) {
    let random = id.value.low & (1 << Self.randomBitCount - 1)
    bits = UInt64(UInt16(bitPattern: id.lane)) << Self.randomBitCount | random
  }

  /// Reads a code as people type it: in either case, with or without `TKT-`, with hyphens and spaces
  /// anywhere, O for 0, I and L for 1. Nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.count <= 64 else { return nil }
    var rest = text.utf8.lazy.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "-") }
      .map { Self.upperCase($0) }[...]
    if rest.starts(with: "TKT".utf8), rest.count == Self.digitCount + 3 { rest = rest.dropFirst(3) }
    var bits: UInt64 = 0
    var count = 0
    for byte in rest {
      guard let digit = Self.digit(byte), count < Self.digitCount else { return nil }
      bits = bits << 5 | digit
      count += 1
    }
    guard count == Self.digitCount else { return nil }
    self.bits = bits
  }

  /// The code as it is printed.
  package var description: String {
    let digits = (0..<Self.digitCount).map { place in
      Self.alphabet[Int(bits >> UInt64(5 * (Self.digitCount - 1 - place)) & 31)]
    }
    return Self.prefix + String(decoding: digits, as: UTF8.self)
  }

  /// The lane of the booking.
  package var lane: Int16 { Int16(bits >> Self.randomBitCount) }

  /// The last 44 bits of the booking's id.
  package var number: Int64 { Int64(bits & (1 << Self.randomBitCount - 1)) }

  private static func upperCase(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte ? byte - 32 : byte
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "O"): 0
    case UInt8(ascii: "I"), UInt8(ascii: "L"): 1
    default: alphabet.firstIndex(of: byte).map { UInt64($0) }
    }
  }
}
