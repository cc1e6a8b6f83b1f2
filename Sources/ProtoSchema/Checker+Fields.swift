// Rules about fields: types, maps, packing, JSON names.

extension Checker {
  /// Checks a field; a map field comes with its entry message.
  mutating func check(_ node: FieldNode, in scope: String) -> (Field, entry: Message?) {
    switch node.type {
    case .map(let key, let value, _): checkMap(node, key: key, value: value, in: scope)
    case .named(let name): (checkPlain(node, fieldType(name, in: scope)), nil)
    }
  }

  private func checkPlain(_ node: FieldNode, _ type: FieldType) -> Field {
    let jsonName = customJSONName(node) ?? node.name.value.jsonName
    let options = check(node.options, of: .field)
    checkFieldOptions(options, node, type)
    return Field(
      name: node.name.value, jsonName: jsonName, number: number(of: node), type: type,
      cardinality: cardinality(node, type, options), oneofIndex: node.oneofIndex,
      isProto3Optional: node.label == .optional, isRecursive: false, options: options,
      comment: node.comment)
  }

  /// The type a name stands for: a keyword, or a declared type. After a report, a stand-in.
  private mutating func fieldType(_ name: Name, in scope: String) -> FieldType {
    if let scalar = ScalarType(keyword: name.value) { return .scalar(scalar) }
    guard let symbol = resolve(name, in: scope, expecting: "type") else { return .scalar(.bytes) }
    switch symbol.kind {
    case .message: return .message(symbol.fullName)
    case .enumeration: return .enumeration(symbol.fullName)
    default:
      error(name.range, "`\(name.value)` is \(symbol.kind.rawValue), not a type")
      return .scalar(.bytes)
    }
  }

  private func cardinality(
    _ node: FieldNode, _ type: FieldType, _ options: OptionValues
  ) -> Cardinality {
    if node.label == .repeated {
      return .repeated(isPacked: type.isPackable && options.bool("packed") ?? true)
    }
    if case .message = type { return .optional }
    return node.label == .optional || node.oneofIndex != nil ? .optional : .implicit
  }

  /// The number of a field; after a report, 1.
  private func number(of node: FieldNode) -> Int32 {
    let range = node.number.range
    guard let value = node.number.value, value <= 536_870_911 else {
      error(range, "field numbers end at 536870911")
      return 1
    }
    if value == 0 {
      error(range, "field numbers start at 1")
      return 1
    }
    if (19_000...19_999).contains(value) {
      error(range, "the numbers 19000 to 19999 are reserved for protobuf itself")
    }
    return Int32(value)
  }

  /// The name that `json_name` sets. It looks like an option and is none.
  private func customJSONName(_ node: FieldNode) -> String? {
    var result: String?
    for option in node.options where option.name.value == "json_name" {
      guard case .string(let bytes) = option.value.value else {
        error(option.value.range, "`json_name` takes a string")
        continue
      }
      guard result == nil else {
        error(option.name.range, "`json_name` is set twice")
        continue
      }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        error(option.value.range, "the JSON name is not UTF-8")
        continue
      }
      result = name
    }
    return result
  }
}

// Maps.
extension Checker {
  private mutating func checkMap(
    _ node: FieldNode, key: Name, value: Name, in scope: String
  ) -> (Field, entry: Message?) {
    let entryName = node.name.value.mapEntryName
    let entryFullName = "\(scope).\(entryName)"
    let keyType = mapKey(key)
    // References from the entry are made from its own scope, inside the message's.
    let valueType = fieldType(value, in: entryFullName)
    let options = check(node.options, of: .field)
    checkFieldOptions(options, node, .message(entryFullName))
    let field = Field(
      name: node.name.value, jsonName: customJSONName(node) ?? node.name.value.jsonName,
      number: number(of: node), type: .message(entryFullName),
      cardinality: .map(key: keyType, value: valueType), oneofIndex: nil, isProto3Optional: false,
      isRecursive: false, options: options, comment: node.comment)
    let entry = Message(
      name: entryName, fullName: entryFullName,
      fields: [
        .ofMapEntry("key", 1, .scalar(keyType)), .ofMapEntry("value", 2, valueType),
      ], oneofs: [], messages: [], enums: [], isMapEntry: true, reservedRanges: [],
      reservedNames: [], syntheticOneofNames: [],
      options: OptionValues(entries: [.init(name: "map_entry", number: 7, value: .bool(true))]),
      comment: .none)
    return (field, entry)
  }

  private func mapKey(_ name: Name) -> ScalarType {
    let type = ScalarType(keyword: name.value)
    switch type {
    case .double, .float, .bytes, nil:
      error(
        name.range, "`\(name.value)` cannot be the key of a map",
        hint: "keys are integers, bool or string")
      return .string
    case .some(let type): return type
    }
  }
}

// Rules among the fields of a message, and options that depend on the type.
extension Checker {
  /// Options that only some field types take.
  private func checkFieldOptions(_ options: OptionValues, _ node: FieldNode, _ type: FieldType) {
    func range(_ name: String) -> SourceRange {
      node.options.first { $0.name.value == name }?.name.range ?? node.name.range
    }
    if options.bool("packed") == true, node.label != .repeated || !type.isPackable {
      error(
        range("packed"), "`packed` is only for repeated numbers, bools and enums",
        hint: "remove the option")
    }
    for name in ["lazy", "unverified_lazy"] where options.bool(name) == true {
      guard case .message = type else {
        error(range(name), "`\(name)` is only for fields of a message type")
        continue
      }
    }
    guard case .enumeration(let mode, let number)? = options["jstype"], number != 0 else { return }
    if case .scalar(let scalar) = type, scalar.is64Bit { return }
    error(
      range("jstype"), "`jstype = \(mode)` is only for 64-bit integers", hint: "remove the option")
  }

  func checkNumbers(of fields: [FieldNode], _ reserved: ReservedNumbers) {
    let taken = Set(fields.compactMap(\.number.value))
    var users: [UInt64: String] = [:]
    for field in fields {
      guard let number = field.number.value else { continue }
      if let other = users[number] {
        if reporter.isFull { return }
        let free = (1...UInt64(fields.count + 1)).first {
          !taken.contains($0) && !reserved.contains(Int64($0))
        }
        error(
          field.number.range, "number \(number) is already used by field `\(other)`",
          hint: free.map { "the next free number is \($0)" })
      } else {
        users[number] = field.name.value
      }
      if reserved.contains(Int64(clamping: number)) {
        error(
          field.number.range, "number \(number) is reserved in this message",
          hint: "reserved numbers belonged to fields that were removed: choose another")
      }
    }
  }

  func checkReservedNames(_ names: [Name], _ reserved: [Name], of what: String) {
    let reservedNames = Set(reserved.map(\.value))
    for name in names where reservedNames.contains(name.value) {
      error(
        name.range, "the name `\(name.value)` is reserved in this \(what)",
        hint: "reserved names belonged to something that was removed: choose another")
    }
  }

  /// JSON names must differ, those that the rules give (even without regard to case) and those that
  /// `json_name` sets.
  func checkJSONNames(_ fields: [Field], _ nodes: [FieldNode]) {
    var byRule: [String: Field] = [:]
    var inEffect: [String: Field] = [:]
    for (field, node) in zip(fields, nodes) {
      if let other = byRule[field.name.confusableName] {
        let same = other.name.jsonName == field.name.jsonName
        error(
          node.name.range,
          "fields `\(other.name)` and `\(field.name)` have \(same ? "the same JSON name" : "JSON names that differ in case only")",
          hint: "JSON names are lowerCamelCase: rename one of the two")
        continue
      }
      byRule[field.name.confusableName] = field
      if let other = inEffect[field.jsonName] {
        error(
          node.name.range,
          "fields `\(other.name)` and `\(field.name)` have the same JSON name `\(field.jsonName)`",
          hint: "change `json_name` of one of the two")
        continue
      }
      inEffect[field.jsonName] = field
    }
  }
}

extension Field {
  /// A field of the implicit entry message of a map.
  fileprivate static func ofMapEntry(_ name: String, _ number: Int32, _ type: FieldType) -> Field {
    Field(
      name: name, jsonName: name, number: number, type: type, cardinality: .optional,
      oneofIndex: nil, isProto3Optional: false, isRecursive: false, options: .none, comment: .none)
  }
}

extension ScalarType {
  private static let byKeyword = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.keyword, $0) })

  init?(keyword: String) {
    guard let type = Self.byKeyword[keyword] else { return nil }
    self = type
  }

  var is64Bit: Bool {
    switch self {
    case .int64, .uint64, .sint64, .fixed64, .sfixed64: true
    default: false
    }
  }
}

extension FieldType {
  /// True when a repeated field of this type can be packed.
  var isPackable: Bool {
    switch self {
    case .scalar(let scalar): scalar != .string && scalar != .bytes
    case .enumeration: true
    case .message: false
    }
  }
}
