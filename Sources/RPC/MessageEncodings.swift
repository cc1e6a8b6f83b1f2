// What a request's headers say about compression: `grpc-encoding` and `grpc-accept-encoding`.

/// The message encodings of one call, of which gzip is the only one besides identity.
package struct MessageEncodings: Sendable, Equatable {
  /// The client's messages may be compressed.
  package private(set) var sendsGzip = false
  /// The client takes compressed messages.
  package private(set) var acceptsGzip = false

  package init() {}

  /// Reads `grpc-encoding`; false when it is not supported.
  package mutating func declare(_ encoding: String) -> Bool {
    if encoding == "gzip" { sendsGzip = true }
    return encoding == "gzip" || encoding == "identity"
  }

  /// Reads `grpc-accept-encoding`; what is not known is passed over.
  package mutating func accept(_ list: String) {
    let (space, semicolon) = (UInt8(ascii: " "), UInt8(ascii: ";"))
    for part in list.utf8.split(separator: UInt8(ascii: ",")) {
      let name = part.drop { $0 == space }.prefix { $0 != space && $0 != semicolon }
      if name.elementsEqual("gzip".utf8) { acceptsGzip = true }
    }
  }
}
