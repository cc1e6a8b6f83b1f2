// What travels in header fields: time-outs, texts, bytes in base64, encodings.

import Bytes
import RPC

enum MetadataFuzz {
  static func run(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    if let timeout = Timeout.parse(text) {
      precondition(timeout >= .zero)
      if timeout > .zero { precondition(Timeout.parse(Timeout.format(timeout)) != nil) }
    }
    let encoded = PercentEncoding.encode(text)
    precondition(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7e })
    if text.utf8.count < 500 { precondition(PercentEncoding.decode(encoded) == text) }
    _ = PercentEncoding.decode(text)
    base64(input)
    var encodings = MessageEncodings()
    _ = encodings.declare(text)
    encodings.accept(text)
    fields(input, text)
  }

  private static func base64(_ input: [UInt8]) {
    for isPadded in [false, true] {
      precondition(Base64.decode(Base64.encode(input, padded: isPadded).utf8) == input)
    }
    if let decoded = Base64.decode(input) {
      precondition(decoded.count <= input.count)
    }
  }

  /// A name up to the first zero byte, and a value.
  private static func fields(_ input: [UInt8], _ text: String) {
    let name = String(decoding: input.prefix { $0 != 0 }, as: UTF8.self)
    let value = String(decoding: input.drop { $0 != 0 }.dropFirst(), as: UTF8.self)
    var metadata = Metadata()
    if metadata.append(name, value) {
      precondition(metadata[name] == value)
    }
    metadata.append(name + "-bin", binary: input)
    var block = HeaderBlock()
    block.append(name, value)
    block.append("x-bin", text)
    block.append("grpc-timeout", text)
    let request = Metadata(ofRequest: block)
    precondition(request["grpc-timeout"] == nil, "reserved names are hidden")
    _ = request.binaryValues("x-bin")
    _ = request.fields
  }
}
