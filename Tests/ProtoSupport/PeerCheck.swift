// Random messages of every type of a schema through our codec and Python's.

import ProtoSchema
package import ProtoWire

/// Compares a module's generated code with the Python runtime.
package struct PeerCheck {
  private let folder: ProtoFolder
  private let registry: [String: ProtoMessageType]

  /// A check of the code generated from `folder`, by way of its `ProtoRegistry`.
  package init(_ folder: ProtoFolder, types: [String: ProtoMessageType]) {
    self.folder = folder
    registry = types
  }

  /// Sends `count` messages of each type; returns what differs, nothing when all is well.
  package func complaints(countPerType count: Int, seed: UInt64) throws -> [String] {
    let types = folder.messages.map(\.fullName)
    guard Set(types) == Set(registry.keys) else {
      return ["the registry lists other types than the schema"]
    }
    var wire = RandomWire(schema: folder.schema, seed: seed)
    var complaints: [String] = []
    var records: [PeerRecord] = []
    for type in types {
      for _ in 0..<count {
        let bytes = try encode(type, wire.message(type))
        // What our encoder wrote, our decoder reads as the same message.
        if try encode(type, bytes) != bytes { complaints.append("\(type) changes: \(bytes)") }
        records.append(PeerRecord(type: type, bytes: bytes, json: try jsonBytes(type, bytes)))
      }
    }
    let answers = try PythonPeer.roundTrip(records, protos: folder.path)
    for (record, answer) in zip(records, answers) {
      complaints.append(contentsOf: try compare(record, answer))
    }
    // The JSON of hardly any message may be beyond comparison, or nothing has been compared.
    let comparedCount = answers.count { !$0.json.isEmpty }
    if comparedCount <= answers.count * 9 / 10 {
      complaints.append("only \(comparedCount) messages had JSON to compare")
    }
    return complaints
  }

  private func compare(_ record: PeerRecord, _ answer: PeerAnswer) throws -> [String] {
    var complaints: [String] = []
    // Python sorts a string key behind longer ones that begin with it, no other runtime does:
    // there, the same bytes may stand in another order.
    let isSame =
      folder.holdsStringKeys(record.type)
      ? answer.bytes.sorted() == record.bytes.sorted() : answer.bytes == record.bytes
    if !isSame {
      complaints.append("\(record.type): sent \(record.bytes), back came \(answer.bytes)")
    }
    if try encode(record.type, answer.bytes) != record.bytes {
      complaints.append("\(record.type) is another message: \(record.bytes), \(answer.bytes)")
    }
    if !answer.complaint.isEmpty { complaints.append("\(record.type): \(answer.complaint)") }
    if !answer.json.isEmpty { complaints += compareJSON(record, answer) }
    return complaints
  }

  /// Reads Python's JSON, and our own where it is canonical.
  private func compareJSON(_ record: PeerRecord, _ answer: PeerAnswer) -> [String] {
    guard let type = registry[record.type] else { return [] }
    let text = String(decoding: answer.json, as: UTF8.self)
    do {
      let wanted = try type.roundTrip(answer.bytesOfJSON)
      guard try type.protoBytes(ofJSON: answer.json) == wanted else {
        return ["\(record.type): Python's JSON is read as another message: \(text)"]
      }
      guard try type.protoBytes(ofJSON: record.json) == wanted else {
        return ["\(record.type): JSON changes: \(String(decoding: record.json, as: UTF8.self))"]
      }
    } catch {
      return ["\(record.type): \(error): \(text)"]
    }
    return []
  }

  private func encode(_ type: String, _ bytes: [UInt8]) throws -> [UInt8] {
    try registry[type]?.roundTrip(bytes) ?? []
  }

  /// Nothing for what has no canonical form: each runtime makes something else of it.
  private func jsonBytes(_ type: String, _ bytes: [UInt8]) throws -> [UInt8] {
    var writer = ProtoJSONWriter()
    try registry[type]?.writeJSON(decoding: bytes, into: &writer)
    return writer.problem == nil ? writer.bytes : []
  }
}
