// Syntax tree to schema, one file at a time: resolves references and applies the language's rules.
// This file holds the file level, references and messages; fields, enums and services follow in
// extensions.

/// Checks one file. Everything it imports has been checked before.
struct Checker {
  let source: SourceText
  let node: FileNode
  let imports: [Int]
  /// The checked files before this one, at their positions in the symbol table.
  let earlier: [SchemaFile]
  /// The position of the file in the symbol table.
  let index: Int
  let symbols: SymbolTable
  let reporter: Reporter
  /// Files to which a reference led, to find unused imports.
  var usedFiles: Set<Int> = []

  init(file: LoadedFile, after earlier: [SchemaFile], symbols: SymbolTable, reporter: Reporter) {
    self.earlier = earlier
    index = earlier.count
    source = file.source
    node = file.node
    imports = file.imports
    self.symbols = symbols
    self.reporter = reporter
  }

  mutating func check() -> SchemaFile {
    let package = node.package?.value ?? ""
    let errorsBefore = reporter.errorCount
    var messages: [Message] = []
    for message in node.messages { messages.append(check(message, in: package)) }
    var services: [Service] = []
    for service in node.services { services.append(check(service, in: package)) }
    let enums = node.enums.map { check($0, in: package) }
    RecursiveFields.mark(&messages)
    // A reference that failed may be the one that would have used the import.
    if reporter.errorCount == errorsBefore { warnAboutUnusedImports() }
    let options = check(node.options, of: .file)
    checkLite(options)
    return SchemaFile(
      name: source.path, package: package,
      imports: node.imports.map { .init(path: $0.path.value, isPublic: $0.isPublic) },
      messages: messages, enums: enums, services: services,
      options: options, comment: node.comment)
  }

  /// Code for the lite runtime cannot serve code for the full one.
  private func checkLite(_ options: OptionValues) {
    if options.isLite {
      guard let service = node.services.first else { return }
      for name in ["cc_generic_services", "java_generic_services"] where options.bool(name) == true
      {
        error(
          service.name.range, "a file with `optimize_for = LITE_RUNTIME` cannot declare services",
          hint: "remove `\(name)` or `optimize_for`")
      }
      return
    }
    for (node, target) in zip(node.imports, imports) where earlier[target].options.isLite {
      error(
        node.path.range,
        "the imported file has `optimize_for = LITE_RUNTIME`, but this file does not",
        hint: "set it in both files or in none")
    }
  }

  func error(_ range: SourceRange, _ message: String, hint: String? = nil) {
    reporter.error(range, in: source, message, hint: hint)
  }

  private func warnAboutUnusedImports() {
    for (node, target) in zip(node.imports, imports) where !node.isPublic {
      guard symbols.exported[target].isDisjoint(with: usedFiles) else { continue }
      reporter.warning(
        node.path.range, in: source, "the import `\(node.path.value)` is not used",
        hint: "remove the line")
    }
  }
}

// References.
extension Checker {
  /// The symbol a reference means; nil, with a report, when it means none.
  mutating func resolve(
    _ name: Name, in scope: String, expecting what: String, amongTypes: Bool = true
  ) -> Symbol? {
    switch symbols.resolve(name.value, in: scope, from: index, amongTypes: amongTypes) {
    case .found(let symbol):
      usedFiles.insert(symbol.file)
      return symbol
    case .notImported(let symbol):
      error(
        name.range, "`\(name.value)` is declared in a file that is not imported",
        hint: "add `import \"\(symbols.path(symbol.file))\";`")
    case .hidden(let fullName):
      var hint: String?
      if case .found = symbols.resolve(".\(name.value)", in: "", from: index, amongTypes: true) {
        hint = "the innermost scope is searched first: write `.\(name.value)`"
      }
      error(
        name.range, "`\(name.value)` means `\(fullName)` here, which does not exist", hint: hint)
    case .missing:
      error(name.range, "there is no \(what) `\(name.value)`", hint: nearMiss(name, scope))
    }
    return nil
  }

  private func nearMiss(_ name: Name, _ scope: String) -> String? {
    // The search is slow in large schemas, and many missing names have one cause.
    guard reporter.errorCount < 20 else { return nil }
    let names = symbols.typeNames(visibleFrom: source.path)
    let scalars = ScalarType.allCases.map(\.keyword)
    if let scalar = name.value.nearest(in: scalars) { return "did you mean `\(scalar)`?" }
    if let alias = Self.foreignScalars[name.value] { return "the type is called `\(alias)`" }
    // Names near by are usually written without their package.
    var shortNames: [String: String] = [:]
    for fullName in names.prefix(2000) {
      shortNames[
        String(fullName[(fullName.lastIndex(of: ".") ?? fullName.startIndex)...])
          .trimmingDot] = fullName
    }
    let short = name.value.split(separator: ".").last.map(String.init) ?? name.value
    guard let near = short.nearest(in: shortNames.keys.sorted()), let full = shortNames[near]
    else { return nil }
    return "did you mean `\(near == short ? full : near)`?"
  }

  /// What newcomers from other languages write, and what they mean.
  private static let foreignScalars = [
    "int": "int32", "long": "int64", "uint": "uint32", "short": "int32", "byte": "bytes",
    "boolean": "bool", "str": "string", "text": "string", "real": "double", "i32": "int32",
    "i64": "int64", "u32": "uint32", "u64": "uint64", "f32": "float", "f64": "double",
  ]
}

extension String {
  /// The text without a dot at its start.
  fileprivate var trimmingDot: String { hasPrefix(".") ? String(dropFirst()) : self }
}

// Messages.
extension Checker {
  mutating func check(_ node: MessageNode, in scope: String) -> Message {
    let fullName = scope.isEmpty ? node.name.value : "\(scope).\(node.name.value)"
    var fields: [Field] = []
    var messages: [Message] = []
    var enums: [EnumType] = []
    var fieldNodes: [FieldNode] = []
    for element in node.elements {
      switch element {
      case .field(let field):
        let (checked, entry) = check(field, in: fullName)
        if let entry { messages.append(entry) }
        fields.append(checked)
        fieldNodes.append(field)
      case .message(let nested): messages.append(check(nested, in: fullName))
      case .enumeration(let nested): enums.append(check(nested, in: fullName))
      }
    }
    let reserved = checkReserved(node.reserved, within: .fieldNumbers)
    checkNumbers(of: fieldNodes, reserved)
    checkReservedNames(fieldNodes.map(\.name), node.reserved.names, of: "message")
    checkJSONNames(fields, fieldNodes)
    return Message(
      name: node.name.value, fullName: fullName, fields: fields,
      oneofs: checkOneofs(node, fieldNodes), messages: messages, enums: enums, isMapEntry: false,
      reservedRanges: reserved.ranges, reservedNames: node.reserved.names.map(\.value),
      syntheticOneofNames: node.syntheticOneofs.map(\.name),
      options: check(node.options, of: .message), comment: node.comment)
  }

  private func checkOneofs(_ node: MessageNode, _ fields: [FieldNode]) -> [Oneof] {
    var used: Set<Int> = []
    for field in fields { if let index = field.oneofIndex { used.insert(index) } }
    return node.oneofs.enumerated().map { index, oneof in
      if !used.contains(index) {
        error(oneof.name.range, "oneof `\(oneof.name.value)` has no fields")
      }
      return Oneof(
        name: oneof.name.value, options: check(oneof.options, of: .oneof), comment: oneof.comment)
    }
  }
}

extension OptionValues {
  fileprivate var isLite: Bool {
    if case .enumeration("LITE_RUNTIME", _)? = self["optimize_for"] { return true }
    return false
  }
}
