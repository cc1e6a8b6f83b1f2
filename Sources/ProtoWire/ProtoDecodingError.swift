// The error of this layer: why bytes are not a message. It repeats none of those bytes.

/// Bytes that are no valid encoding of the message, or that exceed a limit.
@usableFromInline package struct ProtoDecodingError: Error, Equatable, CustomStringConvertible {
  /// What is wrong.
  @usableFromInline package enum Code: String, Sendable {
    /// A value reaches beyond the end of its message.
    case truncated = "the message ends inside a field"
    /// More than ten bytes, or more than 64 bits; for a tag more than 32 bits.
    case malformedVarint = "a varint is too long"
    /// A length above 2³¹ − 1.
    case lengthTooLarge = "a length is over 2 GiB"
    /// Field number 0.
    case invalidFieldNumber = "field number 0"
    /// Wire types 6 and 7 do not exist.
    case invalidWireType = "a wire type that does not exist"
    /// An end-group tag without its start, or with another number.
    case mismatchedGroup = "an end-group tag without its start"
    /// A string field is not UTF-8.
    case invalidUTF8 = "a string is not UTF-8"
    /// More messages or groups inside one another than ``ProtoLimits/depth``.
    case tooDeep = "messages nested too deep"
    /// The decoded form would exceed ``ProtoLimits``.
    case tooManyElements = "more elements than the message's length allows"
  }

  package let code: Code
  /// Where in the outermost message the offending value begins.
  package let byteOffset: Int

  @usableFromInline package init(_ code: Code, at byteOffset: Int) {
    self.code = code
    self.byteOffset = byteOffset
  }

  @usableFromInline package var description: String {
    "invalid protobuf at byte \(byteOffset): \(code.rawValue)"
  }
}
