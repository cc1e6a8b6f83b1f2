// The JSON form of a message: one line per field in order of declaration, and the well-known types
// whose JSON is a form of their own.

import ProtoSchema

extension MessageEmitter {
  func emitJSON(into text: inout SourceText) {
    text.block("package func writeJSON(into json: inout ProtoWire.ProtoJSONWriter)") { text in
      if let statements = wellKnownStatements {
        for statement in statements { text.line(statement) }
        return
      }
      text.line("json.beginObject()")
      for shape in shapes { text.line(jsonStatement(shape)) }
      text.line("json.endObject()")
    }
  }

  private func jsonStatement(_ shape: FieldShape) -> String {
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

  /// The statements for a type with a JSON form of its own, nil for any other.
  private var wellKnownStatements: [String]? {
    switch message.fullName {
    case "google.protobuf.Timestamp": ["json.timestamp(seconds: self.seconds, nanos: self.nanos)"]
    case "google.protobuf.Duration": ["json.duration(seconds: self.seconds, nanos: self.nanos)"]
    case "google.protobuf.FieldMask": ["json.fieldMask(self.paths)"]
    case "google.protobuf.Any":
      ["ProtoRegistry.writeAny(self.typeUrl, self.value, into: &json)"]
    case "google.protobuf.Struct":
      shapes.first.map(mapCodecs).map { ["json.object(\($0).self, \($1).self, self.fields)"] }
    case "google.protobuf.ListValue":
      shapes.first.map { ["json.array(\($0.codec).self, self.values)"] }
    case "google.protobuf.Value": valueStatements
    case let name where MessageEmitter.wrappers.contains(name):
      shapes.first.map { ["\($0.codec).writeJSON(self.value, into: &json)"] }
    default: nil
    }
  }

  /// `google.protobuf.Value` is whichever kind it holds; null when it holds none.
  private var valueStatements: [String] {
    ["switch self.kind {"]
      + shapes.map { shape in
        "case .\(shape.name)(let value)?: \(shape.codec).writeJSON(value, into: &json)"
      } + ["case nil: json.literal(\"null\")", "}"]
  }

  private static let wrappers = Set(
    ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"]
      .map { "google.protobuf.\($0)Value" })
}

/// The text as a Swift string literal.
func swiftLiteral(_ text: String) -> String {
  var literal = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": literal += "\\\(scalar)"
    case _ where scalar.value < 0x20 || scalar.value == 0x7F:
      literal += "\\u{\(String(scalar.value, radix: 16))}"
    default: literal.unicodeScalars.append(scalar)
    }
  }
  return literal + "\""
}
