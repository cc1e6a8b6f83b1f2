// Random messages of every type of the test schema through our codec and Python's.

import ProtoSchema
import ProtoSupport
import ProtoWire
import Testing

/// The test schema, compiled at run time.
let testProtos = Result {
  let here = #filePath.split(separator: "/").dropLast().joined(separator: "/")
  return try ProtoFolder(path: "/\(here)/Protos")
}

@Suite struct RoundTripTests {
  @Test func pythonAgreesOnEveryType() throws {
    let folder = try testProtos.get()
    #expect(Set(folder.messages.map(\.fullName)) == Set(ProtoRegistry.roundTrip.keys))
    var wire = RandomWire(schema: folder.schema, seed: 0x5EA7)
    var records: [PeerRecord] = []
    for message in folder.messages {
      for _ in 0..<100 {
        records.append(try record(message.fullName, wire.message(message.fullName)))
      }
    }
    let answers = try PythonPeer.roundTrip(records, protos: folder.path)
    for (record, answer) in zip(records, answers) {
      // Python sorts a string key behind longer ones that begin with it, no other runtime does:
      // there, the same bytes may stand in another order.
      if folder.holdsStringKeys(record.type) {
        #expect(answer.bytes.sorted() == record.bytes.sorted(), "\(record.type)")
      } else {
        #expect(answer.bytes == record.bytes, "\(record.type)")
      }
      let roundTrip = try #require(ProtoRegistry.roundTrip[record.type])
      #expect(try roundTrip(answer.bytes) == record.bytes, "\(record.type)")
      #expect(answer.complaint.isEmpty, "\(record.type)")
    }
    // The JSON of hardly any message may be beyond comparison, or nothing has been compared.
    #expect(answers.count(where: \.hasJSON) > answers.count * 9 / 10)
  }

  private func record(_ type: String, _ wire: [UInt8]) throws -> PeerRecord {
    let roundTrip = try #require(ProtoRegistry.roundTrip[type])
    let bytes = try roundTrip(wire)
    // What our encoder wrote, our decoder reads as the same message.
    #expect(try roundTrip(bytes) == bytes, "\(type)")
    var json = ProtoJSONWriter()
    let form = try #require(ProtoRegistry.json[type])
    try form(bytes, &json)
    return PeerRecord(type: type, bytes: bytes, json: json.bytes)
  }
}
