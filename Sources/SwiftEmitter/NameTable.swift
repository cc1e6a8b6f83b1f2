// Every generated Swift name, decided once for a whole schema, so that a declaration and its uses agree.

import ProtoSchema

/// The Swift names of a schema's types and of the members of its messages.
struct NameTable {
  /// By full name: `usher.v1.Show.Tier` → `Usher.V1.Show.Tier`.
  private var types: [String: String] = [:]
  /// By full name of the message: its members' names.
  private var members: [String: MessageNames] = [:]
  /// Outermost namespaces that some type inside is named like: `Booking` of `Booking.V1.Booking`.
  /// There the name means the type, so references go by an alias.
  private(set) var hiddenRoots: Set<String> = []

  init(_ schema: Schema) {
    var scopes: [String: Set<String>] = [:]
    for file in schema.files {
      let path = SwiftName.namespace(file.package)
      for depth in path.indices {
        scopes[path[..<depth].joined(separator: "."), default: []].insert(path[depth])
      }
    }
    for file in schema.files {
      let scope = SwiftName.namespace(file.package).joined(separator: ".")
      var taken = scopes[scope, default: []]
      declare(file.messages, file.enums, in: scope, taken: &taken)
      scopes[scope] = taken
    }
    let roots = Set(schema.files.compactMap { SwiftName.namespace($0.package).first })
    hiddenRoots = roots.intersection(
      types.values.compactMap { $0.split(separator: ".").last.map(String.init) })
  }

  /// The qualified Swift name of a message or enum, as it is referred to.
  func type(_ fullName: String) -> String { reference(types[fullName] ?? fullName) }

  /// A qualified Swift name as it is referred to from inside any namespace.
  func reference(_ qualified: String) -> String {
    guard let root = qualified.split(separator: ".").first.map(String.init),
      hiddenRoots.contains(root)
    else { return qualified }
    return NameTable.alias(ofRoot: root) + qualified.dropFirst(root.count)
  }

  /// Another name of an outermost namespace; no name of the schema ends like this.
  static func alias(ofRoot root: String) -> String { root + "_Root" }

  /// The last part of a type's Swift name.
  func declaredName(_ fullName: String) -> String {
    let qualified = type(fullName)
    return qualified.split(separator: ".").last.map(String.init) ?? qualified
  }

  /// The names inside a message.
  func members(of message: Message) -> MessageNames {
    members[message.fullName] ?? MessageNames(message, taken: [])
  }

  private mutating func declare(
    _ messages: [Message], _ enums: [EnumType], in scope: String, taken: inout Set<String>
  ) {
    let prefix = scope.isEmpty ? "" : scope + "."
    let declared = messages.filter { !$0.isMapEntry }
    let fullNames = declared.map(\.fullName) + enums.map(\.fullName)
    let names = SwiftName.unique(
      (declared.map(\.name) + enums.map(\.name)).map(SwiftName.type), taken: taken)
    taken.formUnion(names)
    for (fullName, name) in zip(fullNames, names) { types[fullName] = prefix + name }
    for message in declared {
      var inner: Set<String> = []
      declare(message.messages, message.enums, in: type(message.fullName), taken: &inner)
      members[message.fullName] = MessageNames(message, taken: inner)
    }
  }
}

/// The names of a message's stored properties and of its oneofs' types, as declared.
struct MessageNames {
  /// Per field, in the schema's order: the property, or for a member of a oneof the case.
  let fields: [String]
  /// Per oneof: the property.
  let oneofs: [String]
  /// Per oneof: the enum nested in the message.
  let oneofTypes: [String]

  init(_ message: Message, taken: Set<String>) {
    let plain = message.fields.indices.filter { message.fields[$0].oneofIndex == nil }
    let names = SwiftName.unique(
      plain.map { SwiftName.lowerCamel(message.fields[$0].name) }
        + message.oneofs.map { SwiftName.lowerCamel($0.name) },
      taken: MessageNames.reserved)
    var fields = message.fields.map { SwiftName.lowerCamel($0.name) }
    for (index, name) in zip(plain, names) { fields[index] = name }
    for oneof in message.oneofs.indices {
      let members = message.fields.indices.filter { message.fields[$0].oneofIndex == oneof }
      let cases = SwiftName.unique(members.map { fields[$0] }, taken: ["none", "some"])
      for (index, name) in zip(members, cases) { fields[index] = name }
    }
    self.fields = fields.map(SwiftName.declared)
    oneofs = names.dropFirst(plain.count).map(SwiftName.declared)
    oneofTypes = SwiftName.unique(
      message.oneofs.map { oneof in
        let name = SwiftName.upperCamel(oneof.name)
        return SwiftName.type(taken.contains(name) ? name + "Choice" : name)
      }, taken: taken)
  }

  /// Members that every message has.
  private static let reserved: Set<String> = [
    "unknownFields", "protoName", "encodedByteCount", "encode", "merge", "writeJSON", "readJSON",
    "jsonFields", "hasOwnJSONForm", "acceptsJSONNull", "jsonBytes", "canonicalJSONBytes",
    "protoBytes", "roundTrip", "envelope", "hashValue",
  ]
}
