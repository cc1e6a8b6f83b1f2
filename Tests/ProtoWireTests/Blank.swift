// A message that knows no field: whatever it decodes, it keeps or refuses as unknown. And helpers.

import ProtoWire

/// `test.Blank`
struct Blank: ProtoMessage {
  static var protoName: String { "test.Blank" }
  var unknownFields = UnknownFields()

  func encodedByteCount() -> Int { unknownFields.encodedByteCount }
  func encode(into writer: inout ProtoWriter) { unknownFields.encode(into: &writer) }
  mutating func merge(from reader: inout ProtoReader) throws(ProtoDecodingError) {
    while true {
      let tag = try reader.nextTag()
      if tag == 0 { return }
      try reader.keepUnknown(tag, in: &unknownFields)
    }
  }
}

/// What `body` writes into `byteCount` bytes.
func written(_ byteCount: Int, _ body: (inout ProtoWriter) -> Void) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
    var writer = ProtoWriter(
      UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<byteCount]))
    body(&writer)
    writer.finish()
    count = byteCount
  }
}

/// What `body` reads from the bytes.
func reading<T>(
  _ bytes: [UInt8], limits: ProtoLimits = ProtoLimits(),
  _ body: (inout ProtoReader) throws(ProtoDecodingError) -> T
) throws(ProtoDecodingError) -> T {
  try bytes.span.bytes.withUnsafeBytes { memory throws(ProtoDecodingError) in
    var reader = ProtoReader(memory, limits: limits)
    return try body(&reader)
  }
}

/// The error that decoding the bytes as a `Blank` gives.
func refusal(_ bytes: [UInt8], limits: ProtoLimits = ProtoLimits()) -> ProtoDecodingError? {
  do throws(ProtoDecodingError) {
    _ = try Blank(protoBytes: bytes, limits: limits)
    return nil
  } catch {
    return error
  }
}
