// What JSON asks of a generated message, and the ways to and from JSON text (protobuf.dev
// "ProtoJSON Format"). For people, scripts and logs: it is not on the way of any call.

/// A message with a JSON form; every generated message is one.
package protocol ProtoJSONMessage: ProtoMessage {
  /// The numbers of the fields by their names, those of JSON and those of the schema.
  static var jsonFields: ProtoNames { get }
  /// True for the types whose JSON is a form of their own rather than an object of their fields.
  static var hasOwnJSONForm: Bool { get }
  /// True for `google.protobuf.Value`, of which null is a value.
  static var acceptsJSONNull: Bool { get }

  /// Writes the message as one JSON value. Unknown fields have no JSON form and are left out.
  func writeJSON(into json: inout ProtoJSONWriter)
  /// Reads one JSON value into an empty message. After an error the message must be dropped.
  mutating func readJSON(from json: inout ProtoJSONReader) throws(ProtoJSONError)
  /// Reads the value of one field, found by its number.
  mutating func readJSON(
    field number: Int32, from json: inout ProtoJSONReader
  ) throws(ProtoJSONError)
}

extension ProtoJSONMessage {
  package static var hasOwnJSONForm: Bool { false }
  package static var acceptsJSONNull: Bool { false }

  package mutating func readJSON(from json: inout ProtoJSONReader) throws(ProtoJSONError) {
    try json.readFields(of: &self)
  }
}

/// How JSON is read.
package struct ProtoJSONOptions: Sendable {
  /// True to pass over fields and enum names that the schema does not have; false to refuse them.
  package var ignoresUnknown: Bool
  package var limits: ProtoLimits

  package init(ignoresUnknown: Bool = false, limits: ProtoLimits = ProtoLimits()) {
    self.ignoresUnknown = ignoresUnknown
    self.limits = limits
  }
}

extension ProtoJSONMessage {
  /// The message as JSON in UTF-8, on one line, without a newline. It is for eyes: a value that has
  /// no canonical form, such as a time after the year 9999, is written as a plain object.
  package func jsonBytes() -> [UInt8] {
    var json = ProtoJSONWriter()
    writeJSON(into: &json)
    return json.bytes
  }

  /// The message as JSON that every runtime reads as the same message.
  package func canonicalJSONBytes() throws(ProtoJSONEncodingError) -> [UInt8] {
    var json = ProtoJSONWriter()
    writeJSON(into: &json)
    if let problem = json.problem { throw problem }
    return json.bytes
  }

  /// Reads a message from JSON in UTF-8.
  package init(
    jsonBytes: [UInt8], options: ProtoJSONOptions = ProtoJSONOptions()
  ) throws(ProtoJSONError) {
    self.init()
    var json = try ProtoJSONReader(jsonBytes, options: options)
    try readJSON(from: &json)
    try json.finish()
  }
}

/// Any message type: what tables of types hold. Its functions are for tools and for
/// `google.protobuf.Any`; code that knows its types needs none of them.
package typealias ProtoMessageType = any ProtoJSONMessage.Type

extension ProtoJSONMessage {
  /// Decodes a message and encodes it again.
  package static func roundTrip(_ bytes: [UInt8]) throws(ProtoDecodingError) -> [UInt8] {
    try Self(protoBytes: bytes).protoBytes()
  }

  /// Decodes a message and writes it as JSON.
  package static func writeJSON(
    decoding bytes: [UInt8], into json: inout ProtoJSONWriter
  ) throws(ProtoDecodingError) {
    try Self(protoBytes: bytes).writeJSON(into: &json)
  }

  /// Reads a message from JSON and encodes it.
  package static func protoBytes(
    ofJSON text: [UInt8], options: ProtoJSONOptions = ProtoJSONOptions()
  ) throws(ProtoJSONError) -> [UInt8] {
    try Self(jsonBytes: text, options: options).protoBytes()
  }

  /// Reads the message that an Any holds, from the object that also holds `@type`.
  static func protoBytes(
    fromAny json: inout ProtoJSONReader
  ) throws(ProtoJSONError) -> [UInt8] {
    var message = Self()
    if hasOwnJSONForm {
      try json.readOwnForm(of: &message)
    } else {
      try json.readFields(of: &message, besides: anyTypeMember)
    }
    return message.protoBytes()
  }
}

/// The member of an Any's object that names its type.
let anyTypeMember = "@type"
