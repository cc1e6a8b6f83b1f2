// Messages between the runner and this program: four bytes of length, big-endian, and the message.

import Foundation
import ProtoWire

enum Handshake {
  /// Some certificates and a few numbers.
  private static let messageBytes = 1 << 20

  static func read<Message: ProtoMessage>(_ type: Message.Type) throws -> Message {
    let length = try read(4).reduce(0) { $0 << 8 | Int($1) }
    guard length <= messageBytes else { throw Refusal("a request of \(length) bytes") }
    return try Message(protoBytes: try read(length))
  }

  private static func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      guard let more = try FileHandle.standardInput.read(upToCount: count - bytes.count),
        !more.isEmpty
      else { throw Refusal("the request ended after \(bytes.count) of \(count) bytes") }
      bytes += more
    }
    return bytes
  }

  static func write(_ message: some ProtoMessage) throws {
    let bytes = message.protoBytes()
    let length = (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) }
    try FileHandle.standardOutput.write(contentsOf: Data(length + bytes))
  }
}
