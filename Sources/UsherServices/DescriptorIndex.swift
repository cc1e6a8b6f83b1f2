// Which file describes which symbol, read from the serialized descriptors that the schema compiler
// emitted. These bytes are our own, but a damaged one still only loses symbols, never traps.

import UsherProtos

/// The files of the schema and the symbols in them.
struct DescriptorIndex: Sendable {
  private struct File {
    var bytes: [UInt8] = []
    var dependencies: [String] = []
  }

  private var files: [String: File] = [:]
  private var fileOfSymbol: [String: String] = [:]
  private(set) var messages: Set<String> = []
  /// Full names, for example `usher.v1.BookingService.HoldSeats`.
  private(set) var methods: Set<String> = []

  init(_ descriptors: [(name: String, bytes: [UInt8])]) {
    for descriptor in descriptors { add(descriptor.name, descriptor.bytes) }
  }

  /// A file and all that it imports, each once, or nil when there is no such file.
  func withDependencies(fileNamed name: String) -> [[UInt8]]? {
    guard files[name] != nil else { return nil }
    var seen: Set<String> = []
    var result: [[UInt8]] = []
    collect(name, &seen, &result)
    return result
  }

  func withDependencies(fileWithSymbol symbol: String) -> [[UInt8]]? {
    fileOfSymbol[symbol].flatMap(withDependencies(fileNamed:))
  }

  private func collect(_ name: String, _ seen: inout Set<String>, _ result: inout [[UInt8]]) {
    guard let file = files[name], seen.insert(name).inserted else { return }
    result.append(file.bytes)
    for dependency in file.dependencies { collect(dependency, &seen, &result) }
  }

  // Field numbers below are those of google/protobuf/descriptor.proto.
  private mutating func add(_ name: String, _ bytes: [UInt8]) {
    let fields = DescriptorFields(bytes)
    files[name] = File(bytes: bytes, dependencies: fields.texts(3))
    let package = fields.texts(2).last ?? ""
    for message in fields.values(4) { addMessage(message, package, name) }
    for enumeration in fields.values(5) { addEnum(enumeration, package, name) }
    for service in fields.values(6) {
      let full = addSymbol(service, package, name)
      for method in DescriptorFields(service).values(2) {
        methods.insert(addSymbol(method, full, name))
      }
    }
  }

  private mutating func addMessage(_ bytes: ArraySlice<UInt8>, _ scope: String, _ file: String) {
    let full = addSymbol(bytes, scope, file)
    messages.insert(full)
    let fields = DescriptorFields(bytes)
    for field in fields.values(2) { _ = addSymbol(field, full, file) }
    for nested in fields.values(3) { addMessage(nested, full, file) }
    for enumeration in fields.values(4) { addEnum(enumeration, full, file) }
    for oneof in fields.values(8) { _ = addSymbol(oneof, full, file) }
  }

  /// Values of an enum are symbols of the scope around it.
  private mutating func addEnum(_ bytes: ArraySlice<UInt8>, _ scope: String, _ file: String) {
    _ = addSymbol(bytes, scope, file)
    for value in DescriptorFields(bytes).values(2) { _ = addSymbol(value, scope, file) }
  }

  private mutating func addSymbol(
    _ bytes: ArraySlice<UInt8>, _ scope: String, _ file: String
  ) -> String {
    let name = DescriptorFields(bytes).texts(1).first ?? ""
    let full = scope.isEmpty ? name : "\(scope).\(name)"
    fileOfSymbol[full] = file
    return full
  }
}

/// The length-delimited fields of one serialized descriptor.
private struct DescriptorFields {
  private var fields: [(number: Int, value: ArraySlice<UInt8>)] = []

  init(_ bytes: some RandomAccessCollection<UInt8>) {
    var rest = Array(bytes)[...]
    while let tag = Self.varint(&rest) {
      switch tag & 7 {
      case 0: _ = Self.varint(&rest)
      case 1: rest = rest.dropFirst(8)
      case 2:
        guard let length = Self.varint(&rest), length <= rest.count else { return }
        fields.append((Int(tag >> 3), rest.prefix(Int(length))))
        rest = rest.dropFirst(Int(length))
      case 5: rest = rest.dropFirst(4)
      default: return
      }
    }
  }

  func values(_ number: Int) -> [ArraySlice<UInt8>] {
    fields.filter { $0.number == number }.map(\.value)
  }

  func texts(_ number: Int) -> [String] {
    values(number).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    return nil
  }
}
