// Reading whole fields: elements of repeated fields, packed or not, map entries, inner messages and
// fields that the schema does not know.

extension ProtoReader {
  /// Reads a singular value.
  @inlinable package mutating func read<F: FieldCodec>(
    _: F.Type
  ) throws(ProtoDecodingError) -> F.Value {
    try F.read(from: &self)
  }

  /// Reads a singular message field: a second occurrence merges into the first.
  @inlinable package mutating func merge<M: ProtoMessage>(
    into field: inout M?
  ) throws(ProtoDecodingError) {
    var value = field.take() ?? M()
    try MessageCodec<M>.merge(into: &value, from: &self)
    field = value
  }

  /// Reads a message into an existing one.
  @inlinable package mutating func merge<M: ProtoMessage>(
    into message: inout M
  ) throws(ProtoDecodingError) {
    try MessageCodec<M>.merge(into: &message, from: &self)
  }

  /// Pays for a message that is going to live in its own allocation.
  @inlinable package mutating func chargeBox<M: ProtoMessage>(
    _: M.Type
  ) throws(ProtoDecodingError) {
    try charge(MemoryLayout<M>.stride + ProtoReader.allocationBytes)
  }

  /// Reads one element of a repeated field.
  @inlinable package mutating func append<F: FieldCodec>(
    _: F.Type, to values: inout [F.Value]
  ) throws(ProtoDecodingError) {
    try charge(F.memoryBytes + (values.isEmpty ? ProtoReader.allocationBytes : 0))
    let start = tagOffset
    let value = try F.read(from: &self)
    if values.isEmpty { reserve(in: &values, elementBytes: offset &- start) }
    values.append(value)
  }

  /// Makes room for the elements that the rest of the message could hold if all were like the first,
  /// within reason: growing step by step moves each element once more.
  @inlinable func reserve<Value>(in values: inout [Value], elementBytes: Int) {
    let likely = (limit &- offset) / max(1, elementBytes)
    let affordable = ProtoReader.reservedBytes / max(1, MemoryLayout<Value>.stride)
    if likely > 1 { values.reserveCapacity(1 &+ min(likely, affordable)) }
  }

  /// Reads a packed run of elements.
  @inlinable package mutating func appendPacked<F: FieldCodec>(
    _: F.Type, to values: inout [F.Value]
  ) throws(ProtoDecodingError) {
    let length = try readLength()
    let outerLimit = limit
    limit = offset + length
    while offset < limit { try append(F.self, to: &values) }
    limit = outerLimit
  }

  /// Reads one entry of a map. A missing key or value is the type's default; of equal keys the last
  /// one wins. A key that only Swift takes for equal to another stays in the unknown fields: it must
  /// not be lost, and a dictionary cannot hold both.
  @inlinable package mutating func appendEntry<K: KeyCodec, V: FieldCodec>(
    _: K.Type, _: V.Type, to values: inout [K.Value: V.Value], unknown: inout UnknownFields
  ) throws(ProtoDecodingError) {
    let start = tagOffset
    try charge(K.memoryBytes + V.memoryBytes + ProtoReader.allocationBytes)
    let outerLimit = try enterMessage()
    var key = K.zero
    var value = V.zero
    while true {
      let tag = try nextTag()
      if tag == 0 { break }
      switch tag {
      case 1 << 3 | K.wireType: key = try K.read(from: &self)
      case 2 << 3 | V.wireType: try V.merge(into: &value, from: &self)
      default: try skip(tag)
      }
    }
    leaveMessage(outerLimit)
    if let index = values.index(forKey: key), !K.isSame(values[index].key, key) {
      keep(from: start, in: &unknown)
    } else {
      values[key] = value
    }
  }

  /// The most memory that is taken on the word of a message's length, whatever it then holds.
  @usableFromInline static var reservedBytes: Int { 16 << 10 }

  /// What an allocation costs beyond its contents: object header, count and capacity.
  @usableFromInline static var allocationBytes: Int { 32 }
}

extension ProtoReader {
  /// Keeps the field whose tag was just read: its number is not in the schema, or its wire type is
  /// not the schema's.
  package mutating func keepUnknown(
    _ tag: UInt32, in unknown: inout UnknownFields
  ) throws(ProtoDecodingError) {
    let start = tagOffset
    if unknown.isEmpty { try charge(ProtoReader.allocationBytes) }
    try skip(tag)
    keep(from: start, in: &unknown)
  }

  @usableFromInline func keep(from start: Int, in unknown: inout UnknownFields) {
    unknown.append(UnsafeRawBufferPointer(rebasing: memory[start..<offset]))
  }

  /// Skips the value behind a tag.
  @usableFromInline mutating func skip(_ tag: UInt32) throws(ProtoDecodingError) {
    switch WireType(rawValue: tag & 7) {
    case .varint: _ = try readVarint()
    case .fixed64: _ = try readFixed(UInt64.self)
    case .fixed32: _ = try readFixed(UInt32.self)
    case .lengthDelimited: offset += try readLength()
    case .startGroup: try skipGroup(tag)
    case .endGroup: throw fail(.mismatchedGroup)
    case nil: throw fail(.invalidWireType)
    }
  }

  /// Skips to the end of a group, whose end tag carries the same number as its start.
  private mutating func skipGroup(_ startTag: UInt32) throws(ProtoDecodingError) {
    guard depthLeft > 0 else { throw fail(.tooDeep) }
    depthLeft -= 1
    while true {
      let tag = try nextTag()
      if tag == 0 { throw ProtoDecodingError(.truncated, at: offset) }
      if tag == startTag + 1 { break }
      try skip(tag)
    }
    depthLeft += 1
  }
}
