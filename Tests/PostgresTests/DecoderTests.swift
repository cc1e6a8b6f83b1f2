// Bytes that no honest server sends: every decoder answers with an error, never with a trap. Each
// good input is also cut at every length and changed at every byte.

import Testing

@testable import Postgres

struct DecoderTests {
  /// A packet of the replication stream around a pgoutput message.
  private static func packet(_ output: [UInt8]) -> [UInt8] {
    [UInt8(ascii: "w")] + [UInt8](repeating: 0, count: 24) + output
  }

  private static let message: [UInt8] =
    [UInt8(ascii: "M"), 1, 0, 0, 0, 0x16, 0xb3, 0x74, 0xd8, 0x48] + Array("usher.seat\0".utf8)
    + [0, 0, 0, 3, 7, 8, 9]
  private static let commit: [UInt8] =
    [UInt8(ascii: "C"), 0] + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 2]
    + [0, 0, 0, 0, 0, 0, 0, 5]
  private static let keepalive: [UInt8] =
    [UInt8(ascii: "k")] + [0, 0, 0, 0, 0, 0, 0, 9] + [0, 0, 0, 0, 0, 0, 0, 0] + [1]

  @Test func framesAreRead() throws {
    let message = try ReplicationFrame(Self.packet(Self.message))
    let expected = ReplicationMessage(
      prefix: "usher.seat", content: [7, 8, 9],
      position: LogSequenceNumber(rawValue: 0x16_b374_d848), isTransactional: true)
    #expect(message == .event(.message(expected)))
    #expect(
      try ReplicationFrame(Self.packet(Self.commit))
        == .event(
          .commit(
            end: LogSequenceNumber(rawValue: 2),
            time: PostgresTimestamp(unixMicroseconds: 946_684_800_000_005))))
    #expect(
      try ReplicationFrame(Self.keepalive)
        == .keepalive(end: LogSequenceNumber(rawValue: 9), wantsReply: true))
    #expect(try ReplicationFrame(Self.packet([UInt8(ascii: "R"), 1, 2])) == .ignored)
  }

  @Test func brokenFramesAreRefused() {
    for whole in [Self.packet(Self.message), Self.packet(Self.commit), Self.keepalive] {
      for length in 0..<whole.count {
        #expect(throws: PostgresError.self) { try ReplicationFrame(Array(whole.prefix(length))) }
      }
      for index in whole.indices {
        for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
          var changed = whole
          changed[index] = value
          _ = try? ReplicationFrame(changed)
        }
      }
    }
    #expect(throws: PostgresError.self) { try ReplicationFrame(Self.packet([UInt8(ascii: "Z")])) }
    #expect(throws: PostgresError.self) { try ReplicationFrame(Self.packet(Self.message + [0])) }
  }

  /// Decodes bytes as a type, as if a server had sent them under a type id.
  private static func decode<Value: PostgresDecodable>(
    _ bytes: [UInt8], _ type: PostgresType, as: Value.Type
  ) -> Value? {
    bytes.withUnsafeBytes { buffer in
      try? Value.decode(PostgresCell(type: type, bytes: buffer))
    }
  }

  @Test func scalarsOfTheWrongLengthAreRefused() {
    for count in 0..<20 {
      let bytes = [UInt8](repeating: 1, count: count)
      #expect((Self.decode(bytes, .bool, as: Bool.self) != nil) == (count == 1))
      #expect((Self.decode(bytes, .int2, as: Int16.self) != nil) == (count == 2))
      #expect((Self.decode(bytes, .int4, as: Int32.self) != nil) == (count == 4))
      #expect((Self.decode(bytes, .int8, as: Int64.self) != nil) == (count == 8))
      #expect((Self.decode(bytes, .float8, as: Double.self) != nil) == (count == 8))
      #expect((Self.decode(bytes, .uuid, as: PostgresUUID.self) != nil) == (count == 16))
      #expect((Self.decode(bytes, .date, as: PostgresDate.self) != nil) == (count == 4))
      #expect(
        (Self.decode(bytes, .timestamptz, as: PostgresTimestamp.self) != nil) == (count == 8))
    }
    #expect(Self.decode([2], .bool, as: Bool.self) == nil)
    #expect(Self.decode([0xc3], .text, as: String.self) == nil)
    #expect(Self.decode([2, 0x7b, 0x7d], .jsonb, as: PostgresJSON.self) == nil)
    #expect(Self.decode([], .jsonb, as: PostgresJSON.self) == nil)
  }

  @Test func brokenArraysAreRefused() throws {
    let whole = try #require(PostgresValue.array([1, nil, 3] as [Int32?]).bytes)
    let type = try #require(PostgresType.int4.array)
    #expect(Self.decode(whole, type, as: [Int32?].self) == [1, nil, 3])
    for length in 0..<whole.count {
      #expect(Self.decode(Array(whole.prefix(length)), type, as: [Int32?].self) == nil)
    }
    for index in whole.indices {
      for value in [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff] as [UInt8] {
        var changed = whole
        changed[index] = value
        _ = Self.decode(changed, type, as: [Int32?].self)
      }
    }
    #expect(Self.decode(whole + [0], type, as: [Int32?].self) == nil)
    #expect(Self.decode(whole, .int4, as: [Int32?].self) == nil)
  }

  @Test func sqlStatesAreFiveCharacters() {
    #expect(SQLState("40P01")?.errorClass == "40")
    for wrong in ["", "4000", "400011", "4000a", "40 01", "４０００１"] {
      #expect(SQLState(wrong) == nil, "\(wrong)")
    }
  }

  @Test(arguments: [
    (Duration.zero, Int64(1)), (.nanoseconds(1), 1), (.milliseconds(1), 1),
    (.microseconds(1001), 2),
    (.seconds(5), 5000), (.seconds(Int64.max), Int64(Int32.max)), (.seconds(-5), 1),
  ])
  func timeoutsAreNeverSwitchedOffByRounding(_ duration: Duration, _ expected: Int64) {
    #expect(duration.wholeMillisecondsUp == expected)
  }
}
