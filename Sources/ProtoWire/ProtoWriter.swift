// The write pass of encoding: a cursor that moves from the end of an exactly sized buffer to its
// start. It knows nothing of messages' fields; what it writes, generated code decides.

/// Writes backwards. A length-delimited value is written before its prefix, so the prefix is the
/// distance the cursor moved: no size is computed twice, however deep messages nest.
///
/// Sizes come from our own size pass: a write beyond the start is a bug in an encoder and traps.
@usableFromInline package struct ProtoWriter: ~Copyable {
  // SAFETY: the memory is owned by whoever made the writer, and outlives it; every access goes
  // through `claim`, which refuses to leave it.
  @usableFromInline let memory: UnsafeMutableRawBufferPointer
  /// Bytes not written yet; what has been written begins here.
  @usableFromInline package internal(set) var remaining: Int

  /// A writer over memory of exactly the size that the message's size pass gave.
  package init(_ memory: UnsafeMutableRawBufferPointer) {
    self.memory = memory
    remaining = memory.count
  }

  /// Ends the write pass; traps unless the memory is full.
  package func finish() {
    precondition(remaining == 0, "the size pass counted more bytes than were written")
  }

  /// Moves the cursor back and returns the offset of the bytes now free to be written.
  @inlinable mutating func claim(_ byteCount: Int) -> Int {
    precondition(byteCount <= remaining, "the size pass counted fewer bytes than are written")
    remaining -= byteCount
    return remaining
  }

  /// Writes a varint.
  @inlinable package mutating func writeVarint(_ value: UInt64) {
    var rest = value
    var offset = claim(Varint.byteCount(value))
    while rest >= 0x80 {
      memory[offset] = UInt8(truncatingIfNeeded: rest) | 0x80
      rest >>= 7
      offset += 1
    }
    memory[offset] = UInt8(truncatingIfNeeded: rest)
  }

  /// Writes an integer of fixed width, little endian.
  @inlinable package mutating func writeFixed<Value: FixedWidthInteger>(_ value: Value) {
    let offset = claim(MemoryLayout<Value>.size)
    memory.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
  }

  /// Writes bytes as they are.
  @usableFromInline package mutating func writeBytes(_ bytes: [UInt8]) {
    let offset = claim(bytes.count)
    bytes.withUnsafeBytes { memory[offset...].copyFrom($0) }
  }

  /// Writes the UTF-8 of a string.
  @usableFromInline package mutating func writeUTF8(_ text: String) {
    let offset = claim(text.utf8.count)
    var text = text
    text.withUTF8 { memory[offset...].copyFrom(UnsafeRawBufferPointer($0)) }
  }
}

extension Slice where Base == UnsafeMutableRawBufferPointer {
  fileprivate func copyFrom(_ source: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: self).copyMemory(from: source)
  }
}

extension ProtoWriter {
  /// Writes a singular field. `tag` is field number × 8 + wire type.
  @inlinable package mutating func field<F: FieldCodec>(
    _: F.Type, _ value: F.Value, tag: UInt32
  ) {
    F.write(value, into: &self)
    writeVarint(UInt64(tag))
  }

  /// Writes a repeated field with a tag before each element.
  @inlinable package mutating func repeated<F: FieldCodec>(
    _: F.Type, _ values: [F.Value], tag: UInt32
  ) {
    for value in values.reversed() { field(F.self, value, tag: tag) }
  }

  /// Writes a repeated field as one length-delimited value; nothing when it is empty.
  @inlinable package mutating func packed<F: FieldCodec>(
    _: F.Type, _ values: [F.Value], tag: UInt32
  ) {
    guard !values.isEmpty else { return }
    lengthPrefixed(tag: tag) { writer in
      for value in values.reversed() { F.write(value, into: &writer) }
    }
  }

  /// Writes a map field in ascending order of its keys.
  @inlinable package mutating func map<K: KeyCodec, V: FieldCodec>(
    _: K.Type, _: V.Type, _ values: [K.Value: V.Value], tag: UInt32
  ) {
    guard !values.isEmpty else { return }
    for (key, value) in values.sorted(by: { K.precedes($1.key, $0.key) }) {
      lengthPrefixed(tag: tag) { writer in
        writer.field(V.self, value, tag: 2 << 3 | V.wireType)
        writer.field(K.self, key, tag: 1 << 3 | K.wireType)
      }
    }
  }

  /// Writes what `body` writes, then its length, then the tag.
  @inlinable package mutating func lengthPrefixed(
    tag: UInt32, _ body: (inout ProtoWriter) -> Void
  ) {
    let end = remaining
    body(&self)
    writeVarint(UInt64(end - remaining))
    writeVarint(UInt64(tag))
  }
}
