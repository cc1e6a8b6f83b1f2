// The cursor of decoding: reads tags and values from memory a peer filled. Every access is checked
// against the current limit; no input traps, the worst is a ProtoDecodingError.

/// Reads one message and those inside it. It may live only as long as the memory it reads.
@usableFromInline package struct ProtoReader: ~Copyable {
  // SAFETY: the memory outlives the reader (its maker's promise), and 0 ≤ offset ≤ limit ≤
  // memory.count always holds: offsets grow only past bytes that were checked to exist.
  @usableFromInline let memory: UnsafeRawBufferPointer
  /// Where the next byte is read; never beyond `limit`.
  @usableFromInline var offset = 0
  /// The end of the message being read.
  @usableFromInline var limit: Int
  /// Messages and groups that may still be entered.
  @usableFromInline var depthLeft: Int
  /// Bytes of memory that elements may still take.
  @usableFromInline var memoryLeft: Int
  /// Where the last tag began.
  @usableFromInline var tagOffset = 0

  /// A reader of one whole message.
  package init(_ memory: UnsafeRawBufferPointer, limits: ProtoLimits = ProtoLimits()) {
    self.memory = memory
    limit = memory.count
    depthLeft = limits.depth
    memoryLeft = limits.memoryBytes(forMessageOf: memory.count)
  }

  /// The next field's tag, number × 8 + wire type; 0 at the end of the message.
  @inlinable @inline(__always) package mutating func nextTag() throws(ProtoDecodingError) -> UInt32
  {
    guard offset < limit else { return 0 }
    tagOffset = offset
    let first = memory[offset]
    guard first >= 8, first < 0x80 else { return try readLongTag() }
    offset &+= 1
    return UInt32(first)
  }

  /// A tag of two to five bytes, or none.
  @usableFromInline mutating func readLongTag() throws(ProtoDecodingError) -> UInt32 {
    let bits = try readVarint()
    guard bits <= UInt64(UInt32.max), offset - tagOffset <= 5 else { throw fail(.malformedVarint) }
    guard bits >= 8 else { throw fail(.invalidFieldNumber) }
    return UInt32(truncatingIfNeeded: bits)
  }

  /// Reads a varint of up to ten bytes and 64 bits.
  @inlinable @inline(__always) package mutating func readVarint()
    throws(ProtoDecodingError) -> UInt64
  {
    guard offset < limit else { throw ProtoDecodingError(.truncated, at: offset) }
    let first = memory[offset]
    guard first >= 0x80 else {
      offset &+= 1
      return UInt64(first)
    }
    return try readLongVarint()
  }

  @usableFromInline mutating func readLongVarint() throws(ProtoDecodingError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var next = offset
    while next < limit {
      let byte = memory[next]
      next += 1
      // The tenth byte has room for one bit only.
      guard shift < 63 || byte <= 1 else { throw ProtoDecodingError(.malformedVarint, at: offset) }
      value |= UInt64(byte & 0x7F) << shift
      guard byte >= 0x80 else {
        offset = next
        return value
      }
      shift += 7
    }
    throw ProtoDecodingError(.truncated, at: offset)
  }

  /// Reads an integer of fixed width.
  @inlinable package mutating func readFixed<Value: FixedWidthInteger>(
    _: Value.Type
  ) throws(ProtoDecodingError) -> Value {
    let size = MemoryLayout<Value>.size
    guard limit - offset >= size else { throw ProtoDecodingError(.truncated, at: offset) }
    let value = memory.loadUnaligned(fromByteOffset: offset, as: Value.self)
    offset += size
    return Value(littleEndian: value)
  }

  /// Reads a length prefix; that many bytes are there when it returns.
  @inlinable mutating func readLength() throws(ProtoDecodingError) -> Int {
    let start = offset
    let bits = try readVarint()
    guard bits <= maximumLength else { throw ProtoDecodingError(.lengthTooLarge, at: start) }
    let length = Int(truncatingIfNeeded: bits)
    guard length <= limit - offset else { throw ProtoDecodingError(.truncated, at: start) }
    return length
  }

  /// Reads a length prefix and the bytes behind it.
  private mutating func readLengthDelimited() throws(ProtoDecodingError) -> UnsafeRawBufferPointer {
    let length = try readLength()
    defer { offset += length }
    return UnsafeRawBufferPointer(rebasing: memory[offset..<offset + length])
  }

  /// Reads a string; refuses what is not UTF-8.
  @usableFromInline package mutating func readString() throws(ProtoDecodingError) -> String {
    let start = offset
    let bytes = try readLengthDelimited()
    if bytes.isASCII {
      // Nothing to repair: this makes a string of the bytes as they are, the shortest way.
      return String(decoding: bytes, as: UTF8.self)
    }
    // `String(validating:as:)` does the same and takes three times as long.
    guard let text = try? UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span)
    else { throw ProtoDecodingError(.invalidUTF8, at: start) }
    return String(copying: text)
  }

  /// Reads a bytes value.
  @usableFromInline package mutating func readBytes() throws(ProtoDecodingError) -> [UInt8] {
    [UInt8](try readLengthDelimited())
  }

  /// An error about the field whose tag was read last.
  @usableFromInline func fail(_ code: ProtoDecodingError.Code) -> ProtoDecodingError {
    ProtoDecodingError(code, at: tagOffset)
  }
}

extension UnsafeRawBufferPointer {
  /// True when no byte has its highest bit set; eight at a time.
  fileprivate var isASCII: Bool {
    var index = 0
    var bits: UInt64 = 0
    while index &+ 8 <= count {
      bits |= loadUnaligned(fromByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    while index < count {
      bits |= UInt64(self[index])
      index &+= 1
    }
    return bits & 0x8080_8080_8080_8080 == 0
  }
}

extension ProtoReader {
  /// Reads a length and makes the value behind it the message being read; returns the outer
  /// message's limit, for ``leaveMessage(_:)``. After an error the reader is of no further use.
  @inlinable mutating func enterMessage() throws(ProtoDecodingError) -> Int {
    guard depthLeft > 0 else { throw fail(.tooDeep) }
    let length = try readLength()
    depthLeft -= 1
    defer { limit = offset + length }
    return limit
  }

  /// Goes back to the outer message.
  @inlinable mutating func leaveMessage(_ outerLimit: Int) {
    depthLeft += 1
    limit = outerLimit
  }

  /// Takes memory from the budget before it is allocated.
  @inlinable package mutating func charge(_ byteCount: Int) throws(ProtoDecodingError) {
    guard byteCount <= memoryLeft else { throw fail(.tooManyElements) }
    memoryLeft -= byteCount
  }
}
