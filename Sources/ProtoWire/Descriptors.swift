// What generated code needs besides messages: descriptor literals and the list of message types.

/// Decodes a message and encodes it again.
package typealias RoundTrip = @Sendable ([UInt8]) throws(ProtoDecodingError) -> [UInt8]

/// The round trip of one message type.
package func roundTrip<M: ProtoMessage>(_: M.Type) -> RoundTrip {
  { bytes throws(ProtoDecodingError) in try M(protoBytes: bytes).protoBytes() }
}

/// Decodes a message and writes it as JSON.
package typealias JSONForm =
  @Sendable ([UInt8], inout ProtoJSONWriter) throws(ProtoDecodingError) -> Void

/// The JSON form of one message type.
package func json<M: ProtoJSONMessage>(_: M.Type) -> JSONForm {
  { bytes, writer throws(ProtoDecodingError) in
    try M(protoBytes: bytes).writeJSON(into: &writer)
  }
}

/// Decodes the base64 literal that protogen makes of a descriptor; traps on anything else.
package func bytes(ofDescriptor literal: StaticString) -> [UInt8] {
  literal.withUTF8Buffer { digits in
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 4 * 3)
    var bits: UInt32 = 0
    var bitCount = 0
    for digit in digits where digit != UInt8(ascii: "=") {
      bits = bits << 6 | base64Value(digit)
      bitCount += 6
      guard bitCount >= 8 else { continue }
      bitCount -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
    }
    return bytes
  }
}

private func base64Value(_ digit: UInt8) -> UInt32 {
  switch digit {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): return UInt32(digit - UInt8(ascii: "A"))
  case UInt8(ascii: "a")...UInt8(ascii: "z"): return UInt32(digit - UInt8(ascii: "a")) + 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): return UInt32(digit - UInt8(ascii: "0")) + 52
  case UInt8(ascii: "+"): return 62
  case UInt8(ascii: "/"): return 63
  default: preconditionFailure("protogen wrote a descriptor that is not base64")
  }
}
