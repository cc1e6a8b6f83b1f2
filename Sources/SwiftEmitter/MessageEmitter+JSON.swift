// The JSON form of a message: its fields' names as one literal, and one line per field for writing
// and reading, in order of declaration. The forms of the well-known types are in a file of their own.

import ProtoSchema

extension MessageEmitter {
  func emitJSON(into text: inout SourceText) {
    let form = wellKnownForm
    text.line("package static let jsonFields = ProtoWire.ProtoNames(\(swiftLiteral(fieldNames)))")
    if form != nil { text.line("package static var hasOwnJSONForm: Swift.Bool { true }") }
    if form?.acceptsNull == true {
      text.line("package static var acceptsJSONNull: Swift.Bool { true }")
    }
    text.line()
    text.block("package func writeJSON(into json: inout ProtoWire.ProtoJSONWriter)") { text in
      for line in form?.write ?? plainForm { text.line(line) }
    }
    text.line()
    if let form {
      emitReader("package mutating func readJSON(", into: &text) { text in
        for line in form.read { text.line(line) }
      }
      text.line()
    }
    emitFieldReader(into: &text)
  }

  /// `number NUL name …`: the JSON names first, since of equal names the first one counts. A JSON name
  /// with a NUL inside, which protoc allows, is written and not found: its field goes by the other.
  private var fieldNames: String {
    let fields = message.fields
    let json = fields.filter { !$0.jsonName.contains("\0") }.map { "\($0.number)\0\($0.jsonName)" }
    let original = fields.filter { $0.name != $0.jsonName }.map { "\($0.number)\0\($0.name)" }
    return (json + original).joined(separator: "\0")
  }

  private var plainForm: [String] {
    ["json.beginObject()"] + shapes.map(writeLine) + ["json.endObject()"]
  }

  private func writeLine(_ shape: FieldShape) -> String {
    let property = "self.\(shape.name)"
    let label = "name: \(swiftLiteral(shape.field.jsonName))"
    let one = "{ json.field(\(shape.codec).self, value, \(label)) }"
    switch shape.storage {
    case .plain:
      return "if \(shape.isWritten(property)) "
        + "{ json.field(\(shape.codec).self, \(property), \(label)) }"
    case .optional, .message, .boxed:
      return "if let value = \(property) \(one)"
    case .oneofMember:
      return "if case .\(shape.name)(let value)? = self.\(shape.oneofName ?? "") \(one)"
    case .repeated:
      return "json.repeated(\(shape.codec).self, \(property), \(label))"
    case .map:
      let (key, value) = mapCodecs(shape)
      return "json.map(\(key).self, \(value).self, \(property), \(label))"
    }
  }

  /// A function that reads; `opening` goes up to its first parameters.
  private func emitReader(
    _ opening: String, into text: inout SourceText, _ body: (inout SourceText) -> Void
  ) {
    text.line(opening)
    text.indented { $0.line("from json: inout ProtoWire.ProtoJSONReader") }
    text.block(") throws(ProtoWire.ProtoJSONError)", body)
  }

  /// The fields of a type with a form of its own are never asked for, nor are there any to read in a
  /// message without fields.
  private func emitFieldReader(into text: inout SourceText) {
    let isPlain = wellKnownForm == nil && !shapes.isEmpty
    emitReader("package mutating func readJSON(field number: Swift.Int32,", into: &text) { text in
      guard isPlain else { return text.line("throw json.fail(.unknownField)") }
      text.line("switch number {")
      for shape in shapes { emitRead(shape, into: &text) }
      text.line("default: throw json.fail(.unknownField)")
      text.line("}")
    }
  }

  private func emitRead(_ shape: FieldShape, into text: inout SourceText) {
    let pattern = "case \(shape.field.number):"
    let property = "&self.\(shape.name)"
    switch shape.storage {
    case .plain, .optional, .message:
      text.line("\(pattern) try json.read(\(shape.codec).self, into: \(property))")
    case .boxed:
      text.switchCase(
        "\(shape.field.number)", "try json.chargeBox(\(shape.elementType).self)",
        "try json.read(\(shape.codec).self, into: \(property))")
    case .repeated:
      text.line("\(pattern) try json.readArray(\(shape.codec).self, into: \(property))")
    case .map:
      let (key, value) = mapCodecs(shape)
      text.line("\(pattern) try json.readMap(\(key).self, \(value).self, into: \(property))")
    case .oneofMember:
      let oneof = "self.\(shape.oneofName ?? "")"
      text.line(pattern)
      text.indented { text in
        if shape.isMessage, shape.field.isRecursive {
          text.line("try json.chargeBox(\(shape.elementType).self)")
        }
        text.line("let value = try json.readMember(\(shape.codec).self, isSet: \(oneof) != nil)")
        text.line("if let value { \(oneof) = .\(shape.name)(value) }")
      }
    }
  }
}

/// The text as a Swift string literal.
func swiftLiteral(_ text: String) -> String {
  var literal = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": literal += "\\\(scalar)"
    case "\0": literal += "\\0"
    case _ where scalar.value < 0x20 || scalar.value == 0x7F:
      literal += "\\u{\(String(scalar.value, radix: 16))}"
    default: literal.unicodeScalars.append(scalar)
    }
  }
  return literal + "\""
}
