// The testee of protobuf's conformance runner: requests on standard input, responses on standard
// output, each behind four bytes of length, little-endian. It ends when the runner does.

import Foundation
import ProtoWire

@main enum ProtobufTestee {
  /// The runner's largest case is far below.
  private static let requestBytes = 64 << 20

  static func main() throws {
    while let bytes = try readFrame() {
      try writeFrame(response(to: bytes).protoBytes())
    }
  }

  private static func response(to bytes: [UInt8]) -> Conformance.ConformanceResponse {
    do throws(ProtoDecodingError) {
      let request = try Conformance.ConformanceRequest(protoBytes: bytes)
      return Conformance.ConformanceResponse(result: Case(request).result)
    } catch {
      return Conformance.ConformanceResponse(result: .runtimeError("the request is \(error)"))
    }
  }

  /// The next frame's contents, nil when the runner has no more.
  private static func readFrame() throws -> [UInt8]? {
    guard let prefix = try read(4, mayEnd: true) else { return nil }
    let length = prefix.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= requestBytes else { throw BrokenFrame("a request of \(length) bytes") }
    return try read(length, mayEnd: false)
  }

  private static func read(_ count: Int, mayEnd: Bool) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try FileHandle.standardInput.read(upToCount: count - bytes.count) ?? Data()
      if more.isEmpty, mayEnd, bytes.isEmpty { return nil }
      guard !more.isEmpty else { throw BrokenFrame("\(bytes.count) of \(count) bytes, then none") }
      bytes += more
    }
    return bytes
  }

  private static func writeFrame(_ bytes: [UInt8]) throws {
    let prefix = (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
    try FileHandle.standardOutput.write(contentsOf: Data(prefix + bytes))
  }
}

/// The runner does not keep to its own protocol.
struct BrokenFrame: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
