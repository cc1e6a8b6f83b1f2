// A message as a Swift struct: stored properties, initialisers, nested types. How it is coded is in
// MessageEmitter+Codec.swift.

import ProtoSchema

/// Emits one message and everything declared inside it.
struct MessageEmitter {
  let message: Message
  let names: NameTable
  let members: MessageNames
  /// In order of declaration.
  let shapes: [FieldShape]

  init(_ message: Message, names: NameTable) {
    self.message = message
    self.names = names
    let members = names.members(of: message)
    self.members = members
    shapes = zip(message.fields, members.fields).map { field, name in
      FieldShape(
        field, name: name, oneofName: field.oneofIndex.map { members.oneofs[$0] }, names: names)
    }
  }

  var typeName: String { names.type(message.fullName) }

  /// Adds the struct to the text.
  func emit(into text: inout SourceText) {
    text.documentation(documentation(message.comment, message.options, orElse: message.fullName))
    text.block(
      "package struct \(names.declaredName(message.fullName)): ProtoWire.ProtoJSONMessage"
    ) { text in
      text.line("package static var protoName: Swift.String { \"\(message.fullName)\" }")
      text.line()
      for property in properties { emit(property, into: &text) }
      text.line("package var unknownFields = ProtoWire.UnknownFields()")
      text.line()
      emitInitialisers(into: &text)
      emitCodec(into: &text)
      text.line()
      emitJSON(into: &text)
      emitNestedTypes(into: &text)
    }
  }

  /// A property of the struct: a field, or a oneof where its first member stands.
  private enum Property {
    case field(FieldShape)
    case oneof(Int)
  }

  private var properties: [Property] {
    var seen: Set<Int> = []
    return shapes.compactMap { shape in
      guard let oneof = shape.field.oneofIndex else { return .field(shape) }
      return seen.insert(oneof).inserted ? .oneof(oneof) : nil
    }
  }

  private func emit(_ property: Property, into text: inout SourceText) {
    switch property {
    case .field(let shape):
      let field = shape.field
      text.documentation(documentation(field.comment, field.options, orElse: "`\(field.name)`"))
      if shape.storage == .boxed {
        emitBoxed(shape, into: &text)
      } else {
        text.line("package var \(shape.name): \(shape.propertyType)")
      }
    case .oneof(let index):
      let oneof = message.oneofs[index]
      text.documentation(documentation(oneof.comment, .none, orElse: "`\(oneof.name)`"))
      text.line("package var \(members.oneofs[index]): \(oneofType(index))?")
    }
  }

  /// A struct cannot contain itself, so a recursive field lives on the heap, in an array of one element
  /// or none: an array lends its elements where a class would have its reference counted each time.
  private func emitBoxed(_ shape: FieldShape, into text: inout SourceText) {
    text.block("package var \(shape.name): \(shape.propertyType)") { text in
      text.line("get { self.\(boxName(shape)).first }")
      text.line("set { self.\(boxName(shape)) = newValue.map { [$0] } ?? [] }")
    }
    text.line("private var \(boxName(shape)): [\(shape.elementType)]")
  }

  /// No lowerCamelCase name has an underscore inside, so this one is free.
  func boxName(_ shape: FieldShape) -> String { "box_of_\(shape.field.name)" }

  private func emitInitialisers(into text: inout SourceText) {
    text.line("package init() { \(properties.isEmpty ? "" : "self.init(\(firstArgument)) ")}")
    text.line()
    guard !properties.isEmpty else { return }
    text.line("package init(")
    text.indented { text in
      for (index, property) in properties.enumerated() {
        let comma = index + 1 < properties.count ? "," : ""
        text.line("\(parameter(property))\(comma)")
      }
    }
    text.block(")") { text in
      for property in properties {
        switch property {
        case .field(let shape):
          let isBoxed = shape.storage == .boxed
          let value = isBoxed ? "\(shape.name).map { [$0] } ?? []" : shape.name
          text.line("self.\(isBoxed ? boxName(shape) : shape.name) = \(value)")
        case .oneof(let index):
          text.line("self.\(members.oneofs[index]) = \(members.oneofs[index])")
        }
      }
    }
    text.line()
  }

  /// The first argument spelled out: `init()` must not call itself.
  private var firstArgument: String {
    switch properties.first {
    case .field(let shape): "\(SwiftName.label(shape.name)): \(shape.defaultValue)"
    case .oneof(let index): "\(SwiftName.label(members.oneofs[index])): nil"
    case nil: ""
    }
  }

  private func parameter(_ property: Property) -> String {
    switch property {
    case .field(let shape): "\(shape.name): \(shape.propertyType) = \(shape.defaultValue)"
    case .oneof(let index): "\(members.oneofs[index]): \(oneofType(index))? = nil"
    }
  }

  /// The qualified type of a oneof's enum.
  func oneofType(_ index: Int) -> String { "\(typeName).\(members.oneofTypes[index])" }

  private func emitNestedTypes(into text: inout SourceText) {
    for index in message.oneofs.indices {
      text.line()
      emitOneof(index, into: &text)
    }
    for type in message.enums {
      text.line()
      EnumEmitter(type, names: names).emit(into: &text)
    }
    for nested in message.messages where !nested.isMapEntry {
      text.line()
      MessageEmitter(nested, names: names).emit(into: &text)
    }
  }

  private func emitOneof(_ index: Int, into text: inout SourceText) {
    let oneof = message.oneofs[index]
    text.documentation(documentation(oneof.comment, .none, orElse: "The cases of `\(oneof.name)`."))
    let name = members.oneofTypes[index]
    text.block("package enum \(name): Swift.Sendable, Swift.Equatable") { text in
      for shape in shapes where shape.field.oneofIndex == index {
        let field = shape.field
        text.documentation(documentation(field.comment, field.options, orElse: "`\(field.name)`"))
        let indirect = field.isRecursive ? "indirect " : ""
        text.line("\(indirect)case \(shape.name)(\(shape.elementType))")
      }
    }
  }

  private func documentation(
    _ comment: Comment, _ options: OptionValues, orElse name: String
  ) -> [String] {
    (comment.lines.isEmpty ? [name] : comment.lines) + options.deprecationLines
  }
}
