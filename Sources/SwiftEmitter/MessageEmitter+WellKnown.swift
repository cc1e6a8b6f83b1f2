// The well-known types whose JSON is a form of their own: what to write and how to read it back.

import ProtoSchema

/// The bodies of the two functions of such a type.
struct WellKnownForm {
  let write: [String]
  let read: [String]
  /// True when null is a value of the type.
  var acceptsNull = false
}

extension MessageEmitter {
  /// The form of the message's type, nil when its JSON is an object of its fields.
  var wellKnownForm: WellKnownForm? {
    switch message.fullName {
    case "google.protobuf.Timestamp":
      WellKnownForm(
        write: ["json.timestamp(seconds: self.seconds, nanos: self.nanos)"],
        read: ["(self.seconds, self.nanos) = try json.timestamp()"])
    case "google.protobuf.Duration":
      WellKnownForm(
        write: ["json.duration(seconds: self.seconds, nanos: self.nanos)"],
        read: ["(self.seconds, self.nanos) = try json.duration()"])
    case "google.protobuf.FieldMask":
      WellKnownForm(
        write: ["json.fieldMask(self.paths)"], read: ["self.paths = try json.fieldMask()"])
    case "google.protobuf.Any":
      WellKnownForm(
        write: ["json.any(self.typeUrl, self.value, types: ProtoRegistry.types)"],
        read: ["(self.typeUrl, self.value) = try json.any(types: ProtoRegistry.types)"])
    case "google.protobuf.Value": valueForm
    case "google.protobuf.Struct", "google.protobuf.ListValue": containerForm
    case let name where MessageEmitter.wrappers.contains(name): wrapperForm
    default: nil
    }
  }

  private var containerForm: WellKnownForm? {
    guard let shape = shapes.first else { return nil }
    guard shape.storage == .map else {
      return WellKnownForm(
        write: ["json.array(\(shape.codec).self, self.\(shape.name))"],
        read: ["try json.readElements(\(shape.codec).self, into: &self.\(shape.name))"])
    }
    let (key, value) = mapCodecs(shape)
    return WellKnownForm(
      write: ["json.object(\(key).self, \(value).self, self.\(shape.name))"],
      read: ["try json.readEntries(\(key).self, \(value).self, into: &self.\(shape.name))"])
  }

  private var wrapperForm: WellKnownForm? {
    guard let shape = shapes.first else { return nil }
    return WellKnownForm(
      write: ["\(shape.codec).writeJSON(self.\(shape.name), into: &json)"],
      read: [
        "guard let value = try \(shape.codec).readJSON(from: &json) else { return }",
        "self.\(shape.name) = value",
      ])
  }

  /// `google.protobuf.Value` is whichever kind it holds; null when it holds none.
  private var valueForm: WellKnownForm {
    var write = ["switch self.kind {"]
    var read = ["switch try json.peek() {"]
    for shape in shapes {
      guard let kind = MessageEmitter.valueKinds[shape.field.name] else { continue }
      let statement =
        kind == "number"
        ? "json.valueNumber(value)" : "\(shape.codec).writeJSON(value, into: &json)"
      write.append("case .\(shape.name)(let value)?: \(statement)")
      let value = "try \(shape.codec).readJSON(from: &json)"
      read.append("case .\(kind): self.kind = \(value).map { .\(shape.name)($0) }")
    }
    write += ["case nil: json.literal(\"null\")", "}"]
    return WellKnownForm(write: write, read: read + ["}"], acceptsNull: true)
  }

  /// The fields of `google.protobuf.Value` and the kinds of JSON that they hold.
  private static let valueKinds = [
    "null_value": "null", "number_value": "number", "string_value": "string",
    "bool_value": "bool", "struct_value": "object", "list_value": "array",
  ]

  private static let wrappers = Set(
    ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"]
      .map { "google.protobuf.\($0)Value" })
}
