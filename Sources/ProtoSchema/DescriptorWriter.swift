// Schema to the bytes of google.protobuf.FileDescriptorProto, exactly as protoc 3.21 writes them with
// --descriptor_set_out: fields in order of number, JSON names always, no source info.
// It decides nothing; everything it writes is in the schema.

/// Writes descriptor messages. Field numbers are those of google/protobuf/descriptor.proto.
struct DescriptorWriter {
  private(set) var bytes: [UInt8] = []

  static func descriptor(of file: SchemaFile) -> [UInt8] {
    var writer = DescriptorWriter()
    writer.write(file)
    return writer.bytes
  }

  private mutating func write(_ file: SchemaFile) {
    string(1, file.name)
    if !file.package.isEmpty { string(2, file.package) }
    for item in file.imports { string(3, item.path) }
    for item in file.messages { message(4) { $0.write(item) } }
    for item in file.enums { message(5) { $0.write(item) } }
    for item in file.services { message(6) { $0.write(item) } }
    options(8, file.options)
    for (index, item) in file.imports.enumerated() where item.isPublic {
      integer(10, Int64(index))
    }
    string(12, "proto3")
  }

  private mutating func write(_ item: Message) {
    string(1, item.name)
    let firstSynthetic = item.oneofs.count
    var synthetic = 0
    for field in item.fields {
      var oneof = field.oneofIndex
      if field.isProto3Optional {
        oneof = firstSynthetic + synthetic
        synthetic += 1
      }
      message(2) { $0.write(field, oneof: oneof) }
    }
    for nested in item.messages { message(3) { $0.write(nested) } }
    for nested in item.enums { message(4) { $0.write(nested) } }
    options(7, item.options)
    for oneof in item.oneofs {
      message(8) {
        $0.string(1, oneof.name)
        $0.options(2, oneof.options)
      }
    }
    for name in item.syntheticOneofNames { message(8) { $0.string(1, name) } }
    for range in item.reservedRanges {
      message(9) {
        $0.integer(1, Int64(range.first))
        // Here the end is exclusive, unlike in enums.
        $0.integer(2, Int64(range.last) + 1)
      }
    }
    for name in item.reservedNames { string(10, name) }
  }

  private mutating func write(_ field: Field, oneof: Int?) {
    string(1, field.name)
    integer(3, Int64(field.number))
    integer(4, field.label)
    switch field.type {
    case .scalar(let scalar): integer(5, Int64(scalar.rawValue))
    case .message(let name):
      integer(5, 11)
      string(6, ".\(name)")
    case .enumeration(let name):
      integer(5, 14)
      string(6, ".\(name)")
    }
    options(8, field.options)
    if let oneof { integer(9, Int64(oneof)) }
    string(10, field.jsonName)
    if field.isProto3Optional { integer(17, 1) }
  }

  private mutating func write(_ item: EnumType) {
    string(1, item.name)
    for value in item.values {
      message(2) {
        $0.string(1, value.name)
        $0.integer(2, Int64(value.number))
        $0.options(3, value.options)
      }
    }
    options(3, item.options)
    for range in item.reservedRanges {
      message(4) {
        $0.integer(1, Int64(range.first))
        $0.integer(2, Int64(range.last))
      }
    }
    for name in item.reservedNames { string(5, name) }
  }

  private mutating func write(_ item: Service) {
    string(1, item.name)
    for method in item.methods {
      message(2) {
        $0.string(1, method.name)
        $0.string(2, ".\(method.input)")
        $0.string(3, ".\(method.output)")
        $0.options(4, method.options, isShownEmpty: method.hasBody)
        if method.clientStreaming { $0.integer(5, 1) }
        if method.serverStreaming { $0.integer(6, 1) }
      }
    }
    options(3, item.options)
  }
}

// The wire.
extension DescriptorWriter {
  private mutating func options(
    _ number: UInt64, _ options: OptionValues, isShownEmpty: Bool = false
  ) {
    guard isShownEmpty || !options.entries.isEmpty else { return }
    message(number) {
      for entry in options.entries {
        let number = UInt64(entry.number)
        switch entry.value {
        case .bool(let value): $0.integer(number, value ? 1 : 0)
        case .enumeration(_, let value): $0.integer(number, Int64(value))
        case .string(let value): $0.delimited(number, value)
        }
      }
    }
  }

  private mutating func message(_ number: UInt64, _ body: (inout DescriptorWriter) -> Void) {
    var writer = DescriptorWriter()
    body(&writer)
    delimited(number, writer.bytes)
  }

  private mutating func string(_ number: UInt64, _ value: String) {
    delimited(number, Array(value.utf8))
  }

  private mutating func delimited(_ number: UInt64, _ value: [UInt8]) {
    varint(number << 3 | 2)
    varint(UInt64(value.count))
    bytes += value
  }

  private mutating func integer(_ number: UInt64, _ value: Int64) {
    varint(number << 3)
    varint(UInt64(bitPattern: value))
  }

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }
}

extension Field {
  /// The number in `FieldDescriptorProto.Label`.
  fileprivate var label: Int64 {
    switch cardinality {
    case .implicit, .optional: 1
    case .repeated, .map: 3
    }
  }
}
