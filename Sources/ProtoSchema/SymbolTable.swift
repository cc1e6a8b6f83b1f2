// All names of a compilation: who declares them, and what a reference means by protobuf's scoping
// rules. It does not look into declarations.

/// What a full name stands for.
struct Symbol: Sendable {
  enum Kind: String, Sendable {
    case package = "a package"
    case message = "a message"
    /// The message implied by a map field; nothing may refer to it.
    case mapEntry = "the entry type of a map"
    case enumeration = "an enum"
    case enumValue = "an enum value"
    case field = "a field"
    case oneof = "a oneof"
    case service = "a service"
    case method = "a method"

    var isType: Bool { self == .message || self == .enumeration || self == .mapEntry }
    /// True for what may contain other names that a reference can go on to.
    var isScope: Bool { self == .package || self == .service || isType }
  }

  let kind: Kind
  let fullName: String
  /// Position in the list of loaded files.
  let file: Int
  let range: SourceRange
}

/// The names of all files, built once; lookups say from which file they are made.
struct SymbolTable {
  /// What a reference leads to.
  enum Resolution {
    case found(Symbol)
    /// Declared by a file that the referring one does not import.
    case notImported(Symbol)
    /// The first part leads to this name, where search ends by the language's rules.
    case hidden(String)
    case missing
  }

  private let files: [LoadedFile]
  private let reporter: Reporter
  private var symbols: [String: Symbol] = [:]
  private var packages: [String: Set<Int>] = [:]
  /// For each file, the files whose names it sees: itself, its imports, and what those re-export.
  private var visible: [Set<Int>] = []
  /// For each file, itself and what it re-exports by `import public`.
  private(set) var exported: [Set<Int>] = []

  init(files: [LoadedFile], reporter: Reporter) {
    self.files = files
    self.reporter = reporter
    for (index, file) in files.enumerated() {
      computeVisibility(of: file, index)
      declare(file, index)
    }
  }

  /// The path of a file by its position.
  func path(_ file: Int) -> String { files[file].source.path }

  /// All type names that a file can use, to search for near misses.
  func typeNames(visibleFrom file: String) -> [String] {
    guard let index = files.firstIndex(where: { $0.source.path == file }) else { return [] }
    return symbols.values.filter { $0.kind.isType && visible[index].contains($0.file) }
      .map(\.fullName).sorted()
  }

  private mutating func computeVisibility(of file: LoadedFile, _ index: Int) {
    var seen: Set = [index]
    var reexported: Set = [index]
    // Imports that failed are missing from the list, but then no symbol table is built.
    for (node, target) in zip(file.node.imports, file.imports) {
      seen.formUnion(exported[target])
      if node.isPublic { reexported.formUnion(exported[target]) }
    }
    visible.append(seen)
    exported.append(reexported)
  }
}

// Lookup.
extension SymbolTable {
  /// Resolves a type reference.
  ///
  /// - Parameters:
  ///   - name: As written; with a leading dot it is a full name.
  ///   - scope: The full name of the message or service that contains the reference.
  ///   - file: The position of the referring file.
  ///   - amongTypes: Whether names of other things than types are passed over, as for fields.
  func resolve(
    _ name: String, in scope: String, from file: Int, amongTypes: Bool
  ) -> Resolution {
    if name.hasPrefix(".") { return lookUp(String(name.dropFirst()), from: file) }
    let first = String(name.prefix { $0 != "." })
    let isDotted = first.utf8.count < name.utf8.count
    var stranger: Symbol?
    var scope = scope[...]
    while !scope.isEmpty {
      switch lookUp("\(scope).\(first)", from: file) {
      case .found(let symbol):
        if isDotted, symbol.kind.isScope {
          let full = lookUp("\(scope).\(name)", from: file)
          if case .missing = full { return .hidden("\(scope).\(name)") }
          return full
        }
        if !isDotted, symbol.kind.isType || !amongTypes { return .found(symbol) }
      case .notImported(let symbol): stranger = stranger ?? symbol
      case .hidden, .missing: break
      }
      scope = scope.lastIndex(of: ".").map { scope[..<$0] } ?? ""
    }
    if case .found(let symbol) = lookUp(name, from: file) { return .found(symbol) }
    if case .notImported(let symbol) = lookUp(name, from: file) { stranger = stranger ?? symbol }
    if let stranger, !isDotted || stranger.fullName.hasSuffix(name) {
      return .notImported(stranger)
    }
    return .missing
  }

  private func lookUp(_ fullName: String, from file: Int) -> Resolution {
    if let symbol = symbols[fullName] {
      return visible[file].contains(symbol.file) ? .found(symbol) : .notImported(symbol)
    }
    if let owners = packages[fullName], !owners.isDisjoint(with: visible[file]) {
      return .found(
        Symbol(
          kind: .package, fullName: fullName, file: file,
          range: SourceRange(start: 0, end: 0)))
    }
    return .missing
  }
}

// Declaration.
extension SymbolTable {
  private mutating func declare(_ file: LoadedFile, _ index: Int) {
    let package = file.node.package?.value ?? ""
    if let name = file.node.package { declarePackage(name, index) }
    for message in file.node.messages { declare(message, in: package, index) }
    for type in file.node.enums { declare(type, in: package, index) }
    for service in file.node.services {
      let fullName = declare(service.name, .service, in: package, index)
      for method in service.methods { declare(method.name, .method, in: fullName, index) }
    }
  }

  private mutating func declarePackage(_ name: Name, _ file: Int) {
    var prefix = ""
    guard name.value.utf8.count(where: { $0 == UInt8(ascii: ".") }) < Limits.packageDepth else {
      return reporter.error(
        name.range, in: files[file].source,
        "the package's name has more than \(Limits.packageDepth) parts")
    }
    guard name.value.utf8.count <= Limits.packageBytes else {
      return reporter.error(
        name.range, in: files[file].source,
        "the package's name has more than \(Limits.packageBytes) bytes")
    }
    for part in name.value.split(separator: ".") {
      prefix += prefix.isEmpty ? String(part) : ".\(part)"
      if let other = symbols[prefix] {
        reporter.error(
          name.range, in: files[file].source,
          "package `\(prefix)` has the name of \(other.kind.rawValue) in `\(path(other.file))`",
          hint: "rename one of the two")
      }
      packages[prefix, default: []].insert(file)
    }
  }

  private mutating func declare(_ message: MessageNode, in scope: String, _ file: Int) {
    let fullName = declare(message.name, .message, in: scope, file)
    var members = message.oneofs.map { (name: $0.name, kind: Symbol.Kind.oneof) }
    for case .field(let field) in message.elements { members.append((field.name, .field)) }
    for member in members.sorted(by: { $0.name.range.start < $1.name.range.start }) {
      declare(member.name, member.kind, in: fullName, file)
    }
    for element in message.elements {
      switch element {
      case .field: break
      case .message(let nested): declare(nested, in: fullName, file)
      case .enumeration(let nested): declare(nested, in: fullName, file)
      }
    }
    // What fields imply comes last, so that a conflict is blamed on them.
    for case .field(let field) in message.elements {
      guard case .map(_, _, let range) = field.type else { continue }
      let entry = Name(value: field.name.value.mapEntryName, range: range)
      declare(entry, .mapEntry, in: fullName, file, isImplicit: true)
    }
    for (field, name) in message.syntheticOneofs {
      let name = Name(value: name, range: field.name.range)
      declare(name, .oneof, in: fullName, file, isImplicit: true)
    }
  }

  private mutating func declare(_ type: EnumNode, in scope: String, _ file: Int) {
    declare(type.name, .enumeration, in: scope, file)
    // As in C++, the values are siblings of their enum.
    for value in type.values { declare(value.name, .enumValue, in: scope, file) }
  }

  /// Enters a name and returns its full form.
  @discardableResult
  private mutating func declare(
    _ name: Name, _ kind: Symbol.Kind, in scope: String, _ file: Int, isImplicit: Bool = false
  ) -> String {
    let fullName = scope.isEmpty ? name.value : "\(scope).\(name.value)"
    let source = files[file].source
    if fullName.utf8.count > Limits.fullNameBytes {
      reporter.error(
        name.range, in: source,
        "the full name is \(fullName.utf8.count) bytes long, the limit is \(Limits.fullNameBytes)")
      return ""
    }
    if let other = symbols[fullName] {
      reportDuplicate(fullName, kind, name, other, file, isImplicit: isImplicit)
    } else if let owner = packages[fullName]?.min() {
      reporter.error(
        name.range, in: source, "`\(fullName)` is already a package in `\(path(owner))`",
        hint: "rename one of the two")
    } else {
      symbols[fullName] = Symbol(kind: kind, fullName: fullName, file: file, range: name.range)
    }
    return fullName
  }

  private func reportDuplicate(
    _ fullName: String, _ kind: Symbol.Kind, _ name: Name, _ other: Symbol, _ file: Int,
    isImplicit: Bool
  ) {
    let place =
      other.file == file
      ? "line \(files[file].source.lineIndex(of: other.range.start) + 1)"
      : "`\(path(other.file))`"
    var hint = "rename one of the two"
    if kind == .enumValue || other.kind == .enumValue {
      hint =
        "the values of an enum share the scope of the enum itself: begin each with the enum's name"
    } else if isImplicit {
      hint = "the field implies a \(kind == .oneof ? "oneof" : "message") of this name"
    }
    let message =
      other.file == file
      ? "`\(name.value)` is already the name of \(other.kind.rawValue) (\(place))"
      : "`\(fullName)` is already the name of \(other.kind.rawValue) in \(place)"
    reporter.error(name.range, in: files[file].source, message, hint: hint)
  }
}

extension MessageNode {
  /// The fields marked `optional` and the names of the oneofs that descriptors show around them.
  var syntheticOneofs: [(field: FieldNode, name: String)] {
    var fields: [FieldNode] = []
    for case .field(let field) in elements { fields.append(field) }
    guard fields.contains(where: { $0.label == .optional }) else { return [] }
    var names = Set(fields.map(\.name.value) + oneofs.map(\.name.value))
    var result: [(field: FieldNode, name: String)] = []
    for field in fields where field.label == .optional && field.oneofIndex == nil {
      let name = syntheticName(for: field.name.value, avoiding: names)
      names.insert(name)
      result.append((field, name))
    }
    return result
  }

  private func syntheticName(for field: String, avoiding names: Set<String>) -> String {
    var name = field.hasPrefix("_") ? field : "_\(field)"
    while names.contains(name) { name = "X" + name }
    return name
  }
}
