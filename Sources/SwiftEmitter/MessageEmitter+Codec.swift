// The three passes over a message's fields: sizes, writing, reading. Straight lines, one per field,
// in order of field numbers (backwards when writing).

import ProtoSchema

extension MessageEmitter {
  func emitCodec(into text: inout SourceText) {
    let ordered = shapes.sorted { $0.field.number < $1.field.number }
    text.block("package func encodedByteCount() -> Swift.Int") { text in
      text.line("\(ordered.isEmpty ? "let" : "var") count = self.unknownFields.encodedByteCount")
      for shape in ordered { text.line(sizeStatement(shape)) }
      text.line("return count")
    }
    text.line()
    text.block("package func encode(into writer: inout ProtoWire.ProtoWriter)") { text in
      text.line("self.unknownFields.encode(into: &writer)")
      for shape in ordered.reversed() { text.line(writeStatement(shape)) }
    }
    text.line()
    text.line("package mutating func merge(")
    text.indented { $0.line("from reader: inout ProtoWire.ProtoReader") }
    text.block(") throws(ProtoWire.ProtoDecodingError)") { text in
      text.block("while true") { text in
        text.line("let tag = try reader.nextTag()")
        text.line("switch tag {")
        text.line("case 0: return")
        for shape in ordered { emitRead(shape, into: &text) }
        text.line("default: try reader.keepUnknown(tag, in: &self.unknownFields)")
        text.line("}")
      }
    }
  }

  private func sizeStatement(_ shape: FieldShape) -> String {
    let property = "self.\(shape.name)"
    let tagBytes = shape.tagByteCount
    let one = "{ count += \(tagBytes) + \(shape.codec).byteCount(value) }"
    switch shape.storage {
    case .plain:
      return "if \(shape.isWritten(property)) "
        + "{ count += \(tagBytes) + \(shape.codec).byteCount(\(property)) }"
    case .optional, .message:
      return "if let value = \(property) \(one)"
    case .boxed:
      return "count += \(shape.codec).byteCount("
        + "repeated: self.\(boxName(shape)), tagByteCount: \(tagBytes))"
    case .oneofMember:
      return "if case .\(shape.name)(let value)? = self.\(shape.oneofName ?? "") \(one)"
    case .repeated(let isPacked):
      let label = isPacked ? "packed" : "repeated"
      return "count += \(shape.codec).byteCount(\(label): \(property), tagByteCount: \(tagBytes))"
    case .map:
      let (key, value) = mapCodecs(shape)
      return "count += \(key).byteCount(map: \(property), \(value).self, tagByteCount: \(tagBytes))"
    }
  }

  private func writeStatement(_ shape: FieldShape) -> String {
    let property = "self.\(shape.name)"
    let one = "{ writer.field(\(shape.codec).self, value, tag: \(shape.tag)) }"
    switch shape.storage {
    case .plain:
      return "if \(shape.isWritten(property)) "
        + "{ writer.field(\(shape.codec).self, \(property), tag: \(shape.tag)) }"
    case .optional, .message:
      return "if let value = \(property) \(one)"
    case .boxed:
      return "writer.messages(self.\(boxName(shape)), tag: \(shape.tag))"
    case .oneofMember:
      return "if case .\(shape.name)(let value)? = self.\(shape.oneofName ?? "") \(one)"
    case .repeated(isPacked: true):
      return "writer.packed(\(shape.codec).self, \(property), tag: \(shape.packedTag))"
    case .repeated(isPacked: false) where shape.isMessage:
      return "writer.messages(\(property), tag: \(shape.tag))"
    case .repeated(isPacked: false):
      return "writer.repeated(\(shape.codec).self, \(property), tag: \(shape.tag))"
    case .map:
      let (key, value) = mapCodecs(shape)
      return "writer.map(\(key).self, \(value).self, \(property), tag: \(shape.tag))"
    }
  }

  private func emitRead(_ shape: FieldShape, into text: inout SourceText) {
    let property = "self.\(shape.name)"
    let codec = shape.codec
    switch shape.storage {
    case .plain, .optional:
      text.line("case \(shape.tag): \(property) = try reader.read(\(codec).self)")
    case .message:
      text.line("case \(shape.tag): try reader.merge(into: &\(property))")
    case .boxed:
      // The property is emptied meanwhile: were the value shared, merging would copy it each time.
      let box = "self.\(boxName(shape))"
      text.switchCase(
        "\(shape.tag)", "try reader.chargeBox(\(shape.elementType).self)",
        "var value = \(box).first ?? \(shape.elementType)()", "\(box) = []",
        "try reader.merge(into: &value)", "\(box) = [value]")
    case .repeated:
      text.line("case \(shape.tag): try reader.append(\(codec).self, to: &\(property))")
      if shape.isPackable {
        text.switchCase(
          "\(shape.packedTag)", "try reader.appendPacked(\(codec).self, to: &\(property))")
      }
    case .map:
      let (key, value) = mapCodecs(shape)
      text.line("case \(shape.tag):")
      text.indented { text in
        text.line("try reader.appendEntry(")
        text.line("  \(key).self, \(value).self, to: &\(property), unknown: &self.unknownFields)")
      }
    case .oneofMember: emitReadOfOneof(shape, into: &text)
    }
  }

  private func emitReadOfOneof(_ shape: FieldShape, into text: inout SourceText) {
    let oneof = "self.\(shape.oneofName ?? "")"
    guard shape.isMessage else {
      text.line(
        "case \(shape.tag): \(oneof) = .\(shape.name)(try reader.read(\(shape.codec).self))")
      return
    }
    text.line("case \(shape.tag):")
    text.indented { text in
      if shape.field.isRecursive { text.line("try reader.chargeBox(\(shape.elementType).self)") }
      text.line("var value = \(shape.elementType)()")
      text.line("if case .\(shape.name)(let earlier)? = \(oneof) { value = earlier }")
      text.line("\(oneof) = nil")
      text.line("try reader.merge(into: &value)")
      text.line("\(oneof) = .\(shape.name)(value)")
    }
  }

  /// The codecs of a map field's keys and values.
  func mapCodecs(_ shape: FieldShape) -> (key: String, value: String) {
    guard let (key, value) = shape.mapTypes else { return ("", "") }
    return (shape.codec(key), shape.codec(value))
  }
}
