// What a logical replication stream carries, decoded from its bytes: pgoutput protocol 1 inside
// PostgreSQL's streaming replication protocol. Pure; knows no connection.

/// A position in the write-ahead log.
package struct LogSequenceNumber: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Reads `16/B374D848`.
  package init?(_ text: String) {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let high = UInt32(halves[0], radix: 16),
      let low = UInt32(halves[1], radix: 16)
    else { return nil }
    rawValue = UInt64(high) << 32 | UInt64(low)
  }

  package static func < (left: LogSequenceNumber, right: LogSequenceNumber) -> Bool {
    left.rawValue < right.rawValue
  }

  /// As PostgreSQL writes it.
  package var description: String {
    let high = String(rawValue >> 32, radix: 16, uppercase: true)
    return "\(high)/\(String(rawValue & 0xffff_ffff, radix: 16, uppercase: true))"
  }
}

/// What `pg_logical_emit_message` wrote.
package struct ReplicationMessage: Sendable, Equatable {
  package let prefix: String
  package let content: [UInt8]
  /// Where the message stands in the log.
  package let position: LogSequenceNumber
  /// False for messages written outside their transaction: they come at once and even if it aborts.
  package let isTransactional: Bool
}

/// One event of the stream.
package enum ReplicationEvent: Sendable, Equatable {
  /// In commit order; the messages of one transaction come together, in the order of writing.
  case message(ReplicationMessage)
  /// The transaction whose messages came since the last commit is complete.
  case commit(end: LogSequenceNumber, time: PostgresTimestamp)
}

/// One packet of the stream.
package enum ReplicationFrame: Equatable {
  /// The server's position, and whether it wants an answer now.
  case keepalive(end: LogSequenceNumber, wantsReply: Bool)
  case begin
  case event(ReplicationEvent)
  /// A change of a table, or what describes one: not what this stream is for.
  case ignored

  /// Throws `.protocolViolation` for anything that is not well-formed.
  package init(_ bytes: [UInt8]) throws(PostgresError) {
    let decoded = bytes.withUnsafeBytes { buffer in
      // SAFETY: the reader stays inside this closure.
      var reader = ByteReader(buffer)
      return Self.decode(&reader)
    }
    guard let decoded else {
      throw PostgresError(.protocolViolation, "malformed replication message")
    }
    self = decoded
  }

  private static func decode(_ reader: inout ByteReader) -> ReplicationFrame? {
    switch reader.integer(UInt8.self) {
    case UInt8(ascii: "k"):
      guard let end = reader.position(), reader.integer(Int64.self) != nil,
        let wantsReply = reader.integer(UInt8.self)
      else { return nil }
      return .keepalive(end: end, wantsReply: wantsReply != 0)
    case UInt8(ascii: "w"):
      // Start and end of this data in the log, and the server's clock.
      guard reader.take(24) != nil else { return nil }
      return decodeOutput(&reader)
    default: return nil
    }
  }

  private static func decodeOutput(_ reader: inout ByteReader) -> ReplicationFrame? {
    switch reader.integer(UInt8.self) {
    case UInt8(ascii: "B"): .begin
    case UInt8(ascii: "C"): decodeCommit(&reader)
    case UInt8(ascii: "M"): decodeMessage(&reader)
    // Relation, type, insert, update, delete, truncate, origin.
    case .some(let kind) where "RYIUDTO".utf8.contains(kind): .ignored
    default: nil
    }
  }

  private static func decodeCommit(_ reader: inout ByteReader) -> ReplicationFrame? {
    guard reader.integer(UInt8.self) != nil, reader.position() != nil,
      let end = reader.position(), let wire = reader.integer(Int64.self),
      let time = PostgresTimestamp(wire: wire)
    else { return nil }
    return .event(.commit(end: end, time: time))
  }

  private static func decodeMessage(_ reader: inout ByteReader) -> ReplicationFrame? {
    guard let flags = reader.integer(UInt8.self), let position = reader.position(),
      let prefix = reader.terminatedString(), let count = reader.integer(Int32.self),
      let content = reader.take(Int(count)), reader.remaining == 0
    else { return nil }
    return .event(
      .message(
        ReplicationMessage(
          prefix: prefix, content: [UInt8](content), position: position,
          isTransactional: flags & 1 != 0)))
  }

  /// Standby status update: everything up to `position` is received, stored and applied.
  static func status(_ position: LogSequenceNumber, wantsReply: Bool) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(ascii: "r")]
    for _ in 0..<3 { bytes.appendBigEndian(position.rawValue) }
    // Our clock is only informative; zero is 2000-01-01.
    bytes.appendBigEndian(0 as Int64)
    bytes.append(wantsReply ? 1 : 0)
    return bytes
  }
}

extension ByteReader {
  fileprivate mutating func position() -> LogSequenceNumber? {
    integer(UInt64.self).map { LogSequenceNumber(rawValue: $0) }
  }
}
