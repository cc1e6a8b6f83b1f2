// One codec measurement of swift-protobuf: the same arguments, work and output as CodecBench.

import Foundation
import SwiftProtobuf

@main enum CodecPeer {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 4, let seconds = Double(arguments[3]) else {
      throw Failure("CodecPeer CASE encode|decode FILE SECONDS")
    }
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[2])))
    let isEncoding = arguments[1] == "encode"
    switch arguments[0] {
    case "seat_map":
      try measure(Usher_V1_GetSeatMapResponse.self, bytes, isEncoding, seconds)
    case "booking": try measure(Usher_V1_Booking.self, bytes, isEncoding, seconds)
    case "deep": try measure(Bench_Deep.self, bytes, isEncoding, seconds)
    default: throw Failure("no such case")
    }
  }

  private static func measure<M: Message>(
    _: M.Type, _ bytes: [UInt8], _ isEncoding: Bool, _ seconds: Double
  ) throws {
    let message = try M(serializedBytes: bytes)
    guard try message.serializedBytes() as [UInt8] == bytes else {
      throw Failure("another message comes out")
    }
    var count = 1
    while true {
      let elapsed = isEncoding ? try encode(message, count) : try decode(M.self, bytes, count)
      if elapsed >= seconds {
        print(elapsed / Double(count) * 1e9)
        return
      }
      count = max(count * 2, Int(Double(count) * seconds / max(elapsed, 1e-6) * 1.1))
    }
  }

  private static func encode(_ message: some Message, _ count: Int) throws -> Double {
    let start = clock()
    for _ in 0..<count { try encodeOnce(message) }
    return Double(clock() - start) / Double(CLOCKS_PER_SEC)
  }

  private static func decode<M: Message>(
    _: M.Type, _ bytes: [UInt8], _ count: Int
  ) throws -> Double {
    let start = clock()
    for _ in 0..<count { try decodeOnce(M.self, bytes) }
    return Double(clock() - start) / Double(CLOCKS_PER_SEC)
  }

  @inline(never) private static func encodeOnce(_ message: some Message) throws {
    keep((try message.serializedBytes() as [UInt8]).count)
  }

  @inline(never) private static func decodeOnce<M: Message>(
    _: M.Type, _ bytes: [UInt8]
  ) throws {
    keep(try M(serializedBytes: bytes))
  }

  /// Hides a value's fate from the optimiser.
  @inline(never) private static func keep<Value>(_ value: borrowing Value) {}

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}
