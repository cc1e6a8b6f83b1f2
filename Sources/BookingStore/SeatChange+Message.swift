// The logical messages that announce changes: the one place that knows their layout. PostgreSQL
// carries them and does not look inside.

package import Booking

extension SeatChange {
  /// Prefix of the messages.
  package static let messagePrefix = "usher.seat"

  /// Reads a message: lane int2, show int8, version int8, count int4, then per seat its number
  /// int4 and state int2, big-endian. Nil for anything else.
  package init?(message: [UInt8]) {
    guard message.count >= 22 else { return nil }
    let count = Int(Self.integer(message[18..<22], Int32.self))
    guard count >= 0, message.count == 22 + 6 * count else { return nil }
    var seats: [SeatStatus] = []
    seats.reserveCapacity(count)
    for start in stride(from: 22, to: message.count, by: 6) {
      let raw = Self.integer(message[start + 4..<start + 6], Int16.self)
      guard let state = SeatState(rawValue: raw) else { return nil }
      let number = Self.integer(message[start..<start + 4], Int32.self)
      seats.append(SeatStatus(number: number, state: state))
    }
    self.init(
      lane: Self.integer(message[0..<2], Int16.self),
      showID: Self.integer(message[2..<10], Int64.self),
      version: Self.integer(message[10..<18], Int64.self), seats: seats)
  }

  /// The change as a message.
  package var message: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(22 + 6 * seats.count)
    Self.append(lane, to: &bytes)
    Self.append(showID, to: &bytes)
    Self.append(version, to: &bytes)
    Self.append(Int32(truncatingIfNeeded: seats.count), to: &bytes)
    for seat in seats {
      Self.append(seat.number, to: &bytes)
      Self.append(seat.state.rawValue, to: &bytes)
    }
    return bytes
  }

  private static func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  private static func integer<Value: FixedWidthInteger>(
    _ bytes: ArraySlice<UInt8>, _ type: Value.Type
  ) -> Value {
    bytes.reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
  }
}
