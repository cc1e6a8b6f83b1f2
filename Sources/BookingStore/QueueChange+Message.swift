// The logical message that announces that a line has changed: the one place that knows its layout.

import Booking

extension QueueChange {
  /// Prefix of the messages.
  static let messagePrefix = "usher.wait"

  /// Reads a message: lane int2, show int8, version int8, big-endian. Nil for anything else.
  init?(message: [UInt8]) {
    guard message.count == 18 else { return nil }
    func integer(_ range: Range<Int>) -> UInt64 {
      message[range].reduce(0) { $0 << 8 | UInt64($1) }
    }
    self.init(
      lane: Int16(truncatingIfNeeded: integer(0..<2)),
      showID: Int64(bitPattern: integer(2..<10)), version: Int64(bitPattern: integer(10..<18)))
  }

  /// The change as a message.
  var message: [UInt8] {
    let numbers = [(UInt64(bitPattern: Int64(lane)), 2), (UInt64(bitPattern: showID), 8)]
    return (numbers + [(UInt64(bitPattern: version), 8)]).flatMap { number, byteCount in
      (0..<byteCount).reversed().map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }
  }
}
