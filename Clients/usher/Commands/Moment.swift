// A moment on a command line, the same for every command that takes one.

import ArgumentParser
import ProtoWire
import UsherProtos

/// A moment, as 2027-03-28T12:00:00Z or with another offset. A day alone is none: it begins at another
/// moment in each time zone, and a guess could withdraw shows of the day before.
struct Moment: Equatable {
  let timestamp: Google.Protobuf.Timestamp

  /// Reads an option's value, as its `transform`.
  init(_ text: String) throws {
    guard let time = try? Google.Protobuf.Timestamp(jsonBytes: [UInt8]("\"\(text)\"".utf8)) else {
      let isDay = Clock.day(text) != nil
      throw ValidationError(
        isDay
          ? "A day begins at another moment in each time zone; write \(text)T00:00:00 and the "
            + "theatre's offset, as +01:00, or Z."
          : "Write a moment with its offset, as 2027-03-28T12:00:00+01:00.")
    }
    timestamp = time
  }
}
