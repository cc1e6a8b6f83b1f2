// What generated code needs besides messages: descriptor literals and the list of message types.

import Bytes

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
package func bytes(ofDescriptor literal: String) -> [UInt8] {
  guard let bytes = Base64.decode(literal.utf8) else {
    preconditionFailure("protogen wrote a descriptor that is not base64")
  }
  return bytes
}
