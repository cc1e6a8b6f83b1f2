// The cursor over a JSON text (RFC 8259): white space, brackets, names, literals. What the values
// mean, codecs decide. Strings and numbers are read in files of their own.

/// Reads one JSON value after the other, checking each byte once; no tree is built.
package struct ProtoJSONReader: ~Copyable {
  /// The kinds of JSON values.
  package enum Kind: Sendable {
    case null, bool, number, string, object, array
  }

  /// The text: UTF-8, checked.
  let text: [UInt8]
  let ignoresUnknown: Bool
  /// Where the next byte is read.
  var offset = 0
  /// Where the last value or name began, for errors.
  var valueOffset = 0
  /// Messages that may still be entered, map entries counted as the encoding does: what is read from
  /// JSON can be decoded from its encoding too.
  private var depthLeft: Int
  /// Bytes of memory that elements may still take.
  private var memoryLeft: Int
  /// Any in Any that may still be entered: each is gone through twice, for its `@type` first.
  var anyDepthLeft = maximumAnyDepth

  /// A reader of one whole text; throws when it is not UTF-8.
  package init(_ text: [UInt8], options: ProtoJSONOptions) throws(ProtoJSONError) {
    do {
      _ = try UTF8Span(validating: text.span)
    } catch {
      throw ProtoJSONError(.invalidUTF8, at: error.byteOffsets.lowerBound, in: text)
    }
    self.text = text
    ignoresUnknown = options.ignoresUnknown
    depthLeft = options.limits.depth
    memoryLeft = options.limits.memoryBytes(forMessageOf: text.count)
  }

  /// An error about the value or name that was read last.
  package func fail(_ code: ProtoJSONError.Code) -> ProtoJSONError { fail(code, at: valueOffset) }

  func fail(_ code: ProtoJSONError.Code, at offset: Int) -> ProtoJSONError {
    ProtoJSONError(code, at: offset, in: text)
  }

  /// Throws when anything but white space is left.
  func finish() throws(ProtoJSONError) {
    let rest = text[offset...].firstIndex { !isSpace($0) }
    if let rest { throw fail(.trailingText, at: rest) }
  }

  /// The kind of the next value.
  package mutating func peek() throws(ProtoJSONError) -> Kind {
    switch try nextByte() {
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    default: throw fail(.malformed)
    }
  }

  /// Passes over null if it is next.
  package mutating func takeNull() throws(ProtoJSONError) -> Bool {
    guard try peek() == .null else { return false }
    try take("null")
    return true
  }

  /// Reads `true` or `false`.
  mutating func readBool() throws(ProtoJSONError) -> Bool {
    guard try peek() == .bool else { throw fail(.wrongKind) }
    let value = text[offset] == UInt8(ascii: "t")
    try take(value ? "true" : "false")
    return value
  }

  /// Takes memory from the budget before it is allocated.
  mutating func charge(_ byteCount: Int) throws(ProtoJSONError) {
    guard byteCount <= memoryLeft else { throw fail(.tooManyElements) }
    memoryLeft -= byteCount
  }

  /// Enters a message, a map's entry, or a value that is passed over.
  mutating func enter() throws(ProtoJSONError) {
    guard depthLeft > 0 else { throw fail(.tooDeep) }
    depthLeft -= 1
  }

  /// Goes back to what is around.
  mutating func leave() { depthLeft += 1 }

  private mutating func take(_ literal: StaticString) throws(ProtoJSONError) {
    let end = offset + literal.utf8CodeUnitCount
    guard end <= text.count else { throw fail(.truncated) }
    let isThere = literal.withUTF8Buffer { text[offset..<end].elementsEqual($0) }
    guard isThere else { throw fail(.malformed) }
    offset = end
  }

  /// Passes over white space; the byte behind it is where the next value begins.
  mutating func nextByte() throws(ProtoJSONError) -> UInt8 {
    while offset < text.count, isSpace(text[offset]) { offset += 1 }
    valueOffset = offset
    guard offset < text.count else { throw fail(.truncated) }
    return text[offset]
  }
}

/// Each Any inside another is decoded afresh, beyond the reach of the decoder's own depth limit.
let maximumAnyDepth = 16

private func isSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

extension ProtoJSONReader {
  /// Enters an object; ``nextName(_:)`` leads through it.
  mutating func beginObject() throws(ProtoJSONError) { try begin(.object) }

  /// Enters an array; ``nextElement(_:)`` leads through it.
  mutating func beginArray() throws(ProtoJSONError) { try begin(.array) }

  private mutating func begin(_ kind: Kind) throws(ProtoJSONError) {
    guard try peek() == kind else { throw fail(.wrongKind) }
    offset += 1
  }

  /// The next member's name, its value follows; nil at the end of the object. `isFirst` starts true.
  mutating func nextName(_ isFirst: inout Bool) throws(ProtoJSONError) -> String? {
    guard try !ends(with: UInt8(ascii: "}"), &isFirst) else { return nil }
    guard try nextByte() == UInt8(ascii: "\"") else { throw fail(.malformed) }
    let nameOffset = offset
    let name = try readString()
    guard try nextByte() == UInt8(ascii: ":") else { throw fail(.malformed) }
    offset += 1
    valueOffset = nameOffset
    return name
  }

  /// True when an element follows; false at the end of the array. `isFirst` starts true.
  mutating func nextElement(_ isFirst: inout Bool) throws(ProtoJSONError) -> Bool {
    try !ends(with: UInt8(ascii: "]"), &isFirst)
  }

  private mutating func ends(
    with bracket: UInt8, _ isFirst: inout Bool
  ) throws(ProtoJSONError) -> Bool {
    let byte = try nextByte()
    if byte == bracket {
      offset += 1
      return true
    }
    if isFirst {
      isFirst = false
      return false
    }
    guard byte == UInt8(ascii: ",") else { throw fail(.malformed) }
    offset += 1
    // No bracket may stand behind a comma.
    if try nextByte() == bracket { throw fail(.malformed) }
    return false
  }

  /// Passes over a value of any kind.
  mutating func skipValue() throws(ProtoJSONError) {
    try enter()
    var isFirst = true
    switch try peek() {
    case .null: _ = try takeNull()
    case .bool: _ = try readBool()
    case .number: _ = try readNumber()
    case .string: _ = try readString()
    case .object:
      try beginObject()
      while try nextName(&isFirst) != nil { try skipValue() }
    case .array:
      try beginArray()
      while try nextElement(&isFirst) { try skipValue() }
    }
    leave()
  }
}
