// Every value type there and back at its boundaries, as parameter, as result and as array element;
// and bytes from a server that lies.

import Postgres
import Reactor
import Support
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ValueTests {
  /// Sends values, has the server write each as text, and reads each back.
  private func roundTrip<Value: PostgresElement & PostgresDecodable & Equatable & Sendable>(
    _ values: [Value], asText: [String]
  ) async throws {
    try await withConnection { connection in
      for (value, text) in zip(values, asText) {
        let row = try await connection.query(
          "SELECT $1, $1::text", [PostgresValue(value)]
        ).onlyRow()
        #expect(try row.decode(0, as: Value.self) == value)
        #expect(try row.decode(1, as: String.self) == text)
      }
      let optionals: [Value?] = [nil] + values.map { $0 } + [nil]
      let row = try await connection.query(
        "SELECT $1, $2, $3, $4",
        [
          .array(values), .array(optionals), .array([] as [Value]),
          .null(Value.postgresArrayType),
        ]
      ).onlyRow()
      #expect(try row.decode(0, as: [Value].self) == values)
      #expect(try row.decode(1, as: [Value?].self) == optionals)
      #expect(try row.decode(2, as: [Value].self) == [])
      #expect(try row.decode(3, as: [Value]?.self) == nil)
      #expect(
        await failure { () throws(PostgresError) in try row.decode(1, as: [Value].self) }
          != nil, "NULL elements need optionals")
    }
  }

  @Test func bools() async throws {
    try await roundTrip([true, false], asText: ["true", "false"])
  }

  @Test func smallIntegers() async throws {
    try await roundTrip([Int16.min, -1, 0, .max], asText: ["-32768", "-1", "0", "32767"])
  }

  @Test func integers() async throws {
    try await roundTrip([Int32.min, 0, .max], asText: ["-2147483648", "0", "2147483647"])
  }

  @Test func largeIntegers() async throws {
    try await roundTrip(
      [Int64.min, 0, 1 << 53 + 1, .max],
      asText: ["-9223372036854775808", "0", "9007199254740993", "9223372036854775807"])
  }

  @Test func doubles() async throws {
    try await roundTrip(
      [0.1, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude],
      asText: ["0.1", "-0", "Infinity", "-Infinity", "5e-324", "1.7976931348623157e+308"])
  }

  @Test func texts() async throws {
    let texts = [
      "", "plain", "Größe 座席 🎭", "{\"a,b\\", "NULL", String(repeating: "é", count: 9999),
    ]
    try await roundTrip(texts, asText: texts)
  }

  @Test func uuids() async throws {
    let uuid = PostgresUUID(high: 0x0198_f3a2_7c4e_7abc, low: 0x8def_0123_4567_89ab)
    try await roundTrip(
      [uuid, PostgresUUID(high: 0, low: 0), PostgresUUID(high: .max, low: .max)],
      asText: [
        "0198f3a2-7c4e-7abc-8def-0123456789ab", "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
      ])
    #expect(uuid.description == "0198f3a2-7c4e-7abc-8def-0123456789ab")
    #expect(PostgresUUID(bytes: uuid.bytes) == uuid)
    #expect(PostgresUUID(bytes: Array(uuid.bytes.dropLast())) == nil)
    #expect(PostgresUUID(high: 1, low: 0) > PostgresUUID(high: 0, low: .max))
  }

  @Test func timestamps() async throws {
    try await roundTrip(
      [
        PostgresTimestamp(unixMicroseconds: 0), PostgresTimestamp(unixMicroseconds: -1),
        PostgresTimestamp(unixMicroseconds: 1_700_000_000_123_456), .infinity, .negativeInfinity,
        PostgresTimestamp(unixMicroseconds: -210_866_803_200_000_000),
      ],
      asText: [
        "1970-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00",
        "2023-11-14 22:13:20.123456+00", "infinity", "-infinity", "4714-11-24 00:00:00+00 BC",
      ])
  }

  @Test func dates() async throws {
    try await roundTrip(
      [
        PostgresDate(unixDays: 0), PostgresDate(unixDays: 19_675), PostgresDate(unixDays: .max),
        PostgresDate(unixDays: .min),
      ], asText: ["1970-01-01", "2023-11-14", "infinity", "-infinity"])
  }

  @Test func documents() async throws {
    try await roundTrip(
      [PostgresJSON(#"{"a": [1, null]}"#), PostgresJSON("null")],
      asText: [#"{"a": [1, null]}"#, "null"])
  }

  @Test func byteStrings() async throws {
    try await withConnection { connection in
      let all = (0...255).map { UInt8($0) }
      let row = try await connection.query(
        "SELECT $1, $2, $3, encode($1, 'hex'), $4",
        [.bytea(all), .bytea([]), .bytea(nil), .byteas([all, nil, []])]
      ).onlyRow()
      #expect(try row.decode(0, as: [UInt8].self) == all)
      #expect(try row.decode(1, as: [UInt8].self) == [])
      #expect(try row.decode(2, as: [UInt8]?.self) == nil)
      #expect(try row.decode(3, as: String.self).hasPrefix("00010203"))
      #expect(try row.decode(4, as: [[UInt8]?].self) == [all, nil, []])
    }
  }

  @Test func wideningAndUserTypes() async throws {
    try await withConnection { connection in
      try await connection.executeScript("CREATE TYPE seat_state AS ENUM ('FREE', 'HELD')")
      let row = try await connection.query(
        """
        SELECT 7::int2, 7::int4, $1::seat_state, ARRAY['FREE','HELD']::seat_state[], 'x'::varchar,
               'n'::name, '{"b":1}'::json, 'c'::char(3), ARRAY['v']::varchar[]
        """, [.text("HELD")]
      ).onlyRow()
      #expect(try row.decode(0, as: Int64.self) == 7)
      #expect(try row.decode(1, as: Int.self) == 7)
      #expect(try row.decode(2, as: String.self) == "HELD")
      #expect(try row.decode(3, as: [String].self) == ["FREE", "HELD"])
      #expect(try row.decode(4, as: String.self) == "x")
      #expect(try row.decode(5, as: String.self) == "n")
      #expect(try row.decode(6, as: PostgresJSON.self).text == #"{"b":1}"#)
      #expect(try row.decode(7, as: String.self) == "c  ")
      #expect(try row.decode(8, as: [String].self) == ["v"])
    }
  }

  @Test func mismatchesAreErrorsNotTraps() async throws {
    try await withConnection { connection in
      let result = try await connection.query(
        "SELECT 1::int8, NULL::int4, 'text', ARRAY[[1,2],[3,4]], timestamptz '294276-12-31', 1.5")
      let row = try result.onlyRow()
      func isRefused<Value: PostgresDecodable>(_ column: Int, _ type: Value.Type) async -> Bool {
        await failure { () throws(PostgresError) in try row.decode(column, as: type) }?.kind
          == .decoding
      }
      #expect(await isRefused(0, Int32.self))
      #expect(await isRefused(0, String.self))
      #expect(await isRefused(0, [UInt8].self))
      #expect(await isRefused(0, [Int64].self))
      #expect(await isRefused(1, Int32.self))
      #expect(await isRefused(2, Int64.self))
      #expect(await isRefused(2, PostgresUUID.self))
      #expect(await isRefused(3, [Int32].self))
      #expect(await isRefused(4, PostgresTimestamp.self))
      #expect(await isRefused(5, Double.self))
      #expect(await isRefused(6, Int64.self))
      #expect(await isRefused(-1, Int64.self))
      #expect(try row.decode(1, as: Int32?.self) == nil)
      let two = try await connection.query("SELECT generate_series(1, 2) AS n")
      #expect(await failure { () throws(PostgresError) in try two.onlyRow() }?.kind == .decoding)
      #expect(try two.rows.last?.decode("n", as: Int32.self) == 2)
      #expect(
        await failure { () throws(PostgresError) in
          try two.rows[0].decode("missing", as: Int32.self)
        }?.kind == .decoding)
    }
  }

  @Test func zeroCharacterInTextIsTheServersRefusal() async throws {
    try await withConnection { connection in
      let error = await failure { () async throws(PostgresError) in
        try await connection.query("SELECT $1::text", [.text("a\0b")])
      }
      #expect(error?.kind == .invalidValue)
    }
  }
}
