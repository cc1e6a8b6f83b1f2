// The write pass of encoding: a cursor that moves from the end of a buffer to its start. It knows
// nothing of messages' fields; what it writes, generated code decides.

/// Writes backwards. A length-delimited value is written before its prefix, so the prefix is the
/// distance the cursor moved: no size is computed before, however deep messages nest. Where what is
/// written ends up in an array of its own, this saves the size pass, which takes as long as writing.
@usableFromInline package struct ProtoWriter: ~Copyable {
  // SAFETY: the memory is owned by whoever made the writer and outlives it, or is `grown`, which the
  // writer frees; every access goes through `claim`, which never leaves it.
  @usableFromInline var memory: UnsafeMutableRawBufferPointer
  /// Bytes of the memory not written yet; what has been written begins here.
  @usableFromInline package internal(set) var remaining: Int
  /// Memory of the writer's own, in place of the given one once that was full.
  private var grown: UnsafeMutableRawBufferPointer?
  private let mayGrow: Bool

  /// A writer over memory of exactly the size that the message's size pass gave; it traps when that
  /// is too little.
  package init(_ memory: UnsafeMutableRawBufferPointer) {
    self.init(memory, mayGrow: false)
  }

  /// A writer over memory that is replaced by more whenever it is full.
  init(startingWith memory: UnsafeMutableRawBufferPointer) {
    self.init(memory, mayGrow: true)
  }

  private init(_ memory: UnsafeMutableRawBufferPointer, mayGrow: Bool) {
    self.memory = memory
    self.mayGrow = mayGrow
    remaining = memory.count
  }

  deinit { grown?.deallocate() }

  /// Ends the write pass; traps unless the memory is full.
  package func finish() {
    precondition(remaining == 0, "the size pass counted more bytes than were written")
  }

  /// What has been written so far; it is there as long as the writer is not touched.
  var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[remaining...]) }

  /// How many bytes have been written so far.
  @inlinable package var writtenByteCount: Int { memory.count &- remaining }

  /// Moves the cursor back and returns the offset of the bytes now free to be written.
  @inlinable mutating func claim(_ byteCount: Int) -> Int {
    if _slowPath(byteCount > remaining) { grow(for: byteCount) }
    remaining &-= byteCount
    return remaining
  }

  /// Moves what has been written to the end of larger memory.
  @usableFromInline @inline(never) mutating func grow(for byteCount: Int) {
    precondition(mayGrow, "the size pass counted fewer bytes than are written")
    let writtenCount = memory.count - remaining
    // Messages end at 2 GiB, far below where this could overflow.
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(2 * memory.count, writtenCount + byteCount), alignment: 16)
    let moved = larger.count - writtenCount
    UnsafeMutableRawBufferPointer(rebasing: larger[moved...]).copyMemory(from: written)
    grown?.deallocate()
    grown = larger
    memory = larger
    remaining = moved
  }

  /// Writes a varint.
  @inlinable package mutating func writeVarint(_ value: UInt64) {
    if value < 0x80 {
      let offset = claim(1)
      memory[offset] = UInt8(truncatingIfNeeded: value)
    } else {
      writeLongVarint(value)
    }
  }

  /// Writes a varint of more than one byte.
  @usableFromInline mutating func writeLongVarint(_ value: UInt64) {
    var rest = value
    var offset = claim(Varint.byteCount(value))
    while rest >= 0x80 {
      memory[offset] = UInt8(truncatingIfNeeded: rest) | 0x80
      rest >>= 7
      offset &+= 1
    }
    memory[offset] = UInt8(truncatingIfNeeded: rest)
  }

  /// Writes a tag; generated code gives a constant, of which one or two stores are left.
  @inlinable @inline(__always) mutating func writeTag(_ tag: UInt32) {
    if tag < 0x80 {
      let offset = claim(1)
      memory[offset] = UInt8(truncatingIfNeeded: tag)
    } else if tag < 0x4000 {
      let offset = claim(2)
      let bytes = UInt16(truncatingIfNeeded: tag & 0x7F | 0x80 | (tag >> 7) << 8)
      memory.storeBytes(of: bytes.littleEndian, toByteOffset: offset, as: UInt16.self)
    } else {
      writeLongVarint(UInt64(tag))
    }
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

  /// Writes the UTF-8 of a string, `byteCount` bytes.
  @usableFromInline package mutating func writeUTF8(_ text: String, byteCount: Int) {
    let offset = claim(byteCount)
    let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { utf8 in
      memory[offset...].copyFrom(UnsafeRawBufferPointer(utf8))
    }
    guard isWritten == nil else { return }
    var text = text
    text.withUTF8 { memory[offset...].copyFrom(UnsafeRawBufferPointer($0)) }
  }
}

extension Span where Element: ~Copyable {
  /// Calls `body` with each element, the last one first. Nothing is copied, and nothing can be: for
  /// elements that may be copied, a loop copies each one, and counts every reference in it twice.
  @inlinable func lendFromTheLast(_ body: (borrowing Element) -> Void) {
    var index = count
    while index > 0 {
      index &-= 1
      body(self[index])
    }
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
    writeTag(tag)
  }

  /// Writes a repeated field with a tag before each element.
  @inlinable package mutating func repeated<F: FieldCodec>(
    _: F.Type, _ values: [F.Value], tag: UInt32
  ) {
    let elements = values.span
    for index in elements.indices.reversed() { field(F.self, elements[index], tag: tag) }
  }

  /// Writes a repeated message field.
  @inlinable package mutating func messages<M: ProtoMessage>(_ values: [M], tag: UInt32) {
    values.span.lendFromTheLast { message in
      let before = writtenByteCount
      message.encode(into: &self)
      writePrefix(behind: before, tag: tag)
    }
  }

  /// Writes a repeated field as one length-delimited value; nothing when it is empty.
  @inlinable package mutating func packed<F: FieldCodec>(
    _: F.Type, _ values: [F.Value], tag: UInt32
  ) {
    guard !values.isEmpty else { return }
    let elements = values.span
    let before = writtenByteCount
    for index in elements.indices.reversed() { F.write(elements[index], into: &self) }
    writePrefix(behind: before, tag: tag)
  }

  /// Writes a map field in ascending order of its keys.
  @inlinable package mutating func map<K: KeyCodec, V: FieldCodec>(
    _: K.Type, _: V.Type, _ values: [K.Value: V.Value], tag: UInt32
  ) {
    guard !values.isEmpty else { return }
    for (key, value) in values.sorted(by: { K.precedes($1.key, $0.key) }) {
      let before = writtenByteCount
      field(V.self, value, tag: 2 << 3 | V.wireType)
      field(K.self, key, tag: 1 << 3 | K.wireType)
      writePrefix(behind: before, tag: tag)
    }
  }

  /// Writes the length of what was written after the first `before` bytes, then the tag.
  @inlinable package mutating func writePrefix(behind before: Int, tag: UInt32) {
    writeVarint(UInt64(truncatingIfNeeded: writtenByteCount &- before))
    writeTag(tag)
  }
}
