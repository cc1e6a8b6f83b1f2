// Bytes that are no message: exact errors, every truncation, random garbage. Nothing traps.

import ProtoSchema
import ProtoSupport
import ProtoWire
import Testing

@Suite struct MalformedTests {
  @Test(
    arguments: [
      ("a string that is not UTF-8", "72 02 C328", .invalidUTF8, 1),
      ("a string beyond the end", "72 05 6162", .truncated, 1),
      ("an inner message beyond the end", "8A01 03 0807", .truncated, 2),
      ("a varint beyond its inner message", "8A01 02 0887 01", .truncated, 4),
      ("a string beyond its inner message", "8A01 02 1201 61", .truncated, 4),
      ("an inner field number 0", "8A01 02 0000", .invalidFieldNumber, 3),
      ("an end-group tag in an inner message", "8A01 01 0C", .mismatchedGroup, 3),
      ("a group that begins inside and ends outside", "8A01 01 0B 0C", .truncated, 4),
      ("an eleven-byte varint", "18 FFFFFFFFFFFFFFFFFFFF01", .malformedVarint, 1),
      ("half a double", "09 00000000", .truncated, 1),
      ("half a float", "15 0000", .truncated, 1),
      ("an enum without a value", "8001", .truncated, 2),
      ("a length of 4 GiB", "7A FFFFFFFF0F", .lengthTooLarge, 1),
    ] as [(String, String, ProtoDecodingError.Code, Int)])
  func singular(_ what: String, _ bytes: String, _ code: ProtoDecodingError.Code, _ offset: Int) {
    let error = refusal(V1.Singular.self, hex(bytes))
    #expect(error == ProtoDecodingError(code, at: offset), "\(what)")
  }

  @Test(
    arguments: [
      ("seven bytes of doubles", "0A 07 00000000000000", .truncated, 2),
      ("nine bytes of doubles", "0A 09 000000000000000000", .truncated, 10),
      ("a packed varint that goes on", "1A 02 01FF 01", .truncated, 3),
      ("a packed run beyond the end", "1A 05 01", .truncated, 1),
      ("an element that is not UTF-8", "72 01 61 72 01 FF", .invalidUTF8, 4),
    ] as [(String, String, ProtoDecodingError.Code, Int)])
  func repeated(_ what: String, _ bytes: String, _ code: ProtoDecodingError.Code, _ offset: Int) {
    let error = refusal(V1.Repeated.self, hex(bytes))
    #expect(error == ProtoDecodingError(code, at: offset), "\(what)")
  }

  @Test(
    arguments: [
      ("an entry beyond the end", "72 05 0A00", .truncated, 1),
      ("a key beyond its entry", "72 02 0A01 61", .truncated, 3),
      ("a key that is not UTF-8", "72 03 0A01FF", .invalidUTF8, 3),
      ("a value that is not UTF-8", "72 03 1201FF", .invalidUTF8, 3),
      ("an entry with field number 0", "72 02 0001", .invalidFieldNumber, 2),
      ("a broken message value", "8A01 04 1202 0880", .truncated, 6),
    ] as [(String, String, ProtoDecodingError.Code, Int)])
  func maps(_ what: String, _ bytes: String, _ code: ProtoDecodingError.Code, _ offset: Int) {
    let error = refusal(V1.Values.self, hex(bytes))
    #expect(error == ProtoDecodingError(code, at: offset), "\(what)")
  }

  /// Without its last byte a message is cut inside its last field, whatever that is; cut anywhere
  /// else it is cut inside a field or is a shorter message.
  @Test func everyTruncationIsRefused() throws {
    let folder = try testProtos.get()
    var wire = RandomWire(schema: folder.schema, seed: 0x7C)
    for message in folder.messages {
      let type = try #require(ProtoRegistry.types[message.fullName])
      for _ in 0..<20 {
        let bytes = wire.message(message.fullName)
        for count in 0..<bytes.count {
          let outcome = Result { () throws(ProtoDecodingError) in
            try type.roundTrip(Array(bytes.prefix(count)))
          }
          guard case .failure(let error) = outcome else {
            #expect(count < bytes.count - 1, "\(message.fullName) \(bytes)")
            continue
          }
          #expect(error.code == .truncated, "\(message.fullName) \(bytes) cut at \(count)")
        }
      }
    }
  }

  /// What is accepted is stable: encoding what was decoded gives bytes that decode to the same.
  @Test func randomBytesNeverTrap() throws {
    var random = SeededRandom(seed: 0xF0)
    var acceptedCount = 0
    for (name, type) in ProtoRegistry.types.sorted(by: { $0.key < $1.key }) {
      for _ in 0..<300 {
        let count = Int.random(in: 0...40, using: &random)
        // Small numbers make likely tags and lengths.
        let bytes = (0..<count).map { _ in
          UInt8.random(in: 0...(random.chance(60) ? 0x3F : 0xFF), using: &random)
        }
        guard let encoded = try? type.roundTrip(bytes) else { continue }
        acceptedCount += 1
        #expect((try? type.roundTrip(encoded)) == encoded, "\(name) \(bytes)")
      }
    }
    #expect(acceptedCount > 100)
  }

  @Test func damagedMessagesNeverTrap() throws {
    let folder = try testProtos.get()
    var wire = RandomWire(schema: folder.schema, seed: 0xDA)
    for message in folder.messages {
      let type = try #require(ProtoRegistry.types[message.fullName])
      for _ in 0..<100 {
        var bytes = wire.message(message.fullName)
        guard !bytes.isEmpty else { continue }
        for _ in 0...Int.random(in: 0...2, using: &wire.random) {
          let index = Int.random(in: bytes.indices, using: &wire.random)
          bytes[index] = UInt8.random(in: .min ... .max, using: &wire.random)
        }
        guard let encoded = try? type.roundTrip(bytes) else { continue }
        #expect((try? type.roundTrip(encoded)) == encoded, "\(message.fullName) \(bytes)")
      }
    }
  }
}

@Suite struct MalformedJSONTests {
  /// What is accepted is stable; what is not is refused inside the text.
  @Test func damagedJSONNeverTraps() throws {
    let folder = try testProtos.get()
    var wire = RandomWire(schema: folder.schema, seed: 0x15)
    var acceptedCount = 0
    for message in folder.messages {
      let type = try #require(ProtoRegistry.types[message.fullName])
      for _ in 0..<100 {
        var json = ProtoJSONWriter()
        try type.writeJSON(decoding: wire.message(message.fullName), into: &json)
        var text = json.bytes
        for _ in 0...Int.random(in: 0...2, using: &wire.random) {
          let index = Int.random(in: text.indices, using: &wire.random)
          let likely = Array("{}[]\":,\\0e.-tn".utf8)
          text[index] = likely.randomElement(using: &wire.random) ?? 0
        }
        if wire.random.chance(20) {
          text.removeLast(Int.random(in: text.indices, using: &wire.random))
        }
        do throws(ProtoJSONError) {
          let bytes = try type.protoBytes(ofJSON: text)
          acceptedCount += 1
          #expect((try? type.roundTrip(bytes)) == bytes)
        } catch {
          #expect((0...text.count).contains(error.byteOffset))
        }
      }
    }
    #expect(acceptedCount > 100)
  }
}
