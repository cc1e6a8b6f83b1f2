// The fields of a protobuf message without its schema. This floor stands below generated code and
// has to look into the few messages that are part of gRPC itself.

import ProtoWire

/// A message as the list of its fields, in order.
package struct WireFields {
  private enum Value {
    case varint(UInt64)
    case bytes([UInt8])
  }

  private var fields: [(number: UInt32, value: Value)] = []

  /// Reads a message; nil when its bytes are none. Fields of fixed width are left out.
  package init?(_ bytes: [UInt8]) {
    let isWhole = bytes.withUnsafeBytes { raw in
      // SAFETY: the reader lives for this closure only, inside which the memory is valid.
      var reader = ProtoReader(raw)
      return (try? read(&reader)) != nil
    }
    guard isWhole else { return nil }
  }

  private mutating func read(_ reader: inout ProtoReader) throws(ProtoDecodingError) {
    while true {
      let tag = try reader.nextTag()
      switch (tag, tag & 7) {
      case (0, _): return
      case (_, 0): fields.append((tag >> 3, .varint(try reader.readVarint())))
      case (_, 2): fields.append((tag >> 3, .bytes(try reader.readBytes())))
      case (_, 1): _ = try reader.readFixed(UInt64.self)
      case (_, 5): _ = try reader.readFixed(UInt32.self)
      default: throw ProtoDecodingError(.invalidWireType, at: 0)
      }
    }
  }

  /// As many of a message's fields, in order and each whole, as fit into `limit` bytes; nothing of
  /// bytes that are no message.
  package static func fitting(_ bytes: [UInt8], limit: Int) -> [UInt8] {
    guard bytes.count > limit else { return bytes }
    return bytes.withUnsafeBytes { raw in
      // SAFETY: the reader lives for this closure only, inside which the memory is valid.
      var reader = ProtoReader(raw)
      return (try? fitting(&reader, limit)) ?? []
    }
  }

  private static func fitting(
    _ reader: inout ProtoReader, _ limit: Int
  ) throws(ProtoDecodingError) -> [UInt8] {
    var kept: [UInt8] = []
    while case let tag = try reader.nextTag(), tag != 0 {
      var field = UnknownFields()
      try reader.keepUnknown(tag, in: &field)
      if kept.count + field.bytes.count <= limit { kept += field.bytes }
    }
    return kept
  }

  /// The last value of a varint field; 0 when it is absent.
  package func varint(_ number: UInt32) -> UInt64 {
    for field in fields.reversed() where field.number == number {
      if case .varint(let value) = field.value { return value }
    }
    return 0
  }

  /// Every value of a length-delimited field: bytes, text or messages.
  package func bytes(_ number: UInt32) -> [[UInt8]] {
    fields.compactMap { field in
      if field.number == number, case .bytes(let value) = field.value { value } else { nil }
    }
  }
}
