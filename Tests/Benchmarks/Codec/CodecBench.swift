// One codec measurement of our own: `CodecBench CASE encode|decode FILE SECONDS` prints nanoseconds of
// CPU per message. The peers' programs take the same arguments and do the same.

import Foundation
import ProtoWire
import UsherProtos

@main enum CodecBench {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 4, let seconds = Double(arguments[3]) else {
      throw Failure("CodecBench CASE encode|decode FILE SECONDS")
    }
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[2])))
    let isEncoding = arguments[1] == "encode"
    switch arguments[0] {
    case "seat_map":
      try measure(Usher.V1.GetSeatMapResponse.self, bytes, isEncoding, seconds)
    case "booking": try measure(Usher.V1.Booking.self, bytes, isEncoding, seconds)
    case "deep": try measure(Bench.Deep.self, bytes, isEncoding, seconds)
    default: throw Failure("no such case")
    }
  }

  private static func measure<M: ProtoMessage>(
    _: M.Type, _ bytes: [UInt8], _ isEncoding: Bool, _ seconds: Double
  ) throws {
    let message = try M(protoBytes: bytes)
    guard message.protoBytes() == bytes else { throw Failure("another message comes out") }
    var count = 1
    while true {
      let elapsed = isEncoding ? encode(message, count) : try decode(M.self, bytes, count)
      if elapsed >= seconds {
        print(elapsed / Double(count) * 1e9)
        return
      }
      count = max(count * 2, Int(Double(count) * seconds / max(elapsed, 1e-6) * 1.1))
    }
  }

  private static func encode(_ message: some ProtoMessage, _ count: Int) -> Double {
    let start = clock()
    for _ in 0..<count { encodeOnce(message) }
    return Double(clock() - start) / Double(CLOCKS_PER_SEC)
  }

  private static func decode<M: ProtoMessage>(
    _: M.Type, _ bytes: [UInt8], _ count: Int
  ) throws -> Double {
    let start = clock()
    for _ in 0..<count { try decodeOnce(M.self, bytes) }
    return Double(clock() - start) / Double(CLOCKS_PER_SEC)
  }

  @inline(never) private static func encodeOnce(_ message: some ProtoMessage) {
    keep(message.protoBytes().count)
  }

  @inline(never) private static func decodeOnce<M: ProtoMessage>(
    _: M.Type, _ bytes: [UInt8]
  ) throws {
    keep(try M(protoBytes: bytes))
  }

  /// Hides a value's fate from the optimiser.
  @inline(never) private static func keep<Value>(_ value: borrowing Value) {}

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}
