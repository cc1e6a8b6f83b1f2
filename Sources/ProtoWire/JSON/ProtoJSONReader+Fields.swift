// Reading a message's fields from an object: names to numbers, null, duplicates, elements of arrays
// and maps. Which fields there are, generated code knows.

extension ProtoJSONReader {
  /// Reads an object of the message's fields; `reserved` is a member that is none of them.
  mutating func readFields<M: ProtoJSONMessage>(
    of message: inout M, besides reserved: String? = nil
  ) throws(ProtoJSONError) {
    try beginObject()
    var seen: Set<Int32> = []
    var isFirst = true
    while let name = try nextName(&isFirst) {
      if name == reserved {
        try skipValue()
      } else if let number = M.jsonFields[name] {
        guard seen.insert(number).inserted else { throw fail(.duplicate) }
        try message.readJSON(field: number, from: &self)
      } else {
        guard ignoresUnknown else { throw fail(.unknownField) }
        try skipValue()
      }
    }
  }

  /// Reads a singular field; null leaves it as it is.
  package mutating func read<F: JSONCodec>(
    _: F.Type, into field: inout F.Value
  ) throws(ProtoJSONError) {
    if let value = try readUnlessNull(F.self) { field = value }
  }

  /// Reads a field with presence; null leaves it absent.
  package mutating func read<F: JSONCodec>(
    _: F.Type, into field: inout F.Value?
  ) throws(ProtoJSONError) {
    if let value = try readUnlessNull(F.self) { field = value }
  }

  /// Reads a member of a oneof that is set already or not; nil when the member is null.
  package mutating func readMember<F: JSONCodec>(
    _: F.Type, isSet: Bool
  ) throws(ProtoJSONError) -> F.Value? {
    let start = valueOffset
    guard let value = try readUnlessNull(F.self) else { return nil }
    if isSet { throw fail(.duplicateOneof, at: start) }
    return value
  }

  /// Pays for a message that is going to live in its own allocation.
  package mutating func chargeBox<M: ProtoMessage>(_: M.Type) throws(ProtoJSONError) {
    try charge(MemoryLayout<M>.stride + ProtoReader.allocationBytes)
  }

  private mutating func readUnlessNull<F: JSONCodec>(
    _: F.Type
  ) throws(ProtoJSONError) -> F.Value? {
    if !F.acceptsJSONNull, try takeNull() { return nil }
    return try F.readJSON(from: &self)
  }

  /// Reads a repeated field; null leaves it empty.
  package mutating func readArray<F: JSONCodec>(
    _: F.Type, into values: inout [F.Value]
  ) throws(ProtoJSONError) {
    if try takeNull() { return }
    try readElements(F.self, into: &values)
  }

  /// Reads an array.
  package mutating func readElements<F: JSONCodec>(
    _: F.Type, into values: inout [F.Value]
  ) throws(ProtoJSONError) {
    try beginArray()
    var isFirst = true
    while try nextElement(&isFirst) {
      try charge(F.memoryBytes + (values.isEmpty ? ProtoReader.allocationBytes : 0))
      if let value = try readElement(F.self) { values.append(value) }
    }
  }

  /// Reads a map field; null leaves it empty.
  package mutating func readMap<K: JSONKeyCodec, V: JSONCodec>(
    _: K.Type, _: V.Type, into values: inout [K.Value: V.Value]
  ) throws(ProtoJSONError) {
    if try takeNull() { return }
    try readEntries(K.self, V.self, into: &values)
  }

  /// Reads an object as a map. A key that Swift takes for equal to another is refused with it: a
  /// dictionary cannot hold both.
  package mutating func readEntries<K: JSONKeyCodec, V: JSONCodec>(
    _: K.Type, _: V.Type, into values: inout [K.Value: V.Value]
  ) throws(ProtoJSONError) {
    try beginObject()
    var isFirst = true
    while let name = try nextName(&isFirst) {
      try charge(K.memoryBytes + V.memoryBytes + ProtoReader.allocationBytes)
      guard let key = K.key(ofJSON: name) else { throw fail(.invalidKey) }
      guard values[key] == nil else { throw fail(.duplicate) }
      try enter()
      if let value = try readElement(V.self) { values[key] = value }
      leave()
    }
  }

  /// Reads a value that may not be null; nil for an enum name that is to be ignored.
  private mutating func readElement<F: JSONCodec>(
    _: F.Type
  ) throws(ProtoJSONError) -> F.Value? {
    if !F.acceptsJSONNull, try peek() == .null { throw fail(.nullElement) }
    return try F.readJSON(from: &self)
  }
}
