// What generated code needs besides messages: the literals of descriptors.

import Bytes

/// Decodes the base64 literal that protogen makes of a descriptor; traps on anything else.
package func bytes(ofDescriptor literal: String) -> [UInt8] {
  guard let bytes = Base64.decode(literal.utf8) else {
    preconditionFailure("protogen wrote a descriptor that is not base64")
  }
  return bytes
}
