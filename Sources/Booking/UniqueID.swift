// 128-bit ids (RFC 9562) and booking ids, which carry their lane.
// Randomness and the time are handed in.

/// A UUID.
package struct UniqueID: Hashable, Sendable, CustomStringConvertible {
  /// Bytes 0 to 7, big-endian.
  package let high: UInt64
  /// Bytes 8 to 15, big-endian.
  package let low: UInt64

  /// An id of these bits.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads the 8-4-4-4-12 form in either case; nil for anything else.
  package init?(_ text: String) {
    var high: UInt64 = 0
    var low: UInt64 = 0
    let utf8 = text.utf8.span
    guard utf8.count == 36 else { return nil }
    var digitCount = 0
    for offset in utf8.indices {
      let byte = utf8[offset]
      switch offset {
      case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return nil }
      default:
        guard let digit = Self.digit(byte) else { return nil }
        if digitCount < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
        digitCount += 1
      }
    }
    self.init(high: high, low: low)
  }

  /// The lower-case 8-4-4-4-12 form.
  package var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for position in 0..<32 {
      switch position {
      case 8, 12, 16, 20: text.append(UInt8(ascii: "-"))
      default: break
      }
      let word = position < 16 ? high : low
      let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (position % 16)) & 15)
      text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The sixteen bytes.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 0x30...0x39: UInt64(byte - 0x30)
    case 0x61...0x66: UInt64(byte - 0x61 + 10)
    case 0x41...0x46: UInt64(byte - 0x41 + 10)
    default: nil
    }
  }
}

/// The id of a booking: a UUID of version 7 with the lane in the six bits after the version, so
/// that the id alone says where the booking lives.
package struct BookingID: Hashable, Sendable, CustomStringConvertible {
  /// The id as a UUID.
  package let value: UniqueID

  /// Makes an id. `lane` is 0 to 63; of `random` 68 bits are used.
  package init(lane: Int16, unixMilliseconds: UInt64, random: (UInt64, UInt64)) {
    precondition((0..<Int16(Limits.laneCount)).contains(lane), "lanes are 0 to 63")
    let low6 = random.0 & 0x3F
    value = UniqueID(
      high: (unixMilliseconds & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | UInt64(lane) << 6 | low6,
      low: random.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
  }

  /// Takes a UUID for a booking id; nil when it is of another version or variant.
  package init?(_ value: UniqueID) {
    guard value.high >> 12 & 15 == 7, value.low >> 62 == 2 else { return nil }
    self.value = value
  }

  /// Reads the textual form; nil for anything that is no booking id.
  package init?(_ text: String) {
    guard let value = UniqueID(text) else { return nil }
    self.init(value)
  }

  /// The lane of the theatre.
  package var lane: Int16 { Int16(value.high >> 6 & 0x3F) }

  package var description: String { value.description }
}
