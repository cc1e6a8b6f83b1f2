// A list of header fields in one piece of memory. Knows no protocol: what names mean is decided above.

import Glibc

/// Header fields in order, pseudo-headers included.
package struct HeaderBlock: Sendable, Equatable {
  private struct Range: Sendable, Equatable {
    let start: UInt32
    let nameEnd: UInt32
    let valueEnd: UInt32
    var isOneOff = false
  }

  private var bytes: [UInt8] = []
  private var ranges: [Range] = []
  /// The size that header-list limits count: names, values and 32 per field (RFC 9113, 6.5.2).
  package var listByteCount: Int { bytes.count + 32 * ranges.count }

  package init() {}

  /// Builds a block from pairs.
  package init(_ pairs: [(String, String)]) {
    for (name, value) in pairs { append(name, value) }
  }

  /// An empty block with room for a usual request: growing step by step costs more than the room.
  package static func withRoom(byteCount: Int = 320, fieldCount: Int = 12) -> HeaderBlock {
    var block = HeaderBlock()
    block.bytes.reserveCapacity(byteCount)
    block.ranges.reserveCapacity(fieldCount)
    return block
  }

  /// Number of fields.
  package var count: Int { ranges.count }

  /// Appends a field.
  package mutating func append(_ name: String, _ value: String) {
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: name.utf8)
    let nameEnd = UInt32(bytes.count)
    bytes.append(contentsOf: value.utf8)
    ranges.append(Range(start: start, nameEnd: nameEnd, valueEnd: UInt32(bytes.count)))
  }

  /// Appends a field whose value no other block will have: remembering it for those to come would
  /// only make them forget what they repeat.
  package mutating func appendOneOff(_ name: String, _ value: String) {
    append(name, value)
    ranges[count - 1].isOneOff = true
  }

  /// The same for bytes, which are sent in base64 without padding.
  package mutating func appendOneOff(_ name: String, base64 value: [UInt8]) {
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: name.utf8)
    let nameEnd = UInt32(bytes.count)
    bytes.append(contentsOf: Base64.encode(value))
    ranges.append(
      Range(start: start, nameEnd: nameEnd, valueEnd: UInt32(bytes.count), isOneOff: true))
  }

  /// Whether no other block will have the value of the field at an index.
  package func isOneOff(_ index: Int) -> Bool { ranges[index].isOneOff }

  /// Appends a field given as bytes and returns the new `listByteCount`, which the owner bounds far
  /// below 4 GiB.
  package mutating func append(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
  ) -> Int {
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: name)
    let nameEnd = UInt32(bytes.count)
    bytes.append(contentsOf: value)
    ranges.append(Range(start: start, nameEnd: nameEnd, valueEnd: UInt32(bytes.count)))
    return listByteCount
  }

  /// Name of the field at an index.
  package func name(_ index: Int) -> String {
    withName(index) { String(decoding: $0, as: UTF8.self) }
  }

  /// Value of the field at an index.
  package func value(_ index: Int) -> String {
    withValue(index) { String(decoding: $0, as: UTF8.self) }
  }

  /// The first value of a name, or nil.
  package subscript(name: String) -> String? {
    for index in 0..<count where hasName(index, name) { return value(index) }
    return nil
  }

  /// Runs a body with a field's name. The pointer is valid inside only.
  package func withName<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let range = ranges[index]
    return bytes.withUnsafeBufferPointer {
      body(UnsafeBufferPointer(rebasing: $0[Int(range.start)..<Int(range.nameEnd)]))
    }
  }

  /// Runs a body with a field's value. The pointer is valid inside only.
  package func withValue<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let range = ranges[index]
    return bytes.withUnsafeBufferPointer {
      body(UnsafeBufferPointer(rebasing: $0[Int(range.nameEnd)..<Int(range.valueEnd)]))
    }
  }

  /// Runs a body with each field's index, name and value. The pointers are valid inside only.
  package func withFields(
    _ body: (Int, UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Void
  ) {
    bytes.withUnsafeBufferPointer { bytes in
      for (index, range) in ranges.enumerated() {
        let start = Int(range.start), nameEnd = Int(range.nameEnd), valueEnd = Int(range.valueEnd)
        body(
          index, UnsafeBufferPointer(rebasing: bytes[start..<nameEnd]),
          UnsafeBufferPointer(rebasing: bytes[nameEnd..<valueEnd]))
      }
    }
  }

  /// Bytes of a field's name.
  package func nameByteCount(_ index: Int) -> Int {
    Int(ranges[index].nameEnd - ranges[index].start)
  }

  /// Bytes of a field's value.
  package func valueByteCount(_ index: Int) -> Int {
    Int(ranges[index].valueEnd - ranges[index].nameEnd)
  }

  /// Whether the field at an index has this name.
  package func hasName(_ index: Int, _ name: StaticString) -> Bool {
    withName(index) { Self.equal($0, Self.bytes(of: name)) }
  }

  /// Whether the field at an index has this name.
  package func hasName(_ index: Int, _ name: String) -> Bool {
    var name = name
    return name.withUTF8 { wanted in withName(index) { Self.equal($0, wanted) } }
  }

  /// Whether the field at an index has this value.
  package func hasValue(_ index: Int, _ value: StaticString) -> Bool {
    withValue(index) { Self.equal($0, Self.bytes(of: value)) }
  }

  /// Whether the name of the field at an index begins so.
  package func nameBegins(_ index: Int, with prefix: StaticString) -> Bool {
    withName(index) { name in
      let prefix = Self.bytes(of: prefix)
      return name.count >= prefix.count
        && Self.equal(UnsafeBufferPointer(rebasing: name.prefix(prefix.count)), prefix)
    }
  }

  private static func bytes(of text: StaticString) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  private static func equal(
    _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    return memcmp(first, second, left.count) == 0
  }
}
