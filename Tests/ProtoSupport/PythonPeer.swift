// The stock Python protobuf runtime as a second opinion on every message.

import Foundation

/// One message given to Python.
package struct PeerRecord: Sendable {
  /// The full name of its type.
  package let type: String
  /// As our encoder writes it.
  package let bytes: [UInt8]
  /// As our JSON writer writes it, empty when it has no canonical form.
  package let json: [UInt8]

  package init(type: String, bytes: [UInt8], json: [UInt8]) {
    self.type = type
    self.bytes = bytes
    self.json = json
  }
}

/// What Python says of a message.
package struct PeerAnswer: Sendable {
  /// The message parsed and serialized again, deterministically.
  package let bytes: [UInt8]
  /// What is wrong with the JSON, empty when nothing is.
  package let complaint: String
  /// Python's own JSON of the message, empty when it has none.
  package let json: [UInt8]
  /// What Python reads back from that JSON, serialized deterministically.
  package let bytesOfJSON: [UInt8]
}

/// Runs `Python/round_trip.py` with the interpreter that `Scripts/test` sets up.
package enum PythonPeer {
  /// Parses, checks and serializes the records with stubs made from the .proto files of `folder`.
  package static func roundTrip(_ records: [PeerRecord], protos folder: String) throws
    -> [PeerAnswer]
  {
    guard let python = ProcessInfo.processInfo.environment["USHER_PYTHON"] else {
      throw ProtoSupportError(
        "USHER_PYTHON is not set: run Scripts/test, which sets up the Python peer of this test")
    }
    let work = FileManager.default.temporaryDirectory.appending(path: "usher-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: work) }
    let input = records.flatMap {
      prefixed(Array($0.type.utf8)) + prefixed($0.bytes) + prefixed($0.json)
    }
    try Data(input).write(to: work.appending(path: "in"))
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "Python/round_trip.py")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [script.path, folder, work.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ProtoSupportError("round_trip.py ended with status \(process.terminationStatus)")
    }
    return try answers([UInt8](Data(contentsOf: work.appending(path: "out"))), count: records.count)
  }

  private static func prefixed(_ bytes: [UInt8]) -> [UInt8] {
    WireText.fixed(UInt64(bytes.count), byteCount: 4) + bytes
  }

  private static func answers(_ output: [UInt8], count: Int) throws -> [PeerAnswer] {
    var rest = output[...]
    func take() throws -> [UInt8] {
      guard rest.count >= 4 else { throw ProtoSupportError("round_trip.py wrote too little") }
      let length = rest.prefix(4).reversed().reduce(0) { $0 * 256 + Int($1) }
      rest = rest.dropFirst(4)
      guard rest.count >= length else { throw ProtoSupportError("round_trip.py wrote too little") }
      defer { rest = rest.dropFirst(length) }
      return Array(rest.prefix(length))
    }
    return try (0..<count).map { _ in
      let bytes = try take()
      let complaint = try take()
      return PeerAnswer(
        bytes: bytes, complaint: String(decoding: complaint, as: UTF8.self), json: try take(),
        bytesOfJSON: try take())
    }
  }
}
